"""The pretended GPU of the tests refuses, counts and computes like a real one."""

from __future__ import annotations

import pytest
import torch

from tests.pretend_gpu import DEVICE, DeviceError, PretendGPU, values_of


def test_mixed_devices_are_refused():
    with PretendGPU() as gpu:
        x = torch.ones(3, device=DEVICE)
        assert values_of(x + torch.tensor(2.0)).tolist() == [3, 3, 3]  # a scalar of the CPU may take part
        with pytest.raises(DeviceError, match="add of tensors on the device and the CPU"):
            x + torch.ones(3)
        assert len(gpu.faults) == 1
        assert not gpu.synchronisations


@pytest.mark.parametrize(
    ("waits", "name"),
    [
        (lambda x: x.sum().item(), "_local_scalar_dense"),
        (lambda x: bool((x > 0).any()), "_local_scalar_dense"),
        (lambda x: float(x[0]), "_local_scalar_dense"),
        (lambda x: x.nonzero(), "nonzero"),
        (lambda x: x[x > 1], "index with a mask"),
        (lambda x: x[torch.tensor([0, 1])], "index with an index on the host"),
        (lambda x: x.cpu(), "copy to the host"),
        (lambda x: x.tolist(), "copy to the host"),
        (lambda x: torch.ones(3).to(DEVICE), "copy to the device"),
        (lambda x: torch.tensor([1.0, 2.0], device=DEVICE), "list to the device"),
        (lambda x: x.new_tensor([1.0, 2.0]), "list to the device"),
    ],
)
def test_synchronisations_are_counted(waits, name):
    with PretendGPU() as gpu:
        x = torch.arange(3, device=DEVICE)
        waits(x)
    assert len(gpu.synchronisations) == 1
    assert gpu.synchronisations[0].startswith(name)


def test_operations_are_counted_in_forward_and_backward():
    with PretendGPU() as gpu:
        x = torch.ones(2, 3, device=DEVICE, requires_grad=True)
        y = (x.T @ x).exp()
        assert (gpu.launches["mm"], gpu.launches["exp"]) == (1, 1)  # a transposed tensor is a view
        y.sum().backward()
        assert (gpu.launches["mm"], gpu.launches["mul"]) == (3, 1)
    assert values_of(x.grad).shape == (2, 3)


def test_views_and_writing_in_place():
    with PretendGPU():
        x = torch.zeros(2, 3, device=DEVICE)
        x[1] = 5
        x[:, :1].add_(1)
        assert x.cpu().tolist() == [[1, 0, 0], [6, 5, 5]]
