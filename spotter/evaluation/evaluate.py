"""An evaluation: every image of a set spotted and scored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import numpy as np

from spotter.evaluation.calibration import CalibrationMetric
from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric, Lexicon, Scores
from spotter.types import GroundTruth, Word


@dataclass(frozen=True)
class Report:
    """What an evaluation found out."""

    detection: Scores
    end_to_end: Scores
    end_to_end_lexicon: Scores | None  # None without a lexicon
    calibration_error: float  # of reading_score, see evaluation.calibration
    seconds: float  # of spotting alone, mean over the images
    cpu_seconds: float  # of all threads, the same way
    images: int

    def to_json(self) -> dict:
        return asdict(self)


def evaluate(
    spot: Callable[[np.ndarray], list[Word]],
    samples: Iterable[tuple[np.ndarray, list[GroundTruth]]],
    lexicon: Lexicon | None = None,
    progress: Callable[[Iterable], Iterable] | None = None,
) -> Report:
    """Spots the words of every image and scores them.

    Args:
        spot: finds and reads the words of an image.
        samples: images, (H, W, 3) uint8 RGB, with their true regions; polygons in pixels of that image.
        lexicon: for the scores with a lexicon, beside those without.
        progress: wraps the samples, such as `tqdm`.
    """
    detection, end_to_end, with_lexicon = DetectionMetric(), EndToEndMetric(), EndToEndMetric(lexicon)
    confidence = CalibrationMetric()
    seconds, cpu_seconds, images = 0.0, 0.0, 0
    for image, true in progress(samples) if progress else samples:
        start, cpu_start = time.perf_counter(), time.process_time()
        words = spot(image)
        seconds += time.perf_counter() - start
        cpu_seconds += time.process_time() - cpu_start
        images += 1
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
        seconds=seconds / images if images else 0.0,
        cpu_seconds=cpu_seconds / images if images else 0.0,
        images=images,
    )
