"""Rotated RoIs: around words, their coordinates, and masks over them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spotter.ops.polygons import rasterise
from spotter.ops.rois import (
    boxes_to_rois,
    image_to_roi,
    is_vertical,
    mask_extreme_points,
    min_area_rois,
    resample_masks,
    roi_grid,
    rois_around,
    rotate_quarter_turns,
)
from tests.ops.roi_cases import BOXES


def test_roi_grid_and_image_to_roi_are_inverse():
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
def test_rotate_quarter_turns_by_hand(quarters):
    roi = torch.tensor([[50.0, 40, 30, 10, 0.3]])
    turned = rotate_quarter_turns(roi, torch.tensor([quarters]))[0]
    angle = (0.3 + quarters * math.pi / 2 + math.pi) % (2 * math.pi) - math.pi
    sides = [10.0, 30.0] if quarters % 2 else [30.0, 10.0]
    torch.testing.assert_close(turned, torch.tensor([50.0, 40, *sides, angle]))


@pytest.mark.parametrize(
    ("size", "ratio", "vertical"),
    [((10, 20), 2.0, False), ((10, 20.5), 2.0, True), ((10, 20.5), None, False), ((20, 10), 0.4, True)],
)
def test_is_vertical_by_hand(size, ratio, vertical):
    assert is_vertical(torch.tensor([[5.0, 7.0, *size, 0.6]]), ratio).tolist() == [vertical]
    assert is_vertical(torch.zeros(0, 5), ratio).tolist() == []


def rotated_rectangle(
    degrees: float, width: float, height: float
) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
    """Corners (4, 2), box (1, 4) and mask (1, 28, 28) of a rectangle about (200, 150)."""
    angle = math.radians(degrees)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    corners = corners @ rotation + [200, 150]
    box = np.concatenate([corners.min(0), corners.max(0)])
    mask = torch.from_numpy(rasterise(corners, box, 28)).bool()
    return corners, torch.from_numpy(box).float()[None], mask[None]


@pytest.mark.parametrize("degrees", [25, 40, -25, 50, 65, -70, 115])
def test_min_area_rois_follow_the_word(degrees):
    """The angle is at most 45 degrees: a steeper word needs a quarter turn too."""
    corners, box, mask = rotated_rectangle(degrees, 120, 30)
    roi = min_area_rois(box, mask, 0.6)
    assert abs(math.degrees(roi[0, 4])) <= 45
    quarters = torch.round((torch.tensor([degrees]) - torch.rad2deg(roi[:, 4])) / 90).long()
    along = rotate_quarter_turns(roi, quarters)[0]
    torch.testing.assert_close(along[:4], torch.tensor([200.0, 150, 120, 30]), atol=4, rtol=0)
    assert math.degrees(along[4]) == pytest.approx(degrees, abs=2)
    over = image_to_roi(torch.from_numpy(corners).float()[None], along[None])
    torch.testing.assert_close(over[0], torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]]), atol=0.06, rtol=0)


def test_a_small_gain_of_area_keeps_the_box():
    rows = [
        rotated_rectangle(0, 120, 30),
        rotated_rectangle(4, 120, 30),
        rotated_rectangle(15, 40, 35),
        rotated_rectangle(30, 120, 30),
    ]
    boxes, masks = (torch.cat([row[i] for row in rows]) for i in (1, 2))
    found = min_area_rois(boxes, masks, 0.6)
    assert (found[:, 4] != 0).tolist() == [False, False, False, True]
    assert found[:3].equal(boxes_to_rois(boxes)[:3])
    assert min_area_rois(boxes, masks, None).equal(boxes_to_rois(boxes))
    assert (min_area_rois(boxes, masks, 0.9)[:, 4] != 0).tolist() == [False, True, True, True]


def test_empty_masks_and_boxes_that_are_not_finite_stay_axis_aligned():
    _, box, mask = rotated_rectangle(30, 120, 30)
    assert min_area_rois(box, torch.zeros_like(mask), 0.6).equal(boxes_to_rois(box))
    assert min_area_rois(torch.full_like(box, torch.nan), mask, 0.6).isnan()[:, :4].all()
    assert min_area_rois(box[:0], mask[:0], 0.6).shape == (0, 5)


def test_a_second_piece_of_the_mask_is_inside_the_roi():
    """It is so far away that no rotated rectangle is small enough any more."""
    _, box, mask = rotated_rectangle(30, 120, 30)
    mask[0, 1:3, 25:27] = True
    assert min_area_rois(box, mask, 0.6).equal(boxes_to_rois(box))


def test_mask_extreme_points_by_hand():
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[0, 1, 1:] = masks[0, 2, 2] = True
    found = mask_extreme_points(masks)
    assert found[0, [1, 2, 5, 6]].tolist() == [[1.5, 1.5], [2.5, 2.5], [3.5, 1.5], [2.5, 2.5]]
    assert found[0, [0, 3, 4, 7]].tolist() == [[2.5, 2.0]] * 4
    assert len(found[1].unique(dim=0)) == 1
    assert mask_extreme_points(masks[:0]).shape == (0, 8, 2)


@pytest.mark.parametrize("size", [(16, 32), (28, 28), (8, 16)])
def test_a_mask_over_its_own_box_is_resized(size):
    masks = torch.rand(len(BOXES), 28, 28) > 0.5
    boxes = BOXES[[0, 1, 2, 9]]
    expected = F.interpolate(masks[:4, None].float(), size, mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(
        resample_masks(boxes_to_rois(boxes), boxes, masks[:4], size), expected, atol=2e-3, rtol=0
    )


def test_the_mask_of_a_tilted_word_fills_its_roi():
    _, box, mask = rotated_rectangle(30, 120, 30)
    roi = min_area_rois(box, mask, 0.6)
    assert resample_masks(roi, box, mask, (16, 32)).mean() > 0.85
    assert resample_masks(boxes_to_rois(box), box, mask, (16, 32)).mean() < 0.45
    assert resample_masks(roi + torch.tensor([300.0, 0, 0, 0, 0]), box, mask, (16, 32)).max() == 0


@pytest.mark.parametrize("degrees", [0, 30, -100])
def test_rois_around_contain_all_points(degrees):
    points = torch.tensor([[[10.0, 20], [50, 20], [50, 30], [10, 30]]])
    (roi,) = rois_around(points, torch.deg2rad(torch.tensor([float(degrees)])))[0]
    torch.testing.assert_close(roi[[0, 1, 4]], torch.tensor([30.0, 25, math.radians(degrees)]))
    place = image_to_roi(points, roi[None])[0]
    extremes = torch.stack([place.amin(0), place.amax(0)])
    torch.testing.assert_close(extremes, torch.tensor([[0.0, 0], [1, 1]]), atol=1e-5, rtol=0)


def test_rois_around_of_no_angle_are_the_bounding_box():
    points = torch.tensor([[[10.0, 20], [50, 22], [30, 30]]])
    assert rois_around(points, torch.zeros(1)).tolist() == [[[30, 25, 40, 10, 0]]]
