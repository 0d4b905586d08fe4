"""Polygons as editable text, one word per line: `text: x,y x,y x,y ...`, in pixels of the photo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

PAIR = re.compile(r"^(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$")
MAX_WORDS, MAX_POINTS, MAX_COORDINATE = 200, 64, 100_000.0


def show_outlines(words: Sequence[tuple[str, np.ndarray]]) -> str:
    """Formats words, each (text, (P, 2) polygon), one per line."""
    return "\n".join(
        f"{text}: " + " ".join(f"{x:.0f},{y:.0f}" for x, y in polygon) if text else show_outline(polygon)
        for text, polygon in words
    )


def show_outline(polygon: np.ndarray) -> str:
    """Formats a polygon (P, 2)."""
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in polygon)


def words_read(trace: Trace, minimum_score: float | None = None) -> str:
    """The predicted words of the photo with a score of at least `minimum_score`, one per line.

    None: the threshold of the weights. A trace also holds words below it.
    """
    minimum_score = trace.config.score_threshold if minimum_score is None else minimum_score
    found = [word for word in trace.words if word.score >= minimum_score]
    return show_outlines([(word.text, np.asarray(word.polygon)) for word in found])


def parse_outlines(lines: str) -> list[tuple[str, np.ndarray]]:
    """Parses lines into words, each (text, (P, 2) polygon). Ignores lines with fewer than three points."""
    words = []
    for line in (lines or "").splitlines()[:MAX_WORDS]:
        parts, points = line.split(), []
        while parts and (pair := PAIR.match(parts[-1])):
            points.append([float(pair[1]), float(pair[2])])
            parts.pop()
        polygon = np.array(points[::-1]).clip(-MAX_COORDINATE, MAX_COORDINATE)
        if 3 <= len(points) <= MAX_POINTS and (np.ptp(polygon, 0) >= 1).all():
            words.append((" ".join(parts).removesuffix(":"), polygon))
    return words
