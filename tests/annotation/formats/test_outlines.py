"""Outlines as other tools write them."""

from __future__ import annotations

import pytest

from annotation.formats.outlines import bezier_outline, image_size, is_generic, pairs, points_of, rectangle
from annotation.region import RegionError


def test_a_rectangle_turns_clockwise_about_its_centre():
    assert rectangle(10, 20, 40, 20) == [[10, 20], [50, 20], [50, 40], [10, 40]]
    turned = rectangle(10, 20, 40, 20, 90)
    assert [[round(x, 6), round(y, 6)] for x, y in turned] == [[40, 10], [40, 50], [20, 50], [20, 10]]


@pytest.mark.parametrize("size", [(0, 5), (5, -1), (None, 5), (float("nan"), 5), (True, 5), (10**400, 5)])
def test_invalid_rectangles(size):
    with pytest.raises(RegionError):
        rectangle(1, 1, *size)


def test_bezier_curves_begin_and_end_at_their_points():
    outline = bezier_outline([0, 0, 10, 0, 20, 0, 30, 0, 30, 10, 20, 10, 10, 10, 0, 10])
    assert len(outline) == 16
    assert [outline[i] for i in (0, 7, 8, 15)] == [[0, 0], [30, 0], [30, 10], [0, 10]]
    with pytest.raises(RegionError, match="8 points"):
        bezier_outline([0, 0, 10, 0])


@pytest.mark.parametrize("value", [None, [], [1], [1, "2"], [[1, 2]]])
def test_invalid_pairs(value):
    with pytest.raises(RegionError):
        pairs(value)


@pytest.mark.parametrize("value", [None, [1], [[1]], [[1, 2, 3]], [[1, "2"]]])
def test_invalid_points(value):
    with pytest.raises(RegionError):
        points_of(value)


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({"width": 5, "height": "7"}, (5, 7)),
        ({"width": 5}, None),
        ({"width": 0, "height": 7}, None),
        ({"width": [], "height": 7}, None),
        ({"width": 10**400, "height": 7}, None),
    ],
)
def test_image_size(values, size):
    assert image_size(values) == size


def test_generic_labels():
    assert [is_generic(label) for label in ("Text", " word ", "", "total")] == [True, True, True, False]
