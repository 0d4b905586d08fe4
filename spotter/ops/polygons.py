"""Polygons (P, 2) x, y, not closed, and their masks inside a box. Their overlaps are in `ops.shapes`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Polygon = np.ndarray | Sequence[Sequence[float]]  # (P, 2) x, y


def signed_area(polygons: Polygon) -> np.ndarray:
    """Areas (...) of polygons (..., P, 2), positive where they run clockwise on the screen (y down)."""
    x, y = np.moveaxis(np.asarray(polygons), -1, 0)
    return (x * np.roll(y, -1, -1) - np.roll(x, -1, -1) * y).sum(-1) / 2


def rasterise(polygon: Polygon, box: np.ndarray, size: int = 28) -> np.ndarray:
    """The mask of a polygon inside a box, (size, size) uint8: 1 where the centre of a cell lies inside.

    polygon: (P, 2) x, y, not closed; box: (4,) xyxy; both in the same pixels. What lies outside the box is
    cut off; a polygon that crosses itself follows the even-odd rule.
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


def mask_iou(masks: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU (...) of binary masks (..., h, w) that broadcast, 0..1; 1 where both are empty."""
    masks, others = np.asarray(masks, bool), np.asarray(others, bool)
    union = (masks | others).sum((-2, -1))
    return np.where(union == 0, 1.0, (masks & others).sum((-2, -1)) / np.maximum(union, 1))
