"""RoIs of any angle: level ones are torchvision's, turned ones see what a turned picture shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spotter.ops.polygons import rasterise
from spotter.ops.roi_align import BACKENDS, set_roi_align_backend
from spotter.ops.rois import (
    roi_grid,
    is_vertical,
    resample_masks,
    mask_extreme_points,
    rotate_quarter_turns,
    boxes_to_rois,
    rotated_roi_align,
    min_area_rois,
    image_to_roi,
)
from tests.ops.test_roi_align import BOXES, CASES, IMAGE, SIZES, gradient_of, pyramid, torchvisions

ONE = torch.zeros(1, dtype=torch.long)


@pytest.fixture(autouse=True)
def backend():
    yield
    set_roi_align_backend("auto")


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_level_rois_are_torchvisions(size, samples):
    levels, seed = pyramid(), torch.randn(len(BOXES), 3, *size)
    ours = rotated_roi_align(levels, boxes_to_rois(BOXES), IMAGE, size, samples)
    theirs = torchvisions(levels, size, samples)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    gradients = [torch.autograd.grad(each, levels, seed, allow_unused=True) for each in (ours, theirs)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, torch.zeros_like(a) if b is None else b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("quarters", [1, 2, 3])
@torch.no_grad()
def test_a_quarter_turn_is_that_of_the_whole_pyramid(samples, quarters):
    levels, rois = pyramid(256, 256), boxes_to_rois(BOXES)
    cut = rotated_roi_align(
        levels, rotate_quarter_turns(rois, torch.full((len(BOXES),), quarters)), IMAGE, (4, 8), samples
    )
    x1, y1, x2, y2 = BOXES.unbind(1)
    lying = {
        1: (y1, 256 - x2, y2, 256 - x1),
        2: (256 - x2, 256 - y2, 256 - x1, 256 - y1),
        3: (256 - y2, x1, 256 - y1, x2),
    }[quarters]
    around = [cells.rot90(quarters, (2, 3)) for cells in levels]
    expected = rotated_roi_align(around, boxes_to_rois(torch.stack(lying, 1)), IMAGE, (4, 8), samples)
    torch.testing.assert_close(cut, expected, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(cut, rotated_roi_align(levels, rois, IMAGE, (4, 8), samples), atol=0.1)


@pytest.mark.parametrize("degrees", [0, 17, 90, -62, 171])
@torch.no_grad()
def test_a_ramp_is_read_along_the_word(degrees):
    """Levels that hold x and y at each cell's centre: what an RoI sees says where it looks, on its level."""
    angle = math.radians(degrees)
    levels = []
    for stride in (4, 8, 16, 32):
        at = (torch.arange(320 // stride) + 0.5) * stride
        y, x = torch.meshgrid(at, at, indexing="ij")
        levels.append(torch.stack([x, y, torch.full_like(x, stride)])[None])
    roi = torch.tensor([[150.0, 160.0, 130.0, 100.0, angle]])
    out = rotated_roi_align(levels, roi, ONE, (2, 4), 2)[0]
    torch.testing.assert_close(
        out[2], torch.full((2, 4), 8.0)
    )  # 114 pixels a side: P3, however large the box around it
    along, across = torch.arange(-1.5, 2) / 4 * 130, torch.tensor([[-0.25], [0.25]]) * 100
    x = 150 + along * math.cos(angle) - across * math.sin(angle)
    y = 160 + along * math.sin(angle) + across * math.cos(angle)
    torch.testing.assert_close(out[:2], torch.stack([x, y]), atol=1e-2, rtol=0)


def test_points_go_over_the_roi_and_back():
    rois = torch.tensor([[50.0, 40, 30, 10, 0.7], [10.0, 20, 8, 40, -2.0]])
    grid = roi_grid(rois, 2, 3)
    assert grid.shape == (2, 2, 3, 2)
    back = image_to_roi(grid.flatten(1, 2), rois).unflatten(1, (2, 3))
    expected = torch.tensor([[[1 / 6, 0.25], [0.5, 0.25], [5 / 6, 0.25]]])
    torch.testing.assert_close(back[:, 0], expected.expand(2, 3, 2))
    torch.testing.assert_close(back[:, 1], (expected + torch.tensor([0, 0.5])).expand(2, 3, 2))
    assert image_to_roi(torch.full((2, 1, 2), torch.nan), rois).isnan().all()
    assert image_to_roi(torch.zeros(0, 4, 2), rois[:0]).shape == (0, 4, 2)


@pytest.mark.parametrize("quarters", range(-1, 5))
def test_quarter_turns_by_hand(quarters):
    roi = torch.tensor([[50.0, 40, 30, 10, 0.3]])
    turned = rotate_quarter_turns(roi, torch.tensor([quarters]))[0]
    angle = (0.3 + quarters * math.pi / 2 + math.pi) % (2 * math.pi) - math.pi
    sides = [10.0, 30.0] if quarters % 2 else [30.0, 10.0]
    torch.testing.assert_close(turned, torch.tensor([50.0, 40, *sides, angle]))


@pytest.mark.parametrize(
    ("size", "times", "tall"),
    [((10, 20), 2.0, False), ((10, 20.5), 2.0, True), ((10, 20.5), None, False), ((20, 10), 0.4, True)],
)
def test_tall_by_hand(size, times, tall):
    assert is_vertical(torch.tensor([[5.0, 7.0, *size, 0.6]]), times).tolist() == [tall]
    assert is_vertical(torch.zeros(0, 5), times).tolist() == []


def tilted(degrees: float, width: float, height: float) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
    """Corners (4, 2), box (1, 4) and mask (1, 28, 28) of a rectangle about (200, 150)."""
    angle = math.radians(degrees)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    corners = corners @ rotation + [200, 150]
    box = np.concatenate([corners.min(0), corners.max(0)])
    mask = torch.from_numpy(rasterise(corners, box, 28)).bool()
    return corners, torch.from_numpy(box).float()[None], mask[None]


@pytest.mark.parametrize("degrees", [25, 40, -25, 50, 65, -70, 115])
def test_the_roi_lies_along_a_tilted_word(degrees):
    """Its angle is at most 45 degrees: that of a steeper word is found with a quarter turn."""
    corners, box, mask = tilted(degrees, 120, 30)
    roi = min_area_rois(box, mask, 0.6)
    assert abs(math.degrees(roi[0, 4])) <= 45
    quarters = torch.round((torch.tensor([degrees]) - torch.rad2deg(roi[:, 4])) / 90).long()
    along = rotate_quarter_turns(roi, quarters)[0]
    torch.testing.assert_close(along[:4], torch.tensor([200.0, 150, 120, 30]), atol=4, rtol=0)
    assert math.degrees(along[4]) == pytest.approx(degrees, abs=2)
    over = image_to_roi(torch.from_numpy(corners).float()[None], along[None])
    torch.testing.assert_close(over[0], torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]]), atol=0.06, rtol=0)


