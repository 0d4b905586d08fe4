"""Parts of the model on a pretended GPU, and on a real one if there is one; and the pretended GPU itself."""

from __future__ import annotations

import copy

import pytest
import torch

from spotter.ops.device import constant, to_device, to_host
from spotter.ops.roi_align import BACKENDS, pyramid_roi_align, rotated_roi_align, set_roi_align_backend
from spotter.ops.rois import boxes_to_rois
from tests.ops.roi_cases import BOXES, IMAGE, pyramid
from tests.pretend_gpu import DEVICE, DeviceError, PretendGPU, pretend, values_of


@pytest.fixture(autouse=True)
def backend():
    yield
    set_roi_align_backend("auto")


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


def test_constants_are_copied_once():
    with PretendGPU() as gpu:
        with torch.inference_mode():
            first = constant((1.0, 2.0), DEVICE)
        assert constant((1.0, 2.0), DEVICE) is first
        assert len(gpu.synchronisations) == 1
        x = torch.ones(2, device=DEVICE, requires_grad=True)
        (x * first).sum().backward()  # made while reading, it serves training
        assert values_of(x.grad).tolist() == [1, 2]


def test_copies():
    with PretendGPU() as gpu:
        x = to_device(torch.arange(3), DEVICE)
        assert (gpu.copies, gpu.synchronisations) == (1, [])
        assert to_host(x).tolist() == [0, 1, 2]
        assert len(gpu.synchronisations) == 1


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("rotated", [False, True])
def test_roi_align_waits_for_nothing(name, rotated):
    set_roi_align_backend(name)
    boxes, align = (boxes_to_rois(BOXES), rotated_roi_align) if rotated else (BOXES, pyramid_roi_align)
    levels = pyramid()
    out = align(levels, boxes, IMAGE, (7, 7), 2)
    expected = torch.autograd.grad(out.square().sum(), levels)
    with PretendGPU() as gpu:
        theirs = [pretend(level).requires_grad_() for level in levels]
        boxes, image = pretend(boxes), pretend(IMAGE)
        align(theirs, boxes, image, (7, 7), 2)  # copies constants
        gpu.synchronisations.clear()
        again = align(theirs, boxes, image, (7, 7), 2)
        gradients = torch.autograd.grad(again.square().sum(), theirs)
        assert gpu.synchronisations == []
    torch.testing.assert_close(values_of(again), out.detach())
    for a, b in zip(gradients, expected, strict=True):
        torch.testing.assert_close(values_of(a), b, atol=1e-4, rtol=1e-4)


def test_the_tiny_spotter_reads_on_any_device(tiny_model, photographs):
    images = [torch.from_numpy(image).permute(2, 0, 1)[:, :96, :128].float() for image in photographs[:2]]
    with torch.inference_mode():
        expected = tiny_model(images, 0.0)
    with PretendGPU(), torch.no_grad():
        found = copy.deepcopy(tiny_model).to(DEVICE)([pretend(image) for image in images], 0.0)
    assert len(expected.regions.boxes)
    torch.testing.assert_close(values_of(found.regions.boxes), expected.regions.boxes, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(
        values_of(found.reading.probabilities), expected.reading.probabilities, atol=1e-3, rtol=1e-3
    )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("rotated", [False, True])
def test_roi_align_on_a_gpu(name, rotated):
    set_roi_align_backend(name)
    boxes, align = (boxes_to_rois(BOXES), rotated_roi_align) if rotated else (BOXES, pyramid_roi_align)
    levels = pyramid()
    out = align(levels, boxes, IMAGE, (7, 7), 2)
    expected = torch.autograd.grad(out.square().sum(), levels)
    theirs = [level.detach().cuda().requires_grad_() for level in levels]
    found = align(theirs, boxes.cuda(), IMAGE.cuda(), (7, 7), 2)
    gradients = torch.autograd.grad(found.square().sum(), theirs)
    torch.testing.assert_close(found.cpu(), out, atol=1e-4, rtol=1e-4)
    for a, b in zip(gradients, expected, strict=True):
        torch.testing.assert_close(a.cpu(), b, atol=1e-3, rtol=1e-3)
