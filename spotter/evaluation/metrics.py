"""How well words are found and read, in the way of ICDAR 2015 Incidental Scene Text (tasks 4.1 and 4.4).

The rules are those of the competition's evaluation scripts (rrc.cvc.uab.es/?ch=4&com=tasks, script.py of
tasks 1 and 4). Polygons are (P, 2) points in pixels of the original image. Counts are summed over all
images before any division; a quotient whose divisor is 0 is 0.0, so that nothing true and nothing found
together score 0.0, not 1.0, as in the scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from spotter.types import GroundTruth, Word

MIN_IOU = 0.5  # a pair overlaps by more than this
EDGE_SIGNS = tuple("!?.:,*\"()·[]/'")  # that a true text may go without at its beginning or end
SURE = 0.9  # reading_score from which a lexicon does not change a word
MIN_COVERED = 0.5  # a detection is left out when a do-not-care region covers more than this share of it


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
    def of(cls, matched: int, found: int, true: int) -> Scores:
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
    """Sums of matched, found and true words over the images seen."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets all images."""
        self._matched = self._found = self._true = 0

    def summary(self) -> Scores:
        """Scores of all images since the last reset; 0.0 where nothing was found or nothing is true."""
        return Scores.of(self._matched, self._found, self._true)

    def _add(self, matched: int, found: int, true: int) -> None:
        self._matched += matched
        self._found += found
        self._true += true


class DetectionMetric(_Metric):
    """Found or not (task 4.1): right is a detection whose IoU with a true region is above 0.5, one to one."""

    def __init__(self, min_iou: float = MIN_IOU) -> None:
        super().__init__()
        self._min_iou = min_iou

    def update(self, true: Sequence[GroundTruth], polygons: Sequence[np.ndarray | list]) -> None:
        """Adds one image: its true regions and the found polygons, (P, 2) each, in any order of points."""
        pairs, found = match(true, [region.ignore for region in true], polygons, self._min_iou)
        self._add(len(pairs), found, sum(not region.ignore for region in true))


class Lexicon:
    """Words that a reading may be replaced by; upper and lower case are the same.

    ICDAR 2015 knows three: strong (100 words for each picture), weak (all words of the test set), generic
    (90,000 words).
    """

    def __init__(self, words: Iterable[str], maximum_distance: int | None = None) -> None:
        """Words in order of preference; beyond maximum_distance edits a reading stays as it is (None: never).

        Raises:
            ValueError: there is no word.
        """
        words = [word.strip() for word in words if word.strip()]
        if not words:
            raise ValueError("The lexicon is empty; expected at least one word.")
        self._nearest: dict[str, str | None] = {}  # folded reading -> word, None when all are too far
        for word in words:
            self._nearest.setdefault(word.casefold(), word)
        self._folded = list(self._nearest)
        self._maximum = maximum_distance

    def correct(self, words: Sequence[Word]) -> list[str]:
        """The texts of words, each replaced by the nearest word of the lexicon, but for those without
        letters, of which a lexicon says nothing, and those read with at least `SURE`.
        """
        nearest = self.nearest([word.text for word in words])
        return [
            word.text if word.reading_score >= SURE or not any(map(str.isalpha, word.text)) else near
            for word, near in zip(words, nearest, strict=True)
        ]

    def nearest(self, texts: Sequence[str]) -> list[str]:
        """For each text the word with the fewest edits (Levenshtein), the earlier one of equals."""
        folded = [text.casefold() for text in texts]
        # All new texts at once: 0.7 ms a text with 90,000 words, against 5 ms one by one.
        if new := [text for text in dict.fromkeys(folded) if text not in self._nearest]:
            distances = cdist(new, self._folded, scorer=Levenshtein.distance)  # (new, words)
            for text, row in zip(new, distances, strict=True):
                best = int(row.argmin())
                near = self._maximum is None or row[best] <= self._maximum
                self._nearest[text] = self._nearest[self._folded[best]] if near else None
        return [self._nearest[key] or text for key, text in zip(folded, texts, strict=True)]


class EndToEndMetric(_Metric):
    """Found and read (task 4.4): a pair of the same matching counts when its texts are equal but for case.

    The pairs are made by overlap alone, as in the competition's script: a second detection that reads the
    word right does not help when the first one reads it wrong. A true text may go without one sign of
    `EDGE_SIGNS` at its beginning and one at its end, as in the script.

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
        """Adds one image; a lexicon given here is this image's own (strong) and goes before the metric's."""
        ignore = [self._ignored(region) for region in true]
        pairs, found = match(true, ignore, [word.polygon for word in words], self._min_iou)
        paired = [words[j] for _, j in pairs]
        lexicon = lexicon or self._lexicon
        texts = lexicon.correct(paired) if lexicon else [word.text for word in paired]
        right = sum(same_text(true[i].text, text) for (i, _), text in zip(pairs, texts, strict=True))
        self._add(right, found, ignore.count(False))

    def _ignored(self, region: GroundTruth) -> bool:
        text = region.text
        short = len(text) < max(self._minimum_length, 1)
        return region.ignore or short or (self._letters_only and not text.isalpha())


def same_text(true: str, read: str) -> bool:
    """Whether a reading is right: equal but for case, and for a sign at either edge of the true text."""
    true, read = true.casefold(), read.casefold()
    accepted = {true}
    if true[:1] in EDGE_SIGNS:
        accepted |= {text[1:] for text in accepted}
    if true[-1:] in EDGE_SIGNS:
        accepted |= {text[:-1] for text in accepted}
    return read in accepted and (read != "" or true == "")


def match(
    true: Sequence[GroundTruth],
    ignore: Sequence[bool],
    polygons: Sequence[np.ndarray | list],
    min_iou: float = MIN_IOU,
) -> tuple[list[tuple[int, int]], int]:
    """Pairs true regions with detections, greedily in the order of the true regions, then of the detections.

    ignore says for each true region whether it is do-not-care: it takes no detection, but detections of
    which it covers more than half are left out.

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


def overlaps(
    true: Sequence[np.ndarray | list], found: Sequence[np.ndarray | list]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Areas of intersection and union of T with F polygons, (T, F) each, and of the found ones, (F,)."""
    shapes, others = _shapes(true), _shapes(found)
    overlap = shapely.area(shapely.intersection(shapes[:, None], others[None]))
    area = shapely.area(others)
    return overlap, shapely.area(shapes)[:, None] + area[None] - overlap, area


def _shapes(polygons: Sequence[np.ndarray | list]) -> np.ndarray:
    """(N,) shapely polygons; what is none (two points, NaN) becomes an empty one, which overlaps nothing."""
    shapes = np.empty(len(polygons), dtype=object)
    for i, polygon in enumerate(polygons):
        points = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
        usable = len(points) >= 3 and np.isfinite(points).all()
        shape = shapely.Polygon(points) if usable else shapely.Polygon()
        # make_valid keeps both halves of a bow-tie, buffer(0) alone would drop one; buffer(0) then drops
        # lines and points.
        shapes[i] = shape if shape.is_valid else shapely.make_valid(shape).buffer(0)
    return shapes
