"""Spots and scores every image of a set."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import numpy as np

from spotter.evaluation.calibration import CalibrationMetric
from spotter.evaluation.image_sets import EvaluationImages
from spotter.evaluation.lexicon import Lexicon
from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric, Scores
from spotter.types import Word


@dataclass(frozen=True)
class Report:
    """Scores and times of one set of images."""

    detection: Scores
    end_to_end: Scores
    end_to_end_lexicon: Scores | None  # None without a lexicon
    calibration_error: float  # of reading_score, see evaluation.calibration
    seconds: float  # of spotting, mean per image
    cpu_seconds: float  # of all threads, mean per image
    images: int

    def to_json(self) -> dict:
        return asdict(self)


def evaluate(
    spot: Callable[[np.ndarray], list[Word]],
    images: EvaluationImages,
    lexicon: Lexicon | None = None,
    progress: Callable[[Iterable], Iterable] | None = None,
) -> Report:
    """Spots the words of every image and scores them.

    Args:
        spot: finds and reads the words of an image.
        images: (H, W, 3) uint8 RGB with their true regions; polygons in pixels of that image.
        lexicon: for scores with a lexicon in addition to those without.
        progress: wraps the images, such as `tqdm`.
    """
    detection, end_to_end, with_lexicon = DetectionMetric(), EndToEndMetric(), EndToEndMetric(lexicon)
    confidence = CalibrationMetric()
    seconds, cpu_seconds, count = 0.0, 0.0, 0
    for image, true in progress(images) if progress else images:
        start, cpu_start = time.perf_counter(), time.process_time()
        words = spot(image)
        seconds += time.perf_counter() - start
        cpu_seconds += time.process_time() - cpu_start
        count += 1
        detection.update(true, [word.polygon for word in words])
        end_to_end.update(true, words)
        confidence.update(true, words)
        if lexicon:
            with_lexicon.update(true, words)
    return Report(
        detection=detection.summary(),
        end_to_end=end_to_end.summary(),
        end_to_end_lexicon=with_lexicon.summary() if lexicon else None,
        calibration_error=confidence.summary().error,
        seconds=seconds / count if count else 0.0,
        cpu_seconds=cpu_seconds / count if count else 0.0,
        images=count,
    )
