"""How much reading gains when a person draws the regions: words read in their true polygons
(`Spotter.read`) beside words read in the polygons the spotter found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from spotter.evaluation.metrics import match, same_text
from spotter.predictor import Spotter, drawn_polygon
from spotter.types import GroundTruth


@dataclass
class Gain:
    """Counts over all images; "found" are the legible true words that a detection overlaps."""

    true: int = 0  # legible true words
    true_right: int = 0  # of these read right in their true polygon
    found: int = 0
    found_right: int = 0  # read right in the predicted polygon
    found_true_right: int = 0  # read right in their true polygon

    def lines(self) -> str:
        """The shares, as a table."""
        rows = [
            ("found words, predicted polygons", self.found_right, self.found),
            ("found words, true polygons", self.found_true_right, self.found),
            ("all words, true polygons", self.true_right, self.true),
        ]
        return "\n".join(
            f"{name:34}{right:6} of {count:6} right{100 * right / count if count else 0:8.1f} %"
            for name, right, count in rows
        )


def measure(
    spotter: Spotter,
    samples: Iterable[tuple[np.ndarray, list[GroundTruth]]],
    settings: dict,
    progress: Callable[[Iterable], Iterable] = lambda samples: samples,
) -> Gain:
    """Reads every legible word twice. `settings`: keywords of `Spotter.spot`."""
    gain = Gain()
    for image, true in progress(samples):
        ignore = [region.ignore or not region.text for region in true]
        words = spotter.spot(image, **settings)
        pairs, _ = match(true, ignore, [word.polygon for word in words])
        predicted = {i: same_text(true[i].text, words[j].text) for i, j in pairs}
        for i, right in zip(
            *read_drawn(spotter, image, true, ignore, settings.get("short_side")), strict=True
        ):
            gain.true += 1
            gain.true_right += right
            if i in predicted:
                gain.found += 1
                gain.found_right += predicted[i]
                gain.found_true_right += right
    return gain


def read_drawn(
    spotter: Spotter,
    image: np.ndarray,
    true: list[GroundTruth],
    ignore: list[bool],
    short_side: int | None,
) -> tuple[list[int], list[bool]]:
    """The legible words that can be read in their true polygons, and whether each is read right."""
    height, width = image.shape[:2]
    numbers = []
    for i, region in enumerate(true):
        if not ignore[i]:
            with suppress(ValueError):  # hardly on the image at all
                drawn_polygon(region.polygon, i, width, height)
                numbers.append(i)
    polygons = [true[i].polygon for i in numbers]
    readings = spotter.read(image, polygons, short_side)
    return numbers, [same_text(true[i].text, r.text) for i, r in zip(numbers, readings, strict=True)]
