"""Constants and copies for any device.

A GPU works asynchronously: synchronisations, for which the host waits, and many small kernels slow it down.
On a CPU, small tensors that fit its cache are fastest.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


def prefers_large_kernels(device: torch.device) -> bool:
    """Whether few large kernels are faster than many small ones: on every device but the CPU."""
    return device.type != "cpu"


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the hardware computes bfloat16: AVX512-BF16 or AMX on a CPU, any current GPU."""
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


@lru_cache(maxsize=256)
def constant(values: tuple, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """A tensor of (nested) tuples of numbers, copied to the device once. Do not modify it."""
    with torch.inference_mode(False):  # training may use it later
        return torch.tensor(values, dtype=dtype).to(device)


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copies a host tensor to a device without waiting for a GPU."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        tensor = tensor.contiguous().pin_memory()  # expanded tensors cannot be pinned
    return tensor.to(device, non_blocking=True)


def to_host(tensor: Tensor) -> Tensor:
    """Copies a tensor to the CPU: one synchronisation; from a GPU through pinned memory, which is faster."""
    if tensor.device.type != "cuda":
        return tensor.cpu()
    copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    copy.copy_(tensor, non_blocking=True)
    torch.cuda.current_stream(tensor.device).synchronize()
    return copy
