"""95 % intervals by the bootstrap (Efron 1979). Whole images are drawn, as the words of one are alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
PERCENTILES = 2.5, 97.5


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def draw_images(images: int, resamples: int = RESAMPLES) -> np.ndarray:
    """(resamples, images) indices: each time as many of the images as there are, drawn with replacement. The
    same for every call, so that two spotters are compared on the same draws.
    """
    return np.random.default_rng(0).integers(0, images, (resamples, images))


def ends(resampled: np.ndarray) -> tuple[float, float]:
    """The lower and upper end of the interval of a figure's values (resamples,)."""
    low, high = np.percentile(resampled, PERCENTILES)
    return float(low), float(high)


def interval(figure: Callable[[np.ndarray], float], images: int, resamples: int = RESAMPLES) -> Interval:
    """The interval of a figure of at least one image.

    figure: computes it from the indices (images,) of images, of which some may be equal.
    """
    values = np.array([figure(drawn) for drawn in draw_images(images, resamples)])
    return Interval(figure(np.arange(images)), *ends(values))
