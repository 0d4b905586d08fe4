"""Polygons as shapely's geometries: overlaps, clipping, repairs, and the outlines of masks.

Apart from `ops.polygons`, so that training does not need shapely. Polygons are (P, 2) x, y, not closed; x to
the right and y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spotter.ops.polygons import Polygon, signed_area

CONTOUR_SIZE = 112  # maskK is enlarged to this many pixels per side before its outline is taken
MIN_RECTANGLE_FILL = 0.82  # a mask that fills this much of its smallest rectangle becomes that rectangle
MAX_POINTS = 16  # of the outline of a mask
SIMPLIFICATION_STEP = 0.002  # of the perimeter; the tolerance grows by it until MAX_POINTS are left
MAX_SIMPLIFICATION_STEPS = 39


class Overlaps(NamedTuple):
    """Areas that N polygons share with M others."""

    intersection: np.ndarray  # (N, M)
    union: np.ndarray  # (N, M)
    other_areas: np.ndarray  # (M,)

    @property
    def iou(self) -> np.ndarray:
        """(N, M), 0 where both have no area."""
        return self.intersection / np.maximum(self.union, 1e-9)


def to_shapes(polygons: Sequence[Polygon]) -> np.ndarray:
    """(N,) valid shapely geometries; invalid input (two points, NaN) becomes an empty one, which overlaps
    nothing.
    """
    shapes = np.empty(len(polygons), dtype=object)
    for i, polygon in enumerate(polygons):
        points = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
        usable = len(points) >= 3 and np.isfinite(points).all()
        shape = shapely.Polygon(points) if usable else shapely.Polygon()
        # make_valid keeps both halves of a bow-tie, buffer(0) alone would drop one; buffer(0) then drops
        # lines and points.
        shapes[i] = shape if shape.is_valid else shapely.make_valid(shape).buffer(0)
    return shapes


def overlaps(polygons: Sequence[Polygon], others: Sequence[Polygon]) -> Overlaps:
    """Intersections and unions of all pairs."""
    shapes, other_shapes = to_shapes(polygons), to_shapes(others)
    intersection = shapely.area(shapely.intersection(shapes[:, None], other_shapes[None]))
    other_areas = shapely.area(other_shapes)
    return Overlaps(
        intersection, shapely.area(shapes)[:, None] + other_areas[None] - intersection, other_areas
    )


def overlapping_pairs(
    polygons: Sequence[Polygon], others: Sequence[Polygon], min_iou: float
) -> list[tuple[float, int, int]]:
    """(IoU, i, j) of every pair with an IoU of at least `min_iou` > 0, largest first.

    The same as by `overlaps`, but fast for many polygons, most of which are far apart.
    """
    shapes, other_shapes = to_shapes(polygons), to_shapes(others)
    i, j = shapely.STRtree(other_shapes).query(shapes)  # pairs whose bounding boxes meet
    intersection = shapely.area(shapely.intersection(shapes[i], other_shapes[j]))
    union = shapely.area(shapes)[i] + shapely.area(other_shapes)[j] - intersection
    iou = intersection / np.maximum(union, 1e-9)
    chosen = iou >= min_iou
    return sorted(
        zip(iou[chosen].tolist(), i[chosen].tolist(), j[chosen].tolist(), strict=True), reverse=True
    )


def match_polygons(
    polygons: Sequence[Polygon], others: Sequence[Polygon], min_iou: float = 0.5
) -> dict[int, int]:
    """One-to-one pairs, greedily by falling IoU: index into `polygons` -> index into `others`."""
    pairs: dict[int, int] = {}
    taken = set()
    for _, i, j in overlapping_pairs(polygons, others, min_iou):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def clip(polygon: Polygon, width: int, height: int) -> np.ndarray | None:
    """The largest piece of a polygon (P, 2) inside the image, (Q, 2) float64; None when it lies outside or
    has no area. A polygon that crosses itself is repaired first.
    """
    if len(polygon) < 3:
        return None
    shape = shapely.make_valid(shapely.Polygon(polygon))
    return _largest_piece(shape.intersection(shapely.box(0, 0, width, height)))


def remove_self_intersections(polygon: Polygon) -> np.ndarray | None:
    """The largest piece of a polygon (P, 2) that crosses itself, (Q, 2) float64, clockwise; None when it has
    no area.
    """
    fixed: BaseGeometry = shapely.Polygon(polygon).buffer(0)
    whole = shapely.make_valid(shapely.Polygon(polygon))
    if fixed.area < 0.5 * whole.area:  # buffer(0) may drop one half of an eight; then take the larger half
        fixed = whole
    outline = _largest_piece(fixed)
    if outline is None or signed_area(outline) >= 0:
        return outline
    return np.roll(outline[::-1], 1, 0)


def mask_polygon(
    mask: np.ndarray, box: np.ndarray, threshold: float, width: int, height: int
) -> np.ndarray | None:
    """Outline of maskK (28, 28) over its box (4,) xyxy: (P, 2) float64, clockwise, clipped to the image.

    Four points where a rectangle fits, else up to 16. None when the mask is empty or wholly outside the
    image.
    """
    large = cv2.resize(mask, (CONTOUR_SIZE, CONTOUR_SIZE), interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours(
        (large > threshold).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if not contours or not np.isfinite(box).all():
        return None
    contour = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    # A contour runs through pixel centres: grow it by the half pixel that lies outside on either side.
    centre = (contour.min(0) + contour.max(0)) / 2
    extent = np.maximum(contour.max(0) - contour.min(0), 1)
    contour = (contour - centre) * (extent + 1) / extent + centre + 0.5
    points = (box[:2] + contour / CONTOUR_SIZE * (box[2:] - box[:2])).astype(np.float32)
    rectangle = cv2.minAreaRect(points)
    if cv2.contourArea(points) >= MIN_RECTANGLE_FILL * rectangle[1][0] * rectangle[1][1]:
        polygon = cv2.boxPoints(rectangle)
    else:
        polygon = _simplify(points)
    inside = clip(polygon.astype(np.float64), width, height)
    if inside is None or cv2.contourArea(inside.astype(np.float32)) < 1:
        return None
    if signed_area(inside) < 0:
        inside = inside[::-1]
    first = int((inside - inside.min(0)).sum(1).argmin())  # start at the upper left
    return np.roll(inside, -first, 0)


def _simplify(points: np.ndarray) -> np.ndarray:
    """(P, 2) float32 -> at most MAX_POINTS of them, where that many steps suffice."""
    polygon = points
    for step in range(1, MAX_SIMPLIFICATION_STEPS + 1):
        if len(polygon) <= MAX_POINTS:
            break
        tolerance = SIMPLIFICATION_STEP * step * cv2.arcLength(points, True)
        polygon = cv2.approxPolyDP(points, tolerance, True)[:, 0]
    return polygon


def _largest_piece(shape: BaseGeometry) -> np.ndarray | None:
    """The exterior of the largest polygon in a geometry, (Q, 2) float64; None without any."""
    pieces = [
        piece for piece in shapely.get_parts(shape) if isinstance(piece, shapely.Polygon) and piece.area > 0
    ]
    return np.array(max(pieces, key=lambda piece: piece.area).exterior.coords)[:-1] if pieces else None
