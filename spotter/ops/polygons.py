"""Outlines and the masks inside a box: each made from the other. Polygons are (P, 2) x, y, not closed."""

from __future__ import annotations

import cv2
import numpy as np

CONTOUR_SIZE = 112  # maskK is enlarged to this many pixels a side before its outline is taken
STRAIGHT_IOU = 0.82  # an outline that fills this much of its smallest rectangle is given as that rectangle
MOST_POINTS = 16


def rasterise(polygon: np.ndarray, box: np.ndarray, size: int = 28) -> np.ndarray:
    """The mask of a polygon inside a box, (size, size) uint8: 1 where the centre of a cell lies inside.

    polygon: (P, 2) x, y, not closed; box: (4,) xyxy; both in the same pixels. What lies outside the box is
    cut off; an outline that crosses itself follows the even-odd rule.
    """
    corner, extent = np.asarray(box[:2], float), np.asarray(box[2:], float) - np.asarray(box[:2], float)
    start = (np.asarray(polygon, float) - corner) / np.maximum(extent, 1e-6) * size
    end = np.roll(start, -1, 0)
    centres = np.arange(size) + 0.5
    y = centres[:, None]
    crosses = (start[:, 1] <= y) != (end[:, 1] <= y)  # (rows, edges)
    rise = np.where(crosses, end[:, 1] - start[:, 1], 1.0)
    x = start[:, 0] + (y - start[:, 1]) / rise * (end[:, 0] - start[:, 0])  # (rows, edges) of the crossing
    left = (crosses[:, None] & (x[:, None] <= centres[:, None])).sum(-1)  # (rows, columns) crossings
    return (left % 2).astype(np.uint8)


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
    if cv2.contourArea(points) >= STRAIGHT_IOU * rectangle[1][0] * rectangle[1][1]:
        polygon = cv2.boxPoints(rectangle)
    else:
        polygon = points
        for step in range(1, 40):
            if len(polygon) <= MOST_POINTS:
                break
            polygon = cv2.approxPolyDP(points, 0.002 * step * cv2.arcLength(points, True), True)[:, 0]
    inside = clip(polygon.astype(np.float64), width, height)
    if inside is None or cv2.contourArea(inside.astype(np.float32)) < 1:
        return None
    x, y = inside.T
    if (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() < 0:  # y points down: clockwise has a positive sum
        inside = inside[::-1]
    first = int((inside - inside.min(0)).sum(1).argmin())  # start at the upper left
    return np.roll(inside, -first, 0)


def clip(polygon: np.ndarray, width: int, height: int) -> np.ndarray | None:
    """The part of a polygon (P, 2) that lies in the image, its largest piece, (Q, 2) float64; None when
    there is none. An outline that crosses itself is mended first.
    """
    import shapely  # here, so that training needs no shapely

    if len(polygon) < 3:
        return None
    shape = shapely.make_valid(shapely.Polygon(polygon)).intersection(shapely.box(0, 0, width, height))
    pieces = [piece for piece in shapely.get_parts(shape) if piece.geom_type == "Polygon" and piece.area > 0]
    if not pieces:
        return None
    return np.array(max(pieces, key=lambda piece: piece.area).exterior.coords)[:-1]
