"""How unsure the spotter is of a region and of an image, 0..1, from its own word_signals.

`weakest_character` and the score come with every Word. `box_movement` (1 - IoU of a region's boxes after the
last two stages) and `mask_disagreement` (1 - IoU of maskK, cut at the mask threshold, and M3, cut halfway
between its smallest and its largest value) need a Trace; they are None without one, and the mean goes over
what is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from annotation.region import Region
from spotter.explain.word_crop import word_mask

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace
    from spotter.types import Word

THRESHOLD = 0.4  # score from which a detection counts as a word, where the weights' own is not known
NEAR = 0.3  # scores this far from the threshold are no longer doubtful
HARDEST = (
    5  # regions of an image that decide: one alone may be a smudge, the mean over all hides the hard ones
)


@dataclass(frozen=True)
class RegionSignals:
    """What the spotter's word_signals say of one region, each 0..1 or None when not known."""

    weakest_character: float | None = None  # smallest probability of a character; 1 is sure
    box_movement: float | None = None
    mask_disagreement: float | None = None
    threshold: float = THRESHOLD  # score from which the spotter takes a detection for a word


def word_signals(
    word: Word | Region,
    box_movement: float | None = None,
    mask_disagreement: float | None = None,
    threshold: float = THRESHOLD,
) -> RegionSignals:
    """The numbers of a word that the spotter found; the others as far as the caller knows them."""
    weakest = min((character.score for character in word.characters), default=None)
    return RegionSignals(weakest, box_movement, mask_disagreement, threshold)


def trace_signals(trace: Trace) -> list[RegionSignals]:
    """The numbers of every word of a trace, in the order of its words."""
    threshold = trace.config.score_threshold
    movement = [1 - box_iou(*trace.boxes[-2:, proposal]) for proposal in trace.proposal]
    return [
        word_signals(word, movement[i], mask_disagreement(trace, i), threshold)
        for i, word in enumerate(trace.words)
    ]


def box_iou(a: np.ndarray, b: np.ndarray) -> float:
    """IoU of two boxes (4,) xyxy; 0 for boxes without area."""
    corner, end = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    overlap = float(np.prod(np.maximum(end - corner, 0)))
    union = float(sum(np.prod(np.maximum(box[2:] - box[:2], 0)) for box in (a, b))) - overlap
    return overlap / union if union > 0 else 0.0


def mask_disagreement(trace: Trace, word: int) -> float:
    """1 - IoU of a word's maskK and M3, both on M3's grid."""
    m3 = trace.m3[word].astype(np.float32)  # (H, W)
    mask_k = cv2.resize(word_mask(trace, word).astype(np.float32), m3.shape[::-1])
    a, b = mask_k > trace.config.mask_threshold, m3 > (m3.min() + m3.max()) / 2
    union = np.logical_or(a, b).sum()
    return 1 - float(np.logical_and(a, b).sum() / union) if union else 0.0


def region_uncertainty(score: float | None, numbers: RegionSignals) -> float | None:
    """Mean of the doubts that are known; None without any."""
    doubts = [numbers.box_movement, numbers.mask_disagreement]
    if numbers.weakest_character is not None:
        doubts.append(1 - numbers.weakest_character)
    if score is not None:
        doubts.append(max(0.0, 1 - abs(score - numbers.threshold) / NEAR))
    known = [min(max(doubt, 0.0), 1.0) for doubt in doubts if doubt is not None]
    return sum(known) / len(known) if known else None


def image_uncertainty(regions: Iterable[float | None]) -> float:
    """Mean of the hardest regions; 0 for an image in which nothing was found."""
    hardest = sorted((value for value in regions if value is not None), reverse=True)[:HARDEST]
    return sum(hardest) / len(hardest) if hardest else 0.0
