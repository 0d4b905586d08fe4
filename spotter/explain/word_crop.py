"""A word as the recogniser gets it: cropped along its RoI, so that a tilted word runs from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.language import tr
from spotter.ops.roi_affine import roi_matrix

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


def turn_note(trace: Trace, word: int) -> str:
    """A note on the rotation of the word's RoI; "" if it is not rotated."""
    degrees = round(np.degrees(trace.rois[word, 4]))
    if degrees == 0:
        return ""
    if abs(degrees) <= 45:
        return tr("rotated by {degrees}°, along this word", degrees=abs(degrees))
    if degrees > 0:
        return tr("rotated by {degrees}°, along this word, which is read down", degrees=abs(degrees))
    return tr("rotated by {degrees}°, along this word, which is read up", degrees=abs(degrees))


def crop_roi(photo: np.ndarray, roi: np.ndarray, width: int, height: int) -> Image.Image:
    """The part of a photo (h, w, 3) uint8 inside an RoI (5,), stretched to a size; black outside of it."""
    matrix = roi_matrix(roi, width, height).ravel()
    return Image.fromarray(photo).transform(
        (width, height), Image.Transform.AFFINE, tuple(matrix), Image.Resampling.BILINEAR
    )


def word_size(trace: Trace, word: int, width: int) -> tuple[int, int]:
    """Width and height, in pixels, at which the word is drawn: the aspect ratio of its RoI, within limits."""
    across, down = np.maximum(trace.rois[word, 2:4], 1)
    return width, int(np.clip(width * down / across, width * 0.22, width * 0.9))


def word_photo(trace: Trace, word: int, width: int) -> Image.Image:
    """The crop of the word that is read, `width` pixels wide."""
    return crop_roi(trace.image, trace.rois[word], *word_size(trace, word, width))


def word_mask(trace: Trace, word: int) -> np.ndarray:
    """maskK of the word (s, s) float32 resampled over its RoI, as it gates recognition; 0 outside the word's
    box.
    """
    mask, box = trace.mask_k[word].astype(np.float32), trace.box(word)
    size = mask.shape[::-1]
    matrix = roi_matrix(trace.rois[word], *size)
    matrix[:, 2] -= box[:2]
    matrix *= (size / np.maximum(box[2:] - box[:2], 1e-6))[:, None]
    turned = Image.fromarray(mask).transform(
        size, Image.Transform.AFFINE, tuple(matrix.ravel()), Image.Resampling.BILINEAR
    )
    return np.asarray(turned)
