"""Rotated RoIAlign: of axis-aligned RoIs against torchvision, of others against rotated pyramids."""

from __future__ import annotations

import math

import pytest
import torch

from spotter.ops.roi_align import BACKENDS, rotated_roi_align, set_roi_align_backend
from spotter.ops.rois import boxes_to_rois, rotate_quarter_turns
from tests.ops.roi_cases import BOXES, CASES, IMAGE, SIZES, gradient_of, pyramid, torchvision_features


@pytest.fixture(autouse=True)
def restore_backend():
    yield
    set_roi_align_backend("auto")


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_axis_aligned_rois_equal_torchvision(size, samples):
    levels, seed = pyramid(), torch.randn(len(BOXES), 3, *size)
    ours = rotated_roi_align(levels, boxes_to_rois(BOXES), IMAGE, size, samples)
    theirs = torchvision_features(levels, size, samples)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    gradients = [torch.autograd.grad(each, levels, seed, allow_unused=True) for each in (ours, theirs)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, torch.zeros_like(a) if b is None else b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("quarters", [1, 2, 3])
@torch.no_grad()
def test_a_quarter_turn_equals_one_of_the_whole_pyramid(samples, quarters):
    levels, rois = pyramid(256, 256), boxes_to_rois(BOXES)
    out = rotated_roi_align(
        levels, rotate_quarter_turns(rois, torch.full((len(BOXES),), quarters)), IMAGE, (4, 8), samples
    )
    x1, y1, x2, y2 = BOXES.unbind(1)
    boxes = {
        1: (y1, 256 - x2, y2, 256 - x1),
        2: (256 - x2, 256 - y2, 256 - x1, 256 - y1),
        3: (256 - y2, x1, 256 - y1, x2),
    }[quarters]
    rotated = [cells.rot90(quarters, (2, 3)) for cells in levels]
    expected = rotated_roi_align(rotated, boxes_to_rois(torch.stack(boxes, 1)), IMAGE, (4, 8), samples)
    torch.testing.assert_close(out, expected, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(out, rotated_roi_align(levels, rois, IMAGE, (4, 8), samples), atol=0.1)


@pytest.mark.parametrize("degrees", [0, 17, 90, -62, 171])
@torch.no_grad()
def test_a_ramp_is_sampled_along_the_word(degrees):
    """The cells hold their x, y and stride: the output tells where, and on which level, an RoI is sampled."""
    angle = math.radians(degrees)
    levels = []
    for stride in (4, 8, 16, 32):
        at = (torch.arange(320 // stride) + 0.5) * stride
        y, x = torch.meshgrid(at, at, indexing="ij")
        levels.append(torch.stack([x, y, torch.full_like(x, stride)])[None])
    roi = torch.tensor([[150.0, 160.0, 130.0, 100.0, angle]])
    out = rotated_roi_align(levels, roi, torch.zeros(1, dtype=torch.long), (2, 4), 2)[0]
    # sqrt(130 * 100) = 114 pixels: P3, however large the box around it
    torch.testing.assert_close(out[2], torch.full((2, 4), 8.0))
    along, across = torch.arange(-1.5, 2) / 4 * 130, torch.tensor([[-0.25], [0.25]]) * 100
    x = 150 + along * math.cos(angle) - across * math.sin(angle)
    y = 160 + along * math.sin(angle) + across * math.cos(angle)
    torch.testing.assert_close(out[:2], torch.stack([x, y]), atol=1e-2, rtol=0)


@pytest.mark.parametrize("gradient", [True, False])
def test_no_rois(gradient):
    levels = [level if gradient else level.detach() for level in pyramid()]
    assert rotated_roi_align(
        levels, torch.zeros(0, 5), torch.zeros(0, dtype=torch.long), (4, 8), 1
    ).shape == (0, 3, 4, 8)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_rois_that_are_not_finite_raise_nothing(bad):
    rois = boxes_to_rois(BOXES[:3])
    rois[0] = bad
    rois[1, 2] = torch.inf
    out = rotated_roi_align(pyramid(), rois, IMAGE[:3], (7, 7))
    assert out.shape == (3, 3, 7, 7)
    assert out[2].isfinite().all()


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("size", "samples"), [((7, 7), 1), ((4, 8), 2)])
@pytest.mark.parametrize("case", CASES)
def test_backends_agree(case, size, samples, name):
    """torchvision has no kernel for rotated RoIs; "embedding_bag" replaces it."""
    rois, levels = boxes_to_rois(CASES[case]), pyramid()
    rois[:, 4] = torch.linspace(-3, 3, len(rois))
    image = torch.arange(len(rois)) % 2
    expected = rotated_roi_align(levels, rois, image, size, samples)
    set_roi_align_backend(name)
    found = rotated_roi_align(levels, rois, image, size, samples)
    assert found.shape == (len(rois), 3, *size)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    for a, b in zip(gradient_of(found, levels), gradient_of(expected, levels), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
