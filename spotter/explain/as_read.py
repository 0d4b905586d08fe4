"""A word's box as the reader gets it: an upright word is turned, so that it runs from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import crop

if TYPE_CHECKING:
    from spotter.explain.trace import Trace

WAYS = {1: "down", 3: "up"}  # in which a word runs, by the quarter turns against the clock that undo it
ROTATIONS = {1: Image.Transpose.ROTATE_90, 3: Image.Transpose.ROTATE_270}


def turn_note(trace: Trace, word: int) -> str:
    """What to tell of a word that is turned; nothing of the others."""
    way = WAYS.get(int(trace.turns[word]))
    return f"turned, as this word is read {way} its tall box" if way else ""


def turned(values: np.ndarray, turns: int) -> np.ndarray:
    """(H, W, ...) over a box, by so many quarter turns against the clock."""
    return np.rot90(values, turns) if turns else values


def turned_points(points: np.ndarray, turns: int) -> np.ndarray:
    """(P, 2) x and y in parts of a box, 0..1, to where they are once it is turned."""
    x, y = points.T
    return np.stack({0: (x, y), 1: (y, 1 - x), 3: (1 - y, x)}[int(turns)], 1)


def word_size(trace: Trace, word: int, width: int) -> tuple[int, int]:
    """Width and height the word is drawn with: its own shape, as read, within limits."""
    across, down = np.maximum(trace.box(word)[2:] - trace.box(word)[:2], 1)
    if trace.turns[word]:
        across, down = down, across
    return width, int(np.clip(width * down / across, width * 0.22, width * 0.9))


def box_photo(image: np.ndarray, box: np.ndarray, turns: int, width: int, height: int) -> Image.Image:
    """What a box (4,) xyxy shows of the photo (h, w, 3), turned, then stretched to a size."""
    if turns:
        return crop(image, box, height, width).transpose(ROTATIONS[int(turns)])
    return crop(image, box, width, height)


def word_photo(trace: Trace, word: int, width: int) -> Image.Image:
    """The word's box, as it is read, so many pixels wide."""
    return box_photo(trace.image, trace.box(word), trace.turns[word], *word_size(trace, word, width))


def word_mask(trace: Trace, word: int) -> np.ndarray:
    """The word's maskK (s, s) float16, as it gates what is read."""
    return turned(trace.mask_k[word], trace.turns[word])
