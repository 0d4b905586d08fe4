"""One training process or several, started with `torchrun`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist


@contextmanager
def process_group(device: str) -> Iterator[str]:
    """Joins the processes that `torchrun` started, through NCCL on GPUs and gloo on CPUs. Yields the device
    of this process, which is unchanged if there is only one.
    """
    if not dist.is_torchelastic_launched():
        yield device
        return
    gpu = device.startswith("cuda")
    if gpu:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if gpu else "gloo")
    try:
        yield device
    finally:
        dist.destroy_process_group()


def get_rank() -> int:
    """The number of this process, 0 if it is the only one."""
    return dist.get_rank() if dist.is_initialized() else 0


def get_world_size() -> int:
    """The number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def maximum_over_processes(values: Sequence[float], device: torch.device) -> list[float]:
    """The maximum of each value over all processes, in float32; unchanged if there is only one process."""
    if get_world_size() == 1:
        return list(values)
    maximum = torch.tensor(values, dtype=torch.float32, device=device)
    dist.all_reduce(maximum, dist.ReduceOp.MAX)
    return maximum.tolist()
