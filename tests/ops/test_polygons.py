"""Areas of polygons, their masks inside a box, and the overlap of masks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.model.mask_fitting import word_shapes
from spotter.ops.polygons import mask_iou, rasterise, signed_area


def test_signed_area_by_hand():
    clockwise = [[0, 0], [4, 0], [4, 3], [0, 3]]  # on the screen: y points down
    assert signed_area(clockwise) == 12
    assert signed_area(clockwise[::-1]) == -12
    assert signed_area(np.array([clockwise, clockwise[::-1]])).tolist() == [12, -12]
    assert signed_area([[0, 0], [5, 5], [9, 9]]) == 0


def test_mask_iou_by_hand():
    masks = np.array([[[1, 1], [0, 0]], [[1, 0], [0, 0]], [[0, 0], [0, 0]]])
    assert mask_iou(masks, masks[0]).tolist() == [1, 0.5, 0]
    assert mask_iou(masks[2], masks[2]) == 1
    assert mask_iou(masks[:0], masks[0]).shape == (0,)


def box_of(polygon):
    return np.concatenate([polygon.min(0), polygon.max(0)])


def test_rasterise_by_hand():
    triangle = np.array([[10, 20], [18, 20], [10, 24]], np.float32)  # upper left half of its box
    mask = rasterise(triangle, np.array([10, 20, 18, 24], np.float32), size=4)
    assert mask.dtype == np.uint8
    # The centres that lie on the slope itself do not count.
    assert mask.tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("box", "columns", "rows"),
    [
        ([0, 0, 8, 8], range(4), range(4)),  # its own box
        ([4, 0, 12, 8], range(2), range(4)),  # the polygon's right half lies in the box's left one
        ([-8, -8, 8, 8], range(2, 4), range(2, 4)),
        ([20, 20, 30, 30], [], []),
    ],
)
def test_rasterise_inside_any_box(box, columns, rows):
    square = np.array([[0, 0], [8, 0], [8, 8], [0, 8]], np.float32)
    expected = np.zeros((4, 4), np.uint8)
    expected[np.ix_(list(rows), list(columns))] = 1
    assert rasterise(square, np.array(box), 4).tolist() == expected.tolist()


@pytest.mark.filterwarnings("error")
def test_rasterise_of_a_line_is_empty():
    line = np.array([[3, 3], [9, 3], [9, 3]], np.float32)
    assert not rasterise(line, box_of(line)).any()


def test_rasterise_does_not_depend_on_direction_or_start():
    polygon = word_shapes(1, seed=3)[0]
    mask = rasterise(polygon, box_of(polygon))
    assert (mask == rasterise(polygon[::-1], box_of(polygon))).all()
    assert (mask == rasterise(np.roll(polygon, 3, 0), box_of(polygon))).all()


def test_rasterise_agrees_with_a_fine_raster():
    fine, factor = 28 * 16, 16
    for polygon in word_shapes(60, seed=1):
        box = box_of(polygon)
        large = np.zeros((fine, fine), np.uint8)
        points = (polygon - box[:2]) / (box[2:] - box[:2]) * fine - 0.5
        cv2.fillPoly(large, [np.round(points * 256).astype(np.int32)], 1, shift=8)
        covered = large.reshape(28, factor, 28, factor).mean((1, 3))
        mask = rasterise(polygon, box)
        assert np.abs(mask.mean() - covered.mean()) < 0.02
        # Cells that are clearly in or out agree.
        assert (mask[covered > 0.85] == 1).all()
        assert (mask[covered < 0.15] == 0).all()
