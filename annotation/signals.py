"""Uncertainty of a region and of an image, 0..1, from internal signals (scores, boxes, masks).

`weakest_character` and the score come with every Word. `box_movement` (1 - IoU of a region's boxes after the
last two stages) and `mask_disagreement` (1 - IoU of maskK, binarised at the mask threshold, and M3, binarised
halfway between its minimum and maximum) need a Trace; without one they are None and left out of the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from annotation.region import Region
from spotter.explain.word_crop import word_mask
from spotter.images import ImageSource, read_image
from spotter.ops.boxes import box_iou
from spotter.ops.polygons import mask_iou

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace
    from spotter.types import Word

THRESHOLD = 0.4  # minimum score of a word, if the weights' own threshold is unknown
CERTAIN_DISTANCE = 0.3  # scores this far from the threshold count as certain
# Number of regions averaged for an image: a single one may be a smudge, the mean of all hides the hard ones.
HARDEST = 5


@dataclass(frozen=True)
class RegionSignals:
    """The signals of one region, each 0..1 or None if unknown."""

    weakest_character: float | None = None  # minimum probability of its characters
    box_movement: float | None = None
    mask_disagreement: float | None = None
    threshold: float = THRESHOLD  # minimum score at which the spotter reports a detection


def word_signals(
    word: Word | Region,
    box_movement: float | None = None,
    mask_disagreement: float | None = None,
    threshold: float = THRESHOLD,
) -> RegionSignals:
    """The signals of a predicted word; those that need a trace are given by the caller, if known."""
    weakest = min((character.score for character in word.characters), default=None)
    return RegionSignals(weakest, box_movement, mask_disagreement, threshold)


def trace_signals(trace: Trace, words: Sequence[Word] | None = None) -> list[RegionSignals]:
    """The signals of each word of a trace, in the order of its words.

    words: the same, as read with known words; None: those of the trace.
    """
    threshold = trace.config.score_threshold
    movement = (1 - box_iou(*trace.boxes[-2:, trace.proposal_index].astype(np.float64))).tolist()
    return [
        word_signals(word, movement[i], mask_disagreement(trace, i), threshold)
        for i, word in enumerate(trace.words if words is None else words)
    ]


def read_with_signals(spotter: Spotter, image: ImageSource) -> tuple[list[Word], list[RegionSignals]]:
    """The words of an image, as `Spotter.spot` finds them, and the signals of each. Raises ImageError."""
    photo = read_image(image)
    trace, found = spotter.trace_and_spot(photo)
    known = {_place(word): signals for word, signals in zip(found, trace_signals(trace, found), strict=True)}
    (words,) = spotter.add_large_words([photo], [found])
    threshold = trace.config.score_threshold
    return words, [known.get(_place(word)) or word_signals(word, threshold=threshold) for word in words]


def _place(word: Word) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(point) for point in word.polygon)


def mask_disagreement(trace: Trace, word: int) -> float:
    """1 - IoU of a word's maskK and M3, both on the grid of M3."""
    m3 = trace.m3[word].astype(np.float32)  # (H, W)
    mask_k = cv2.resize(word_mask(trace, word).astype(np.float32), m3.shape[::-1])
    return 1 - float(mask_iou(mask_k > trace.config.mask_threshold, m3 > (m3.min() + m3.max()) / 2))


def region_uncertainty(score: float | None, signals: RegionSignals) -> float | None:
    """Mean of the known signals, each as an uncertainty 0..1; None if none is known."""
    values = [signals.box_movement, signals.mask_disagreement]
    if signals.weakest_character is not None:
        values.append(1 - signals.weakest_character)
    if score is not None:
        values.append(max(0.0, 1 - abs(score - signals.threshold) / CERTAIN_DISTANCE))
    known = [min(max(value, 0.0), 1.0) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def image_uncertainty(regions: Iterable[float | None]) -> float:
    """Mean of the most uncertain regions; 0 for an image without regions."""
    hardest = sorted((value for value in regions if value is not None), reverse=True)[:HARDEST]
    return sum(hardest) / len(hardest) if hardest else 0.0
