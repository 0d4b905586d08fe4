"""Overlaps, clipping and repairs of polygons, and outlines of masks."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon

from spotter.ops.polygons import rasterise, signed_area
from spotter.ops.shapes import (
    clip,
    mask_polygon,
    match_polygons,
    overlapping_pairs,
    overlaps,
    remove_self_intersections,
    to_shapes,
)

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
def test_the_outline_of_a_mask_is_its_shape(name):
    shape = SHAPES[name].astype(np.float64)
    box = np.concatenate([shape.min(0), shape.max(0)])
    polygon = outline(rasterise(shape, box), box)
    found, true = Polygon(polygon), Polygon(shape)
    assert found.is_valid
    assert found.intersection(true).area / found.union(true).area > 0.88
    assert len(polygon) == 4 if name != "curved" else 4 < len(polygon) <= 16
    assert signed_area(polygon) > 0  # clockwise on the screen
    assert (polygon.sum(1) >= polygon[0].sum()).all()  # from the upper left


def test_the_outline_of_a_full_mask_is_its_box():
    np.testing.assert_allclose(
        outline(np.ones((28, 28))), [[100, 50], [240, 50], [240, 106], [100, 106]], atol=1e-3
    )


def test_the_outline_of_a_part_is_a_part_of_the_box():
    mask = np.zeros((28, 28))
    mask[7:21, 14:] = 1  # the right half, between the quarters
    np.testing.assert_allclose(outline(mask), [[170, 64], [240, 64], [240, 92], [170, 92]], atol=1.3)


def test_the_outline_is_that_of_the_largest_piece():
    mask = np.zeros((28, 28))
    mask[:4, :4] = 1
    mask[14:, 8:] = 1
    assert outline(mask)[0] == pytest.approx([140, 78], abs=1.3)


@pytest.mark.parametrize("level", [0.39, 0.41])
def test_the_mask_needs_to_exceed_the_threshold(level):
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
def test_masks_without_an_outline(mask, box):
    assert outline(mask, box) is None


def test_an_outline_is_clipped_to_the_image():
    polygon = outline(np.ones((28, 28)), np.array([-50.0, -20.0, 60.0, 40.0]))
    np.testing.assert_allclose(polygon, [[0, 0], [60, 0], [60, 40], [0, 40]], atol=1e-3)


def test_clipping_keeps_the_edges_of_a_rotated_word():
    """Moving its corners into the image would bend its edges."""
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


SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]
HALF = [[5, 0], [15, 0], [15, 10], [5, 10]]  # overlaps half of SQUARE
FAR = [[100, 100], [110, 100], [110, 110], [100, 110]]
BOW_TIE = [[0, 0], [100, 100], [100, 0], [0, 80]]


def test_overlaps_by_hand():
    found = overlaps([SQUARE, FAR], [HALF, SQUARE, FAR])
    np.testing.assert_allclose(found.intersection, [[50, 100, 0], [0, 0, 100]])
    np.testing.assert_allclose(found.union, [[150, 100, 200], [200, 200, 100]])
    np.testing.assert_allclose(found.other_areas, [100, 100, 100])
    np.testing.assert_allclose(found.iou, [[1 / 3, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize("invalid", [[], [[0, 0], [9, 9]], [[0, 0], [9, 0], [np.nan, 9]]])
def test_invalid_polygons_overlap_nothing(invalid):
    assert overlaps([SQUARE], [invalid]).iou.tolist() == [[0]]
    assert to_shapes([invalid])[0].is_empty


def test_a_bow_tie_has_both_halves():
    (shape,) = to_shapes([BOW_TIE])
    assert shape.is_valid
    assert shape.area == pytest.approx(sum(part.area for part in shape.geoms))
    assert len(shape.geoms) == 2


@pytest.mark.parametrize(("polygons", "others"), [([], []), ([SQUARE], []), ([], [SQUARE])])
def test_no_polygons(polygons, others):
    assert overlaps(polygons, others).iou.shape == (len(polygons), len(others))
    assert overlapping_pairs(polygons, others, 0.1) == []
    assert match_polygons(polygons, others) == {}


def test_overlapping_pairs_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 60, (2, 40, 1, 2))
    polygons, others = corners + np.array([[0, 0], [30, 4], [26, 20], [-4, 16]])
    iou = overlaps(polygons, others).iou
    expected = sorted(((iou[i, j], i, j) for i, j in np.argwhere(iou >= 0.3).tolist()), reverse=True)
    assert len(expected) > 10
    assert overlapping_pairs(polygons, others, 0.3) == expected


def test_polygons_are_matched_greedily_one_to_one():
    third = [[2, 0], [12, 0], [12, 10], [2, 10]]  # IoU 2/3 with SQUARE, 7/13 with HALF
    assert match_polygons([HALF, SQUARE], [third], 0.5) == {1: 0}
    assert match_polygons([HALF, SQUARE], [third, SQUARE], 0.5) == {1: 1, 0: 0}
    assert match_polygons([HALF], [SQUARE], 0.5) == {}
    assert match_polygons([FAR], [SQUARE], 0.1) == {}


@pytest.mark.parametrize(
    ("polygon", "area"), [(SQUARE, 100), (SQUARE[::-1], 100), ([[0, 0], [5, 5], [9, 9]], None)]
)
def test_remove_self_intersections_of_simple_polygons(polygon, area):
    found = remove_self_intersections(polygon)
    assert (None if found is None else signed_area(found)) == area


def test_the_larger_half_of_a_bow_tie_remains():
    found = remove_self_intersections(BOW_TIE)
    whole = to_shapes([BOW_TIE])[0]
    assert signed_area(found) == pytest.approx(max(part.area for part in whole.geoms))
