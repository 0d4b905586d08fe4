"""Tells the C library's allocator to keep what is freed: the next image needs it again."""

from __future__ import annotations

import ctypes
import platform
import sys

# Parameters of mallopt, from glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
LARGEST = 2**30  # bytes; a block up to here is taken from the heap instead of being mapped afresh
LARGEST_BEFORE_2_35 = 2**25  # the most that an older glibc accepts
KEPT = 2**29  # bytes that stay at the end of the heap
KEPT_IN_TRAINING = 2**31 - 1  # the most that mallopt takes


def keep_freed_memory(kept: int = KEPT) -> bool:
    """Large blocks that are freed stay with the process, up to `kept` bytes at the end of the heap. False,
    and nothing done, where there is no glibc.

    By default glibc maps every large tensor anew, and the kernel zeroes each page at the first touch:
    60,000 page faults on an image of 1280 x 720, which take a sixth of the time. Threads started after this
    share one heap, as a thread's own cannot hold large blocks, and each would keep its own; so call it early.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    taken = mallopt(M_MMAP_THRESHOLD, LARGEST) or mallopt(M_MMAP_THRESHOLD, LARGEST_BEFORE_2_35)
    return bool(taken and mallopt(M_TRIM_THRESHOLD, kept) and mallopt(M_ARENA_MAX, 1))
