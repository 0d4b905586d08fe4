"""Constants and copies on a pretended GPU."""

from __future__ import annotations

import pytest
import torch

from spotter.ops.device import constant, prefers_large_kernels, to_device, to_host
from tests.pretend_gpu import DEVICE, PretendGPU, values_of


def test_constants_are_copied_once():
    with PretendGPU() as gpu:
        with torch.inference_mode():
            first = constant((1.0, 2.0), DEVICE)
        assert constant((1.0, 2.0), DEVICE) is first
        assert len(gpu.synchronisations) == 1
        x = torch.ones(2, device=DEVICE, requires_grad=True)
        (x * first).sum().backward()  # created in inference mode, used in training
        assert values_of(x.grad).tolist() == [1, 2]


def test_copies_to_a_device_do_not_synchronise():
    with PretendGPU() as gpu:
        x = to_device(torch.arange(3), DEVICE)
        assert (gpu.copies, gpu.synchronisations) == (1, [])
        assert to_host(x).tolist() == [0, 1, 2]
        assert len(gpu.synchronisations) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_expanded_tensors_are_copied_to_a_gpu():
    """They cannot be pinned as they are."""
    assert to_device(torch.ones(1, 2).expand(3, 2), torch.device("cuda")).tolist() == [[1, 1]] * 3


def test_only_the_cpu_prefers_small_kernels():
    assert prefers_large_kernels(torch.device("cuda"))
    assert not prefers_large_kernels(torch.device("cpu"))
