"""Compares weights on the hold-out and on rendered scenes: figures with intervals, and what changed.

Resampling is over photos: the words of one are alike.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from annotation.rounds.dataset import HeldOutPhoto
from annotation.rounds.records import CHANGE_KINDS, Figures, Interval, RegionChange
from annotation.store.images import write_file
from spotter.evaluation.bootstrap import draw_images, ends
from spotter.evaluation.image_sets import photographs, rendered_scenes
from spotter.evaluation.metrics import (
    MIN_COVERED,
    DetectionMetric,
    EndToEndMetric,
    match_detections,
    same_text,
)
from spotter.ops.shapes import overlaps
from spotter.predictor import Spotter
from spotter.types import GroundTruth, Word

DETECTION, END_TO_END = slice(0, 3), slice(3, 6)  # columns of counts: matched, found, true
STYLES = ("mixed",)  # of the rendered scenes
SAME_FALSE = 0.5  # IoU above which a false word is the one that was there before


def count(truth: Sequence[GroundTruth], words: Sequence[Word]) -> list[int]:
    """Matched, found and true words of one image, of the detection and end-to-end."""
    detection, end_to_end = DetectionMetric(), EndToEndMetric()
    detection.update(truth, [word.polygon for word in words])
    end_to_end.update(truth, words)
    return [value for metric in (detection, end_to_end) for value in _counts(metric)]


def _counts(metric: DetectionMetric | EndToEndMetric) -> tuple[int, int, int]:
    scores = metric.summary()
    return scores.matched, scores.found, scores.true


def count_all(truths: Iterable[Sequence[GroundTruth]], words: Iterable[Sequence[Word]]) -> np.ndarray:
    """`count` of every image, (images, 6)."""
    rows = [count(*pair) for pair in zip(truths, words, strict=True)]
    return np.array(rows, np.int64).reshape(-1, 6)


def h_mean(counts: np.ndarray, kind: slice = END_TO_END) -> np.ndarray:
    """H-mean of the sums over the images of counts (..., images, 6); 0 where nothing was found and true."""
    matched, found, true = np.moveaxis(counts[..., kind].sum(-2), -1, 0)
    return 2 * matched / np.maximum(found + true, 1)


def resample(counts: np.ndarray, resamples: int) -> np.ndarray:
    """(resamples, images, 6): each time as many of the images as there are, drawn with replacement. The same
    images are drawn for any counts (images, 6).
    """
    return counts[draw_images(len(counts), resamples)]


def figures(counts: np.ndarray, resamples: int) -> Figures:
    """H-means of counts (images, 6), each with its interval."""
    return Figures(_h_interval(counts, resamples, DETECTION), _h_interval(counts, resamples, END_TO_END))


def _h_interval(counts: np.ndarray, resamples: int, kind: slice) -> Interval:
    value = float(h_mean(counts, kind))
    if len(counts) < 2:  # one image says nothing about others
        return Interval(value, 0.0, 1.0)
    return Interval(value, *ends(h_mean(resample(counts, resamples), kind)))


def paired_difference(before: np.ndarray, after: np.ndarray, resamples: int) -> Interval:
    """End-to-end H after minus before on the same images, (images, 6) each."""
    value = float(h_mean(after) - h_mean(before))
    if len(before) < 2:
        return Interval(value, -1.0, 1.0)
    return Interval(value, *ends(h_mean(resample(after, resamples)) - h_mean(resample(before, resamples))))


Candidate = TypeVar("Candidate", bound=tuple)


def best_candidate(counts: Mapping[Candidate, np.ndarray]) -> Candidate:
    """The candidate with the highest end-to-end H; of equal ones the least. counts: (images, 6) of each."""
    return max(sorted(counts), key=lambda candidate: float(h_mean(counts[candidate])))


def cross_chosen(counts: Mapping[Candidate, np.ndarray]) -> np.ndarray:
    """Counts (images, 6) of each image with the candidate that is best on all others: one that is chosen and
    judged on the same images looks better than it is.
    """
    rows = []
    for image in range(len(next(iter(counts.values())))):
        others = {candidate: np.delete(each, image, axis=0) for candidate, each in counts.items()}
        rows.append(counts[best_candidate(others)][image])
    return np.array(rows, np.int64).reshape(-1, 6)


def read_photos(
    spotter: Spotter, photos: Sequence[HeldOutPhoto], check: Callable[[], None] = lambda: None
) -> list[list[Word]]:
    """The words of every photo. `check` is called before each, and may raise to stop.

    Raises ImageError if a file cannot be read.
    """
    words = []
    for image, _ in photographs([photo.annotated for photo in photos]):
        check()
        words.append(spotter.spot(image))
    return words


def judge_rendered(
    spotter: Spotter, scenes: int, cache: Path, check: Callable[[], None] = lambda: None
) -> np.ndarray:
    """Counts (scenes, 6) of a spotter on held-out rendered scenes that are always the same.

    `cache`: folder of the counts, by the sha256 of the weights. Raises ValueError in one sentence if scenes
    cannot be rendered.
    """
    file = cache / f"{spotter.card['sha256']}-{scenes}.json"
    if file.is_file():
        return np.array(json.loads(file.read_text(encoding="utf-8")), np.int64).reshape(-1, 6)
    rows = []
    for image, truth in rendered_scenes(STYLES, scenes):
        check()
        rows.append(count(truth, spotter.spot(image)))
    write_file(file, json.dumps(rows).encode())
    return np.array(rows, np.int64).reshape(-1, 6)


def region_changes(photo: HeldOutPhoto, before: Sequence[Word], after: Sequence[Word]) -> list[RegionChange]:
    """Every legible region of a photo that is not read correctly with both weights, and new false words."""
    changes = []
    old, new = (_read_as(photo.truth, words) for words in (before, after))
    for i, truth in enumerate(photo.truth):
        if truth.ignore or not truth.text:
            continue
        kind = change_kind(truth.text, old.get(i), new.get(i))
        if kind is not None:
            polygon = truth.polygon.tolist()
            region = photo.region_ids[i]
            changes.append(
                RegionChange(kind, photo.image_id, region, polygon, truth.text, old.get(i), new.get(i))
            )
    false_before = [word.polygon for word in _false_words(photo.truth, before)]
    for word in _false_words(photo.truth, after):
        if not _is_among(word.polygon, false_before):
            changes.append(RegionChange("new false", photo.image_id, None, word.polygon, "", None, word.text))
    return changes


def change_kind(truth: str, before: str | None, after: str | None) -> str | None:
    """What became of a true word, see CHANGE_KINDS; None: it was and is read correctly.

    before, after: how it was read; None: it was not found.
    """
    was, now = (reading is not None and same_text(truth, reading) for reading in (before, after))
    if was and now:
        return None
    if was or (before is not None and after is None):
        return "regressed"
    if before is None and after is not None:
        return "newly found"
    return "fixed" if now else "still wrong"


def count_kinds(changes: Iterable[RegionChange]) -> dict[str, int]:
    """How many changes of each kind there are, also those of which there are none."""
    found = Counter(change.kind for change in changes)
    return {kind: found[kind] for kind in CHANGE_KINDS}


def _read_as(truth: Sequence[GroundTruth], words: Sequence[Word]) -> dict[int, str]:
    """The readings of the true words that were found, by the index of the word."""
    return {i: words[j].text for i, j in _match(truth, words)}


def _match(truth: Sequence[GroundTruth], words: Sequence[Word]) -> list[tuple[int, int]]:
    ignore = [region.ignore or not region.text for region in truth]
    return match_detections(truth, ignore, [word.polygon for word in words])[0]


def _false_words(truth: Sequence[GroundTruth], words: Sequence[Word]) -> list[Word]:
    """Words that are neither a true word nor in a region that does not count."""
    matched = {j for _, j in _match(truth, words)}
    ignored = [region.polygon for region in truth if region.ignore or not region.text]
    overlap, _, area = overlaps(ignored, [word.polygon for word in words])
    free = ~np.any(overlap > MIN_COVERED * area, axis=0)
    return [word for j, word in enumerate(words) if free[j] and j not in matched]


def _is_among(polygon: list[list[float]], others: Sequence[list[list[float]]]) -> bool:
    overlap, union, _ = overlaps([polygon], others)
    return bool((overlap > SAME_FALSE * union).any())
