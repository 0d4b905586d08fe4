"""How much reading gains from perfect detection: words read in their ground-truth polygons (`Spotter.read`)
and in the detected ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotter.evaluation.image_sets import EvaluationImages
from spotter.evaluation.metrics import match_detections, same_text
from spotter.ops.drawn_polygons import clip_drawn_polygon
from spotter.types import GroundTruth

if TYPE_CHECKING:
    from spotter.predictor import Spotter


@dataclass
class PolygonComparison:
    """Counts over all images. "Detected" are the legible true words that are matched with a detection."""

    true: int = 0  # legible true words
    true_correct: int = 0  # read correctly in the true polygon
    detected: int = 0
    detected_correct: int = 0  # detected words read correctly in the detected polygon
    detected_true_correct: int = 0  # detected words read correctly in the true polygon

    def table(self) -> str:
        """Counts and percentages, one line each."""
        rows = [
            ("detected words, detected polygons", self.detected_correct, self.detected),
            ("detected words, true polygons", self.detected_true_correct, self.detected),
            ("all words, true polygons", self.true_correct, self.true),
        ]
        return "\n".join(
            f"{name:34}{correct:6} of {count:6} correct{100 * correct / count if count else 0:8.1f} %"
            for name, correct, count in rows
        )


def compare_polygons(
    spotter: Spotter,
    images: EvaluationImages,
    settings: dict[str, Any],
    progress: Callable[[Iterable], Iterable] = lambda images: images,
) -> PolygonComparison:
    """Reads every legible word in both polygons. `settings`: keyword arguments of `Spotter.spot`."""
    counts = PolygonComparison()
    for image, true in progress(images):
        ignore = [region.ignore or not region.text for region in true]
        words = spotter.spot(image, **settings)
        pairs, _ = match_detections(true, ignore, [word.polygon for word in words])
        detected = {i: same_text(true[i].text, words[j].text) for i, j in pairs}
        indices, results = read_true_polygons(spotter, image, true, ignore, settings.get("short_side"))
        for i, correct in zip(indices, results, strict=True):
            counts.true += 1
            counts.true_correct += correct
            if i in detected:
                counts.detected += 1
                counts.detected_correct += detected[i]
                counts.detected_true_correct += correct
    return counts


def read_true_polygons(
    spotter: Spotter,
    image: np.ndarray,
    true: list[GroundTruth],
    ignore: list[bool],
    short_side: int | None,
) -> tuple[list[int], list[bool]]:
    """Indices of the legible words whose polygons lie on the image, and whether each is read correctly."""
    height, width = image.shape[:2]
    indices = []
    for i, region in enumerate(true):
        if not ignore[i]:
            with suppress(ValueError):  # outside the image, or too thin
                clip_drawn_polygon(region.polygon, i, width, height)
                indices.append(i)
    readings = spotter.read(image, [true[i].polygon for i in indices], short_side)
    return indices, [same_text(true[i].text, r.text) for i, r in zip(indices, readings, strict=True)]