def test_where_a_tilt_gains_little_the_roi_is_the_box():
    rows = [tilted(0, 120, 30), tilted(4, 120, 30), tilted(15, 40, 35), tilted(30, 120, 30)]
    boxes, masks = (torch.cat([row[i] for row in rows]) for i in (1, 2))
    found = min_area_rois(boxes, masks, 0.6)
    assert (found[:, 4] != 0).tolist() == [False, False, False, True]
    assert found[:3].equal(boxes_to_rois(boxes)[:3])
    assert min_area_rois(boxes, masks, None).equal(boxes_to_rois(boxes))
    assert (min_area_rois(boxes, masks, 0.9)[:, 4] != 0).tolist() == [False, True, True, True]


def test_an_empty_mask_and_a_box_that_is_not_finite_have_no_tilt():
    _, box, mask = tilted(30, 120, 30)
    assert min_area_rois(box, torch.zeros_like(mask), 0.6).equal(boxes_to_rois(box))
    assert min_area_rois(torch.full_like(box, torch.nan), mask, 0.6).isnan()[:, :4].all()
    assert min_area_rois(box[:0], mask[:0], 0.6).shape == (0, 5)


def test_what_is_cut_out_holds_a_speck_beside_the_word():
    """A second piece of maskK far off: no tilt is worth it any more."""
    _, box, mask = tilted(30, 120, 30)
    mask[0, 1:3, 25:27] = True
    assert min_area_rois(box, mask, 0.6).equal(boxes_to_rois(box))


def test_the_outer_cells_of_a_mask():
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[0, 1, 1:] = masks[0, 2, 2] = True
    found = mask_extreme_points(masks)
    assert found[0, [1, 2, 5, 6]].tolist() == [[1.5, 1.5], [2.5, 2.5], [3.5, 1.5], [2.5, 2.5]]
    assert found[0, [0, 3, 4, 7]].tolist() == [[2.5, 2.0]] * 4
    assert len(found[1].unique(dim=0)) == 1
    assert mask_extreme_points(masks[:0]).shape == (0, 8, 2)


@pytest.mark.parametrize("size", [(16, 32), (28, 28), (8, 16)])
def test_a_mask_over_its_own_box_is_only_resized(size):
    masks = torch.rand(len(BOXES), 28, 28) > 0.5
    boxes = BOXES[[0, 1, 2, 9]]
    expected = F.interpolate(masks[:4, None].float(), size, mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(
        resample_masks(boxes_to_rois(boxes), boxes, masks[:4], size), expected, atol=2e-3, rtol=0
    )


def test_a_tilted_words_mask_fills_its_roi():
    _, box, mask = tilted(30, 120, 30)
    roi = min_area_rois(box, mask, 0.6)
    assert resample_masks(roi, box, mask, (16, 32)).mean() > 0.85
    assert resample_masks(boxes_to_rois(box), box, mask, (16, 32)).mean() < 0.45
    assert resample_masks(roi + torch.tensor([300.0, 0, 0, 0, 0]), box, mask, (16, 32)).max() == 0


@pytest.mark.parametrize("gradient", [True, False])
def test_no_rois(gradient):
    levels = [level if gradient else level.detach() for level in pyramid()]
    assert rotated_roi_align(levels, torch.zeros(0, 5), ONE[:0], (4, 8), 1).shape == (0, 3, 4, 8)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_rois_that_are_not_finite_do_not_stop_training(bad):
    rois = boxes_to_rois(BOXES[:3])
    rois[0] = bad
    rois[1, 2] = torch.inf
    out = rotated_roi_align(pyramid(), rois, IMAGE[:3], (7, 7))
    assert out.shape == (3, 3, 7, 7)
    assert out[2].isfinite().all()


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("size", "samples"), [((7, 7), 1), ((4, 8), 2)])
@pytest.mark.parametrize("case", CASES)
def test_all_backends_agree(case, size, samples, name):
    """torchvision has no kernel for rotated RoIs; another backend takes its place."""
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
