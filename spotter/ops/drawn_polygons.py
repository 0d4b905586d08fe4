"""Polygons that a person has drawn, before they are read."""

from __future__ import annotations

import numpy as np

from spotter.ops.polygons import Polygon
from spotter.ops.shapes import clip

MIN_DRAWN_SIDE = 1.0  # pixels of the part of a drawn region that lies in the image


def clip_drawn_polygon(polygon: Polygon, number: int, width: int, height: int) -> np.ndarray:
    """The part of a drawn polygon that lies in the image, (P, 2) float64.

    number: of the region, from 0, for the message. Raises ValueError with one sentence if the polygon is
    invalid, outside the image, or too thin.
    """
    try:
        points = np.asarray(polygon, np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
        raise ValueError(f"Region {number + 1} is not a polygon: expected at least 3 points [x, y].")
    inside = clip(points, width, height)
    if inside is None or np.ptp(inside, 0).min() < MIN_DRAWN_SIDE:
        raise ValueError(f"Region {number + 1} lies outside the image or is too thin to be read.")
    return inside
