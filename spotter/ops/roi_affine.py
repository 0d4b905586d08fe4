"""The affine map of one rotated RoI (see `ops.rois`), in NumPy: it draws stored traces without torch."""

from __future__ import annotations

import numpy as np

MIN_SIDE = 1e-6  # pixels; an RoI without area has a map too


def roi_matrix(roi: np.ndarray, width: int, height: int) -> np.ndarray:
    """(2, 3): from x, y in cells over an RoI (5,), `width` x `height` of them, to x, y of the image."""
    centre, size, angle = np.split(np.asarray(roi, float), [2, 4])
    sides = _axes(angle[0]) * np.maximum(size, MIN_SIDE)
    return np.column_stack([sides / [width, height], centre - sides.sum(1) / 2])


def points_in_roi(points: np.ndarray, roi: np.ndarray) -> np.ndarray:
    """Points (P, 2) x, y of the image -> their place in an RoI (5,), 0..1 along its width and height."""
    x, y, width, height, angle = roi
    turned = (np.asarray(points) - [x, y]) @ _axes(angle)
    return turned / np.maximum([width, height], MIN_SIDE) + 0.5


def _axes(angle: float) -> np.ndarray:
    """(2, 2) unit vectors of an RoI as columns: along its width, along its height."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])
