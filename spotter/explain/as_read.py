"""A word's box as the reader gets it: upright words, whose boxes are tall, are turned by 90 degrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import crop

if TYPE_CHECKING:
    from spotter.explain.trace import Trace

TALL = "a tall box is read along its height"


def is_tall(trace: Trace, box: np.ndarray) -> bool:
    """Whether the network turns a box (4,) xyxy (`spotter.model.roi.is_tall`)."""
    times = trace.config.recognition_tall
    return times is not None and bool(box[3] - box[1] > times * (box[2] - box[0]))


def turn_note(trace: Trace, word: int) -> str:
    """What to tell below a picture of the word: nothing, unless it is turned."""
    return f"; turned: {TALL}" if is_tall(trace, trace.box(word)) else ""


def turned(values: np.ndarray, tall: bool) -> np.ndarray:
    """(H, W, ...) over a box, turned against the clock where the box is tall: what ran down runs right."""
    return np.rot90(values) if tall else values


def turned_points(points: np.ndarray, tall: bool) -> np.ndarray:
    """(P, 2) x and y in parts of a box, 0..1, to where they are once it is turned."""
    return np.stack([points[:, 1], 1 - points[:, 0]], 1) if tall else points


def word_size(trace: Trace, word: int, width: int) -> tuple[int, int]:
    """Width and height the word is drawn with: its own shape, as read, within limits."""
    across, down = np.maximum(trace.box(word)[2:] - trace.box(word)[:2], 1)
    if is_tall(trace, trace.box(word)):
        across, down = down, across
    return width, int(np.clip(width * down / across, width * 0.22, width * 0.9))


def box_photo(trace: Trace, box: np.ndarray, width: int, height: int) -> Image.Image:
    """What a box (4,) xyxy shows of the photo, as it is read, stretched to a size."""
    if is_tall(trace, box):
        return crop(trace.image, box, height, width).transpose(Image.Transpose.ROTATE_90)
    return crop(trace.image, box, width, height)


def word_photo(trace: Trace, word: int, width: int) -> Image.Image:
    """The word's box, as it is read, so many pixels wide."""
    return box_photo(trace, trace.box(word), *word_size(trace, word, width))


def word_mask(trace: Trace, word: int) -> np.ndarray:
    """The word's maskK (s, s) float16, as it gates what is read."""
    return turned(trace.mask_k[word], is_tall(trace, trace.box(word)))
