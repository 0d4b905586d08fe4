"""Outlines of masks and masks of outlines."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from shapely.geometry import Polygon

from spotter.model.mask_fitting import word_shapes
from spotter.ops.polygons import clip, mask_polygon, rasterise

BOX = np.array([100.0, 50.0, 240.0, 106.0])  # a cell of maskK is 5 x 2 pixels


def outline(
    mask: np.ndarray, box: np.ndarray = BOX, width: int = 400, height: int = 300
) -> np.ndarray | None:
    return mask_polygon(mask.astype(np.float32), box, 0.4, width, height)


def arc() -> np.ndarray:
    """A band bent by a third of a circle, (14, 2)."""
    angle = np.linspace(-1, 1, 7)
    ring = np.stack([np.sin(angle), -np.cos(angle)], 1)
    return np.concatenate([ring * 100, ring[::-1] * 65]) + np.array([200, 150])


SHAPES = {
    "upright": np.array([[120, 60], [200, 60], [200, 90], [120, 90]]),
    "slanted": np.array([[150, 60], [230, 100], [215, 130], [135, 90]]),
    "steep": np.array([[150, 60], [170, 66], [120, 200], [100, 194]]),
    "curved": arc(),
}


@pytest.mark.parametrize("name", SHAPES)
def test_outline_of_a_mask_is_the_shape(name):
    shape = SHAPES[name].astype(np.float64)
    box = np.concatenate([shape.min(0), shape.max(0)])
    polygon = outline(rasterise(shape, box), box)
    found, true = Polygon(polygon), Polygon(shape)
    assert found.is_valid
    assert found.intersection(true).area / found.union(true).area > 0.88
    assert len(polygon) == 4 if name != "curved" else 4 < len(polygon) <= 16
    x, y = polygon.T
    assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0  # clockwise on the screen
    assert (polygon.sum(1) >= polygon[0].sum()).all()  # from the upper left


def test_a_full_mask_is_its_box():
    np.testing.assert_allclose(
        outline(np.ones((28, 28))), [[100, 50], [240, 50], [240, 106], [100, 106]], atol=1e-3
    )


def test_part_of_a_mask_is_part_of_its_box():
    mask = np.zeros((28, 28))
    mask[7:21, 14:] = 1  # the right half, between the quarters
    np.testing.assert_allclose(outline(mask), [[170, 64], [240, 64], [240, 92], [170, 92]], atol=1.3)


def test_the_largest_piece_counts():
    mask = np.zeros((28, 28))
    mask[:4, :4] = 1
    mask[14:, 8:] = 1
    assert outline(mask)[0] == pytest.approx([140, 78], abs=1.3)


@pytest.mark.parametrize("level", [0.39, 0.41])
def test_threshold_of_the_mask(level):
    assert (outline(np.full((28, 28), level)) is None) == (level < 0.4)


@pytest.mark.parametrize(
    ("mask", "box"),
    [
        (np.zeros((28, 28)), BOX),
        (np.full((28, 28), np.nan), BOX),
        (np.ones((28, 28)), BOX + 1000),
        (np.ones((28, 28)), BOX - 1000),
        (np.ones((28, 28)), np.array([50.0, 60.0, 50.0, 80.0])),  # no width
        (np.ones((28, 28)), np.array([50.0, 60.0, 50.4, 60.4])),  # less than a pixel
        (np.ones((28, 28)), np.array([0.0, 0.0, np.inf, 10.0])),
        (np.ones((28, 28)), np.full(4, np.nan)),
    ],
    ids=["empty", "not a number", "beyond", "before", "flat", "tiny", "endless", "nowhere"],
)
def test_no_outline(mask, box):
    assert outline(mask, box) is None


def test_an_outline_is_clipped_to_the_image():
    polygon = outline(np.ones((28, 28)), np.array([-50.0, -20.0, 60.0, 40.0]))
    np.testing.assert_allclose(polygon, [[0, 0], [60, 0], [60, 40], [0, 40]], atol=1e-3)


def test_a_turned_word_at_the_border_keeps_its_edges():
    """Cut along the border, its edges stay where they are; moving its corners inside would bend them."""
    shape = np.array([[-30.0, 40.0], [60.0, -20.0], [75.0, 3.0], [-15.0, 63.0]])
    expected = Polygon(shape).intersection(Polygon([(0, 0), (400, 0), (400, 300), (0, 300)]))
    found = Polygon(clip(shape, 400, 300))
    assert found.symmetric_difference(expected).area < 1e-6
    box = np.concatenate([shape.min(0), shape.max(0)])
    polygon = Polygon(outline(rasterise(shape, box), box))
    assert polygon.intersection(expected).area > 0.9 * polygon.union(expected).area


@pytest.mark.parametrize(
    ("polygon", "corners"),
    [
        ([[0, 0], [10, 0], [10, 10], [0, 10]], 4),
        ([[-5, -5], [500, -5], [500, 400], [-5, 400]], 4),
        ([[390, 290], [410, 290], [390, 310]], 4),  # a triangle over the corner
        ([[500, 10], [510, 10], [510, 20]], 0),
        ([[0, 0], [10, 10]], 0),
        ([[5, 5], [9, 9], [5, 5]], 0),  # no area
        ([[0, 0], [100, 100], [100, 0], [0, 100]], 3),  # a bow-tie: one of its halves
    ],
)
def test_clip(polygon, corners):
    found = clip(np.array(polygon, float), 400, 300)
    assert (0 if found is None else len(found)) == corners
    if found is not None:
        assert (found >= 0).all()
        assert (found <= [400, 300]).all()


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
