"""Where two networks in a row lose words: what the second reads in the boxes of the first, and in the true
outlines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotter.evaluation.metrics import same_text
from spotter.evaluation.two_stage import TwoStage
from spotter.language import tr, trn
from spotter.ops.shapes import overlaps

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

MIN_IOU = 0.5  # of a word that counts as found, as in the evaluation


@dataclass(frozen=True)
class TrueWord:
    text: str
    polygon: np.ndarray  # (P, 2), pixels of the photo
    read: str  # by the CRNN, out of the true outline's rectangle


@dataclass(frozen=True)
class WordReadings:
    """Of one true word; None: not found."""

    true: str
    theirs: str | None  # by the CRNN, in CRAFT's box
    outlined: str  # by the CRNN, in the true outline
    ours: str | None


def read_both_ways(trace: Trace, result: TwoStage, true: Sequence[TrueWord]) -> list[WordReadings]:
    confident = [word for word in trace.words if word.score >= trace.config.score_threshold]
    ours = best_texts(true, [(np.asarray(word.polygon), word.text) for word in confident])
    theirs = best_texts(true, [(strip.quad * trace.scale, strip.text) for strip in result.strips])
    return [
        WordReadings(word.text, their_text, word.read, our_text)
        for word, their_text, our_text in zip(true, theirs, ours, strict=True)
    ]


def best_texts(true: Sequence[TrueWord], found: Sequence[tuple[np.ndarray, str]]) -> list[str | None]:
    """For each true word the text whose polygon overlaps it most, if by MIN_IOU at least."""
    if not true or not found:
        return [None] * len(true)
    iou = overlaps([word.polygon for word in true], [polygon for polygon, _ in found]).iou
    return [found[int(row.argmax())][1] if row.max() >= MIN_IOU else None for row in iou]


def count_right(readings: Sequence[WordReadings], who: str) -> int:
    """`who`: "theirs", "outlined" or "ours"."""
    texts = [(one.true, getattr(one, who)) for one in readings]
    return sum(text is not None and same_text(true, text) for true, text in texts)


def summarise(readings: Sequence[WordReadings]) -> str:
    """In plain sentences that follow the numbers."""
    read, outlined = count_right(readings, "theirs"), count_right(readings, "outlined")
    counted = tr(
        "On this photo CRAFT finds {found} of {count} words and the CRNN reads {read} of them correctly; "
        "given the true outlines, it would read {outlined}. Ours finds {ours_found} and reads {ours_read}.",
        found=sum(one.theirs is not None for one in readings),
        count=len(readings),
        read=read,
        outlined=outlined,
        ours_found=sum(one.ours is not None for one in readings),
        ours_read=count_right(readings, "ours"),
    )
    if outlined > read:
        return f"{counted} " + trn(
            "**{number}** of its errors is handed on: the second network pays for the boxes of the first.",
            "**{number}** of its errors are handed on: the second network pays for the boxes of the first.",
            outlined - read,
        )
    if outlined == read:
        return f"{counted} " + tr("So the boxes of the first network cost nothing here.")
    return f"{counted} " + tr("So the boxes of the first network serve the second better than the outlines.")
