"""Whether the receptive field of a cell in the gap between two words bridges it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotter.explain.gradient_field import POOL, Cell
from spotter.explain.picked_points import along
from spotter.explain.topics.receptive_field import cell_centre

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


def word_mask(trace: Trace, word: int) -> np.ndarray:
    """(h / POOL, w / POOL) float32 0..1, the share of each cell of a field's map that the word covers."""
    height, width = (-(-side // POOL) * POOL for side in trace.image.shape[:2])
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [trace.polygon(word).round().astype(np.int32)], 1.0)
    return cv2.resize(mask, (width // POOL, height // POOL), interpolation=cv2.INTER_AREA)


def needed_side(trace: Trace, level: int, cell: Cell, words: Sequence[int]) -> int:
    """Side, in pixels, of the smallest square around the cell that touches all these words."""
    middle = cell_centre(level, cell)
    return int(np.ceil(2 * max(np.abs(along(trace.polygon(w)) - middle).max(1).min() for w in words)))
