"""The ground truth of a rendered word: its polygon in the image, and whether it can be read there."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.data.synth.camera import Shot
from spotter.data.synth.layout import FlatWord
from spotter.data.synth.warp import Warp
from spotter.types import GroundTruth

MIN_HEIGHT = 7.0  # pixels of ink; lower words are not legible
MIN_HEIGHT_PER_BLUR = 6.5  # times the blur's standard deviation; lower words are not legible
MIN_DEVIATION = 7.5  # of the gray levels in the polygon, 0..255; less cannot be seen
MIN_DEVIATION_PER_NOISE = 1.2  # times the noise's standard deviation
SMOOTHED_NOISE = 0.375  # what 3 x 3 Gaussian smoothing leaves of white noise: 1/4 + 1/2 + 1/4, both axes
MIN_VISIBLE = 0.9  # part of a word inside the image; less is not legible
MIN_IGNORED = 0.05  # part of a word inside the image; less is no region
MIN_AREA = 4  # square pixels of a clipped polygon; smaller ones are no regions
CENTRE_MARGIN = 2  # pixels between the image's border and the centre of a legible character
VISIBILITY_GRID = 9, 4  # points across and down a word, at which its visible part is measured


def ink_height(polygon: np.ndarray) -> float:
    """Mean distance of the top and the bottom line of a polygon, pixels."""
    half = len(polygon) // 2
    return float(np.linalg.norm(polygon[:half] - polygon[half:][::-1], axis=1).mean())


def deviation(gray: np.ndarray, polygon: np.ndarray) -> float:
    """Standard deviation of the gray levels, (H, W) uint8, in a polygon, without slow changes of light."""
    x1, y1 = polygon.min(0).astype(int)
    x2, y2 = polygon.max(0).astype(int) + 1
    window = gray[y1:y2, x1:x2].astype(np.float32)
    mask = np.zeros(window.shape, np.uint8)
    cv2.fillPoly(mask, [(polygon - (x1, y1)).astype(np.int32)], 1)
    size = int(ink_height(polygon)) | 1
    detail: np.ndarray = window - cv2.blur(window, (size, size))
    return float(cv2.meanStdDev(detail, mask=mask)[1][0, 0])


def is_legible(polygon: np.ndarray, shot: Shot, gray: np.ndarray) -> bool:
    """Whether a word stands out from blur and noise; gray: (H, W) uint8, smoothed with 3 x 3 pixels."""
    if ink_height(polygon) < max(MIN_HEIGHT, MIN_HEIGHT_PER_BLUR * shot.blur):
        return False
    signal = deviation(gray, polygon) ** 2 - (SMOOTHED_NOISE * shot.noise) ** 2
    return signal > max(MIN_DEVIATION, MIN_DEVIATION_PER_NOISE * shot.noise) ** 2


def ignored(polygon: np.ndarray) -> GroundTruth:
    """A region that is not trained on."""
    return GroundTruth(polygon, "", ignore=True)


def region_of(warp: Warp, word: FlatWord, size: tuple[int, int]) -> GroundTruth | None:
    """The ground truth of a word in an image of (height, width); None when it is outside."""
    polygon, centres = warp.polygon(word), warp(word.centres)
    limit = np.array([size[1], size[0]], np.float32)
    if polygon.min() >= 0 and (polygon <= limit).all():
        return GroundTruth(polygon, word.text, False, centres)
    x1, y1, x2, y2 = word.box
    columns, rows = VISIBILITY_GRID
    grid = np.meshgrid(np.linspace(x1, x2, columns), np.linspace(y1, y2, rows))
    points = warp(np.stack(grid, -1).reshape(-1, 2))
    visible = float(((points >= 0) & (points <= limit)).all(1).mean())
    clipped = np.clip(polygon, 0, limit)
    if visible < MIN_IGNORED or cv2.contourArea(clipped) < MIN_AREA:
        return None
    at_border = (centres < CENTRE_MARGIN).any() or (centres > limit - CENTRE_MARGIN).any()
    if visible < MIN_VISIBLE or at_border:
        return ignored(clipped)
    return GroundTruth(clipped, word.text, False, centres)
