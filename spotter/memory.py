"""Makes the C library's allocator keep freed memory, which the next image needs again."""

from __future__ import annotations

import ctypes
import platform
import sys

# Parameters of mallopt, from glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
MAX_HEAP_BLOCK = 2**30  # bytes; larger blocks are mapped again each time
MAX_HEAP_BLOCK_BEFORE_2_35 = 2**25  # the maximum that an older glibc accepts
RETAINED = 2**29  # bytes of free memory at the end of the heap
RETAINED_IN_TRAINING = 2**31 - 1  # the maximum of mallopt


def retain_freed_memory(size: int = RETAINED) -> bool:
    """Keeps up to `size` bytes of freed memory in the process. Returns False, without effect, without glibc.

    By default glibc maps new memory for every large tensor, and the kernel zeroes each page at the first
    access: 60,000 page faults for an image of 1280 x 720, a sixth of the time. Call it before threads start:
    later ones share one heap, since a thread's own heap cannot hold large blocks.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    accepted = mallopt(M_MMAP_THRESHOLD, MAX_HEAP_BLOCK) or mallopt(
        M_MMAP_THRESHOLD, MAX_HEAP_BLOCK_BEFORE_2_35
    )
    return bool(accepted and mallopt(M_TRIM_THRESHOLD, size) and mallopt(M_ARENA_MAX, 1))


def release_freed_memory() -> None:
    """Gives freed memory back to the system, all of what `retain_freed_memory` has kept; else nothing."""
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
