"""Precision, recall and H-mean as in ICDAR 2015 Incidental Scene Text (tasks 4.1 and 4.4).

The rules are those of the competition's evaluation scripts (rrc.cvc.uab.es/?ch=4&com=tasks, script.py of
tasks 1 and 4). Polygons are (P, 2) points in pixels of the original image. Counts are summed over all
images before any division; a quotient whose divisor is 0 is 0.0: without any true or detected words, the
scores are 0.0, not 1.0, as in the scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spotter.evaluation.lexicon import Lexicon
from spotter.ops.polygons import Polygon
from spotter.ops.shapes import overlaps
from spotter.types import GroundTruth, Word

MIN_IOU = 0.5  # a matched pair exceeds this
EDGE_SIGNS = tuple("!?.:,*\"()·[]/'")  # may be missing at the beginning or end of a reading
MIN_COVERED = 0.5  # a detection is ignored if a do-not-care region covers more than this share of it


@dataclass(frozen=True)
class Scores:
    """Precision, recall and their harmonic mean, 0..1, with their counts (do-not-care left out)."""

    precision: float  # matched / found
    recall: float  # matched / true
    hmean: float
    matched: int
    found: int
    true: int

    @classmethod
    def from_counts(cls, matched: int, found: int, true: int) -> Scores:
        """The scores of counts; 0.0 where nothing was found or nothing is true."""
        return cls(
            precision=matched / found if found else 0.0,
            recall=matched / true if true else 0.0,
            hmean=2 * matched / (found + true) if matched else 0.0,
            matched=matched,
            found=found,
            true=true,
        )


class _Metric:
    """Sums the matched, found and true words of all images."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets all images."""
        self._matched = self._found = self._true = 0

    def summary(self) -> Scores:
        """Scores of all images since the last reset; 0.0 where nothing was found or nothing is true."""
        return Scores.from_counts(self._matched, self._found, self._true)

    def _add(self, matched: int, found: int, true: int) -> None:
        self._matched += matched
        self._found += found
        self._true += true


class DetectionMetric(_Metric):
    """Task 4.1: a detection is correct if its IoU with a true region exceeds 0.5, one to one."""

    def __init__(self, min_iou: float = MIN_IOU) -> None:
        super().__init__()
        self._min_iou = min_iou

    def update(self, true: Sequence[GroundTruth], polygons: Sequence[Polygon]) -> None:
        """Adds one image: its true regions and the detected polygons, (P, 2) each, in any order of points."""
        pairs, found = match_detections(true, [region.ignore for region in true], polygons, self._min_iou)
        self._add(len(pairs), found, sum(not region.ignore for region in true))


class EndToEndMetric(_Metric):
    """Task 4.4: a matched pair is correct if its texts are equal, ignoring case.

    Pairs are matched by overlap alone, as in the competition's script: a second detection with the right text
    does not help if the first one has a wrong text. A reading may lack one sign of `EDGE_SIGNS` at the true
    text's beginning and one at its end, as in the script.

    By default every legible word counts, which is the end-to-end rule. Word spotting leaves out true words
    of less than three characters or with signs or digits: `EndToEndMetric(minimum_length=3,
    letters_only=True)` makes them do-not-care. (The script first strips "'s" and signs from the ends of a
    word; here such a word is left out.) A region without text is do-not-care.
    """

    def __init__(
        self,
        lexicon: Lexicon | None = None,
        minimum_length: int = 0,
        letters_only: bool = False,
        min_iou: float = MIN_IOU,
    ) -> None:
        super().__init__()
        self._min_iou = min_iou
        self._lexicon = lexicon
        self._minimum_length = minimum_length
        self._letters_only = letters_only

    def update(
        self, true: Sequence[GroundTruth], words: Sequence[Word], lexicon: Lexicon | None = None
    ) -> None:
        """Adds one image; `lexicon` is this image's own (strong) and takes precedence over the metric's."""
        ignore = [self._ignored(region) for region in true]
        pairs, found = match_detections(true, ignore, [word.polygon for word in words], self._min_iou)
        matched = [words[j] for _, j in pairs]
        lexicon = lexicon or self._lexicon
        texts = lexicon.correct(matched) if lexicon else [word.text for word in matched]
        correct = sum(same_text(true[i].text, text) for (i, _), text in zip(pairs, texts, strict=True))
        self._add(correct, found, ignore.count(False))

    def _ignored(self, region: GroundTruth) -> bool:
        text = region.text
        short = len(text) < max(self._minimum_length, 1)
        return region.ignore or short or (self._letters_only and not text.isalpha())


def same_text(true: str, read: str) -> bool:
    """Whether a reading is correct: equal ignoring case and a sign at either end of the true text."""
    true, read = true.casefold(), read.casefold()
    accepted = {true}
    if true[:1] in EDGE_SIGNS:
        accepted |= {text[1:] for text in accepted}
    if true[-1:] in EDGE_SIGNS:
        accepted |= {text[:-1] for text in accepted}
    return read in accepted and (read != "" or true == "")


def match_detections(
    true: Sequence[GroundTruth],
    ignore: Sequence[bool],
    polygons: Sequence[Polygon],
    min_iou: float = MIN_IOU,
) -> tuple[list[tuple[int, int]], int]:
    """Pairs true regions with detections, greedily in the order of the true regions, then of the detections.

    ignore: for each true region, whether it is do-not-care: it is not paired, and detections of which it
    covers more than half are left out.

    Returns:
        pairs (index into true, index into polygons), and the number of detections that are not left out.
    """
    overlap, union, area = overlaps([region.polygon for region in true], polygons)
    ignored = np.array(ignore, dtype=bool)
    free = ~(overlap[ignored] > MIN_COVERED * area).any(0)  # (found,)
    count = int(free.sum())
    pairs = []
    for i in np.flatnonzero(~ignored):
        hits = np.flatnonzero(free & (overlap[i] > min_iou * union[i]))
        if len(hits):
            pairs.append((int(i), int(hits[0])))
            free[hits[0]] = False
    return pairs, count
