"""A word as the recogniser gets it: cropped along its RoI, so that a tilted word runs from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


def turn_note(trace: Trace, word: int) -> str:
    """A note on the rotation of the word's RoI; "" if it is not rotated."""
    degrees = round(np.degrees(trace.rois[word, 4]))
    if degrees == 0:
        return ""
    way = f", which is read {'down' if degrees > 0 else 'up'}" if abs(degrees) > 45 else ""
    return f"rotated by {abs(degrees)}°, along this word{way}"


def over_roi(points: np.ndarray, roi: np.ndarray) -> np.ndarray:
    """(P, 2) x, y of the image to parts of an RoI's (5,) width and height, 0..1."""
    x, y, width, height, angle = roi
    cos, sin = np.cos(angle), np.sin(angle)
    turned = (np.asarray(points) - [x, y]) @ np.array([[cos, -sin], [sin, cos]])
    return turned / np.maximum([width, height], 1e-6) + 0.5


def grid(roi: np.ndarray, width: int, height: int) -> np.ndarray:
    """(2, 3) from x, y in cells over an RoI (5,), `width` x `height` of them, to x, y of the image."""
    x, y, across, down, angle = np.asarray(roi, float)
    cos, sin = np.cos(angle), np.sin(angle)
    sides = np.array([[cos, -sin], [sin, cos]]) * np.maximum([across, down], 1e-6)  # columns: along the sides
    return np.column_stack([sides / [width, height], [x, y] - sides.sum(1) / 2])


def cut(photo: np.ndarray, roi: np.ndarray, width: int, height: int) -> Image.Image:
    """The part of a photo (h, w, 3) uint8 inside an RoI (5,), stretched to a size; black outside of it."""
    matrix = grid(roi, width, height).ravel()
    return Image.fromarray(photo).transform(
        (width, height), Image.Transform.AFFINE, tuple(matrix), Image.Resampling.BILINEAR
    )


def word_size(trace: Trace, word: int, width: int) -> tuple[int, int]:
    """Width and height, in pixels, at which the word is drawn: the aspect ratio of its RoI, within limits."""
    across, down = np.maximum(trace.rois[word, 2:4], 1)
    return width, int(np.clip(width * down / across, width * 0.22, width * 0.9))


def word_photo(trace: Trace, word: int, width: int) -> Image.Image:
    """The crop of the word that is read, `width` pixels wide."""
    return cut(trace.image, trace.rois[word], *word_size(trace, word, width))


def word_mask(trace: Trace, word: int) -> np.ndarray:
    """maskK of the word (s, s) float32 resampled over its RoI, as it gates recognition; 0 outside the word's
    box.
    """
    mask, box = trace.mask_k[word].astype(np.float32), trace.box(word)
    size = mask.shape[::-1]
    matrix = grid(trace.rois[word], *size)
    matrix[:, 2] -= box[:2]
    matrix *= (size / np.maximum(box[2:] - box[:2], 1e-6))[:, None]
    turned = Image.fromarray(mask).transform(
        size, Image.Transform.AFFINE, tuple(matrix.ravel()), Image.Resampling.BILINEAR
    )
    return np.asarray(turned)
