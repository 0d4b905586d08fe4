"""Outlines as editable text, a line a word: `text: x,y x,y x,y ...` in pixels of the photo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

PAIR = re.compile(r"^(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$")
MOST_WORDS, MOST_POINTS, LARGEST = 200, 64, 100_000.0


def show_outlines(words: Sequence[tuple[str, np.ndarray]]) -> str:
    """(text, (P, 2) polygon) of each word -> lines."""
    return "\n".join(
        f"{text}: " + " ".join(f"{x:.0f},{y:.0f}" for x, y in polygon) if text else show_outline(polygon)
        for text, polygon in words
    )


def show_outline(polygon: np.ndarray) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in polygon)


def words_read(trace: Trace, least: float | None = None) -> str:
    """The photo's words with a score of at least `least` as they were found and read, as lines.

    None: the weights' own threshold. A trace holds less sure words too, which nobody would call found.
    """
    least = trace.config.score_threshold if least is None else least
    found = [word for word in trace.words if word.score >= least]
    return show_outlines([(word.text, np.asarray(word.polygon)) for word in found])


def parse_outlines(lines: str) -> list[tuple[str, np.ndarray]]:
    """The words of all lines that hold at least three points; other lines are left out."""
    words = []
    for line in (lines or "").splitlines()[:MOST_WORDS]:
        parts, points = line.split(), []
        while parts and (pair := PAIR.match(parts[-1])):
            points.append([float(pair[1]), float(pair[2])])
            parts.pop()
        polygon = np.array(points[::-1]).clip(-LARGEST, LARGEST)
        if 3 <= len(points) <= MOST_POINTS and (np.ptp(polygon, 0) >= 1).all():
            words.append((" ".join(parts).removesuffix(":"), polygon))
    return words
