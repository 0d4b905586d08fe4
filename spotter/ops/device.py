"""Constants on any device, copies between host and GPU, and what is computed differently on a GPU.

A GPU works asynchronously: synchronisations, for which the host waits, and many small kernels slow a training
step down there. On the CPU, small parts that fit its cache are the fastest.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


def prefers_large_kernels(device: torch.device) -> bool:
    """Whether few large kernels are faster than many small ones: on every device but the CPU."""
    return device.type != "cpu"


@lru_cache(maxsize=256)
def constant(values: tuple, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """A tensor of (nested) tuples of numbers that is copied to the device once. It must not be changed."""
    with torch.inference_mode(False):  # it may serve training later
        return torch.tensor(values, dtype=dtype).to(device)


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copies a tensor of the host without waiting for a GPU."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def to_host(tensor: Tensor) -> Tensor:
    """Copies a tensor to the CPU: one synchronisation. From a GPU by way of pinned memory (faster)."""
    if tensor.device.type != "cuda":
        return tensor.cpu()
    copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    copy.copy_(tensor, non_blocking=True)
    torch.cuda.current_stream(tensor.device).synchronize()
    return copy
