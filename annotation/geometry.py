"""Overlap of polygons. Polygons are lists of [x, y] in pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import Polygon

from annotation.region import signed_area

Points = list[list[float]]


def shape(points: Points) -> shapely.Geometry:
    """A valid geometry for any polygon, self-crossing ones included."""
    polygon = Polygon(points)
    return polygon if polygon.is_valid else shapely.make_valid(polygon)


def overlaps(first: Sequence[Points], second: Sequence[Points], least: float) -> list[tuple[float, int, int]]:
    """(IoU, i, j) of every pair from the two lists with an IoU of at least `least` > 0, largest first."""
    if not first or not second:
        return []
    a, b = [shape(p) for p in first], [shape(p) for p in second]
    boxes_a, boxes_b = shapely.bounds(a), shapely.bounds(b)  # (N, 4), (M, 4) xyxy
    touching = (
        np.maximum(boxes_a[:, None, :2], boxes_b[None, :, :2])
        < np.minimum(boxes_a[:, None, 2:], boxes_b[None, :, 2:])
    ).all(2)
    found = []
    for i, j in np.argwhere(touching).tolist():
        common = a[i].intersection(b[j]).area
        union = a[i].area + b[j].area - common
        if union > 0 and common / union >= least:
            found.append((common / union, i, j))
    return sorted(found, reverse=True)


def match(first: Sequence[Points], second: Sequence[Points], least: float = 0.5) -> dict[int, int]:
    """One-to-one pairs by falling IoU: index in the first list -> index in the second."""
    pairs: dict[int, int] = {}
    taken = set()
    for _, i, j in overlaps(first, second, least):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def without_crossings(points: Points) -> Points | None:
    """The outline of the largest part of a self-crossing polygon, clockwise; None when nothing is left."""
    fixed = Polygon(points).buffer(0)
    whole = shapely.make_valid(Polygon(points))
    if fixed.area < 0.5 * whole.area:  # buffer(0) may drop one half of an eight; then take the larger half
        fixed = whole
    parts = [part for part in getattr(fixed, "geoms", [fixed]) if isinstance(part, Polygon) and part.area > 0]
    if not parts:
        return None
    outline = [
        [round(x, 2), round(y, 2)] for x, y in max(parts, key=lambda part: part.area).exterior.coords[:-1]
    ]
    return outline[:1] + outline[:0:-1] if signed_area(outline) < 0 else outline
