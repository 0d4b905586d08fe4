"""Outlines and regions as other tools write them, turned into values for `pixel_reader`."""

from __future__ import annotations

import math
from typing import Any

from annotation.region import MAX_COORDINATE, RegionError, check_polygon, check_text
from spotter.language import tr

MAX_SIDE = 10**9  # pixels, far beyond any image
ELLIPSE_POINTS = 24  # of the polygon that stands for a circle or an ellipse
CURVE_POINTS = 8  # per Bezier curve
GENERIC_LABELS = {"text", "word", "words", "textline", "line", "object", "0", ""}  # they say nothing more


def imported_region(polygon: object, text: object = "", **values: Any) -> dict:
    """Values of a region that a person has drawn elsewhere. Raises RegionError."""
    return {
        "polygon": check_polygon(polygon),
        "text": check_text(text),
        "illegible": False,
        "origin": "import",
        "locked": True,
    } | values


def rectangle(x: object, y: object, width: object, height: object, rotation: object = 0) -> list[list[float]]:
    """Corners of a rectangle that is turned clockwise about its centre by `rotation` degrees.

    Raises RegionError.
    """
    numbers = [number(value) for value in (x, y, width, height, rotation)]
    left, top, w, h, degrees = numbers
    if w <= 0 or h <= 0:
        raise RegionError(tr("its rectangle has no area."))
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)]
    return [[left + w / 2 + a * cos - b * sin, top + h / 2 + a * sin + b * cos] for a, b in corners]


def points_of(value: object) -> list[list[float]]:
    """[[x, y], ...] as floats. Raises RegionError."""
    if not isinstance(value, list) or not all(isinstance(p, list) and len(p) == 2 for p in value):
        raise RegionError(tr("its points must be a list of [x, y]."))
    return [[number(x), number(y)] for x, y in value]


def pairs(flat: object) -> list[list[float]]:
    """[[x1, y1], [x2, y2], ...] from [x1, y1, x2, y2, ...]. Raises RegionError."""
    if not isinstance(flat, list) or not flat or len(flat) % 2:
        raise RegionError(tr("a polygon must be a list of x1, y1, x2, y2, ..."))
    numbers = [number(value) for value in flat]
    return [numbers[i : i + 2] for i in range(0, len(numbers), 2)]


def bezier_outline(flat: object) -> list[list[float]]:
    """The outline between two cubic Bezier curves, 4 points each, as in ABCNet (Liu et al., 2020).

    Raises RegionError.
    """
    points = pairs(flat)
    if len(points) != 8:
        raise RegionError(tr("the two Bezier curves must have 8 points."))
    outline = []
    for curve in (points[:4], points[4:]):
        for i in range(CURVE_POINTS):
            t = i / (CURVE_POINTS - 1)
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            outline.append(
                [sum(w * point[axis] for w, point in zip(weights, curve, strict=True)) for axis in (0, 1)]
            )
    return outline


def is_generic(label: object) -> bool:
    """Whether a label or category only says that something is text."""
    return str(label).strip().lower() in GENERIC_LABELS


def image_size(values: dict, width: str = "width", height: str = "height") -> tuple[int, int] | None:
    """The size of an image under these keys, None if the file does not give it."""
    try:
        size = (int(values[width]), int(values[height]))  # int() reads the strings of XML too
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return size if all(0 < n < MAX_SIDE for n in size) else None


def number(value: object) -> float:
    """A finite number of pixels. Raises RegionError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_COORDINATE:
        raise RegionError(tr("the coordinates must be finite numbers."))
    return float(value)
