"""RoIAlign on a pretended GPU, and on a real one if there is one."""

from __future__ import annotations

import pytest
import torch

from spotter.ops.roi_align import BACKENDS, pyramid_roi_align, rotated_roi_align, set_roi_align_backend
from spotter.ops.rois import boxes_to_rois
from tests.ops.roi_cases import BOXES, IMAGE, pyramid
from tests.pretend_gpu import PretendGPU, pretend, values_of


@pytest.fixture(autouse=True)
def restore_backend():
    yield
    set_roi_align_backend("auto")


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("rotated", [False, True])
def test_roi_align_does_not_synchronise(name, rotated):
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
