"""What a spotter reads in each image of a set, and the figures that are computed from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from spotter.evaluation.bootstrap import Interval, interval
from spotter.evaluation.calibration import CalibrationMetric, calibration
from spotter.evaluation.error_analysis import compare
from spotter.evaluation.evaluate import Report
from spotter.evaluation.image_sets import EvaluationImages
from spotter.evaluation.lexicon import Lexicon
from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric, Scores
from spotter.types import Word

WORD_COLUMNS = ("height", "characters", "found", "correct")  # of error_analysis.compare
HEIGHT, LENGTH, FOUND, CORRECT = range(4)


@dataclass(frozen=True)
class ImageResult:
    """One image. Scores count its words, do-not-care left out."""

    detection: Scores
    end_to_end: Scores
    end_to_end_lexicon: Scores | None  # None without a lexicon
    words: np.ndarray  # (W, 4) float64: height in pixels, characters, found, found and correct (0 or 1)
    readings: np.ndarray  # (M, 2) float64: reading_score of the matched words, correct (0 or 1)
    seconds: float  # of spotting
    cpu_seconds: float  # of all threads


def read_images(
    spot: Callable[[np.ndarray], list[Word]], images: EvaluationImages, lexicon: Lexicon | None = None
) -> list[ImageResult]:
    """Spots the words of every image (H, W, 3) uint8 RGB; polygons are in pixels of that image."""
    results = []
    for image, true in images:
        start, cpu_start = time.perf_counter(), time.process_time()
        words = spot(image)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        detection, readings = DetectionMetric(), CalibrationMetric()
        detection.update(true, [word.polygon for word in words])
        readings.update(true, words)
        end_to_end, with_lexicon = EndToEndMetric(), EndToEndMetric(lexicon)
        end_to_end.update(true, words)
        if lexicon:
            with_lexicon.update(true, words)
        rows = [[row[name] for name in WORD_COLUMNS] for row in compare(image, true, words).rows]
        results.append(
            ImageResult(
                detection.summary(),
                end_to_end.summary(),
                with_lexicon.summary() if lexicon else None,
                words=np.array(rows, np.float64).reshape(-1, len(WORD_COLUMNS)),
                readings=np.array([readings.scores, readings.correct], np.float64).T,
                seconds=seconds,
                cpu_seconds=cpu_seconds,
            )
        )
    return results


Figure = Callable[[Sequence[ImageResult]], Interval]


def ratio(part: Callable[[ImageResult], tuple[float, float]]) -> Figure:
    """The figure a / b of the sums over the images of what `part` returns, a and b; 0 where b is 0."""

    def figure(results: Sequence[ImageResult]) -> Interval:
        parts = np.array([part(result) for result in results], np.float64)

        def value(drawn: np.ndarray) -> float:
            above, below = parts[drawn].sum(0)
            return float(above / below) if below else 0.0

        return interval(value, len(parts))

    return figure


def hmean(kind: str) -> Figure:
    """kind: name of the scores in ImageResult."""

    def part(result: ImageResult) -> tuple[float, float]:
        scores: Scores = getattr(result, kind)
        return 2 * scores.matched, scores.found + scores.true

    return ratio(part)


def found_by_height(low: float, high: float = np.inf) -> Figure:
    """Found share of the legible words whose height in pixels is above `low` and at most `high`."""

    def part(result: ImageResult) -> tuple[float, float]:
        height = result.words[:, HEIGHT]
        chosen = result.words[(height > low) & (height <= high)]
        return chosen[:, FOUND].sum(), len(chosen)

    return ratio(part)


def read_by_length(shortest: int) -> Figure:
    """Correctly read share of the found words of at least `shortest` characters."""

    def part(result: ImageResult) -> tuple[float, float]:
        chosen = result.words[result.words[:, LENGTH] >= shortest]
        return chosen[:, CORRECT].sum(), chosen[:, FOUND].sum()

    return ratio(part)


def calibration_error(results: Sequence[ImageResult]) -> Interval:
    """Expected calibration error of reading_score, see evaluation.calibration."""

    def value(drawn: np.ndarray) -> float:
        scores, correct = np.concatenate([results[i].readings for i in drawn]).T
        return calibration(scores, correct > 0).error

    return interval(value, len(results))


detection_recall = ratio(lambda result: (result.detection.matched, result.detection.true))
words_per_image = ratio(lambda result: (result.detection.found, 1))
cpu_seconds = ratio(lambda result: (result.cpu_seconds, 1))


def pooled(sets: Iterable[Sequence[ImageResult]]) -> list[ImageResult]:
    """The images of several sets as one."""
    return [result for results in sets for result in results]


def to_report(results: Sequence[ImageResult]) -> Report:
    """The report of a set, as `evaluate` returns it."""

    def total(kind: str) -> Scores:
        scores = [getattr(result, kind) for result in results]
        names = ("matched", "found", "true")
        return Scores.from_counts(*(sum(getattr(each, name) for each in scores) for name in names))

    return Report(
        detection=total("detection"),
        end_to_end=total("end_to_end"),
        end_to_end_lexicon=total("end_to_end_lexicon")
        if all(result.end_to_end_lexicon for result in results)
        else None,
        calibration_error=calibration_error(results).value,
        seconds=float(np.mean([result.seconds for result in results])),
        cpu_seconds=cpu_seconds(results).value,
        images=len(results),
    )
