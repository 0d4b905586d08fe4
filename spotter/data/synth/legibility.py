"""The truth of a rendered word: its polygon in the image, and whether it can be read there."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.data.synth.camera import Shot
from spotter.data.synth.layout import Warp
from spotter.types import GroundTruth

LEAST_HEIGHT = 7.0  # pixels of ink; lower words are not legible
LEAST_VISIBLE = 0.9  # part of a word inside the image; less is not legible
LEAST_DEVIATION = 7.5  # of the gray levels in the polygon, 0..255; less cannot be seen


def ink_height(polygon: np.ndarray) -> float:
    """Mean distance of the top and the bottom line of a polygon, pixels."""
    half = len(polygon) // 2
    return float(np.linalg.norm(polygon[:half] - polygon[half:][::-1], axis=1).mean())


def deviation(gray: np.ndarray, polygon: np.ndarray) -> float:
    """Deviation of the gray levels ((H, W) uint8) inside a polygon, without slow changes of light."""
    x1, y1 = polygon.min(0).astype(int)
    x2, y2 = polygon.max(0).astype(int) + 1
    window = gray[y1:y2, x1:x2].astype(np.float32)
    mask = np.zeros(window.shape, np.uint8)
    cv2.fillPoly(mask, [(polygon - (x1, y1)).astype(np.int32)], 1)
    size = int(ink_height(polygon)) | 1
    return float(cv2.meanStdDev(window - cv2.blur(window, (size, size)), mask=mask)[1][0, 0])


def is_legible(polygon: np.ndarray, shot: Shot, gray: np.ndarray) -> bool:
    """Whether a word is higher than the blur and out of the noise; gray: (H, W) uint8, smoothed."""
    if ink_height(polygon) < max(LEAST_HEIGHT, 6.5 * shot.blur):
        return False
    left = 0.375 * shot.noise  # of the noise, after the smoothing with 3 x 3 pixels
    signal = deviation(gray, polygon) ** 2 - left**2
    return signal > max(LEAST_DEVIATION, 1.2 * shot.noise) ** 2


def ignored(polygon: np.ndarray) -> GroundTruth:
    return GroundTruth(polygon, "", ignore=True)


def region_of(warp: Warp, word, size: tuple[int, int]) -> GroundTruth | None:
    """The truth of a word in an image of (height, width); None when it is outside."""
    polygon, centres = warp.polygon(word), warp(word.centres)
    limit = np.array([size[1], size[0]], np.float32)
    if polygon.min() >= 0 and (polygon <= limit).all():
        return GroundTruth(polygon, word.text, False, centres)
    x1, y1, x2, y2 = word.box
    grid = np.stack(np.meshgrid(np.linspace(x1, x2, 9), np.linspace(y1, y2, 4)), -1).reshape(-1, 2)
    grid = warp(grid)
    visible = float(((grid >= 0) & (grid <= limit)).all(1).mean())
    clipped = np.clip(polygon, 0, limit)
    if visible < 0.05 or cv2.contourArea(clipped) < 4:
        return None
    if visible < LEAST_VISIBLE or (centres < 2).any() or (centres > limit - 2).any():
        return ignored(clipped)
    return GroundTruth(clipped, word.text, False, centres)
