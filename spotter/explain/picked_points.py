"""Places on a photo that a person picks: the middle of the word, the blank beside it, or any pixel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WORD, BLANK, MIDDLE = "middle of the word", "blank beside the word", "middle of the photo"
WRITTEN = re.compile(r"^\s*(\d{1,5}(?:\.\d+)?)\s*[,; ]\s*(\d{1,5}(?:\.\d+)?)\s*$")
BAD_PLACE = "This is no place: write it as `x, y` in pixels of the photo, such as `120, 80`, or click on it."
LEAST_BLANK = 3.0  # pixels; words nearer than that touch
PICTURE_WIDTH = 900  # of the photos on which places are clicked
PER_SIDE = 24  # points an outline's side is measured at


@dataclass(frozen=True)
class Blank:
    """The space between a word and the one nearest to it. Points are pixels of the trace's image."""

    other: int  # index of that word
    start: np.ndarray  # (2,) at the word's outline
    end: np.ndarray  # (2,) at the other one's

    @property
    def middle(self) -> np.ndarray:
        return (self.start + self.end) / 2

    @property
    def width(self) -> float:
        """Pixels."""
        return float(np.hypot(*(self.end - self.start)))


def choices(trace: Trace, word: int | None) -> list[str]:
    """The named places of a photo."""
    if word is None:
        return [MIDDLE]
    return [WORD, *([BLANK] if blank_beside(trace, word) else []), MIDDLE]


def place_of(trace: Trace, word: int | None, text: str | None) -> np.ndarray | None:
    """(2,) x and y in pixels of the trace's image, inside it; None when the text names no place."""
    height, width = trace.image.shape[:2]
    written = WRITTEN.match(text or "")
    if written:
        place = np.array([float(written[1]), float(written[2])])
    elif text == WORD and word is not None:
        polygon = trace.polygon(word)
        place = (polygon.min(0) + polygon.max(0)) / 2
    elif text == BLANK and word is not None and (blank := blank_beside(trace, word)) is not None:
        place = blank.middle
    elif text in (WORD, BLANK, MIDDLE):
        place = np.array([width / 2, height / 2])
    else:
        return None
    return place.clip(0, [width - 1, height - 1])


def show_place(trace: Trace, place: Sequence[float]) -> str:
    """A point of the trace's image as `place_of` reads it, moved inside the image."""
    height, width = trace.image.shape[:2]
    x, y = np.clip(np.nan_to_num(np.asarray(place, float)), 0, [width - 1, height - 1])
    return f"{x:.0f}, {y:.0f}"


def place_on_picture(trace: Trace, click: Sequence[float]) -> str:
    """The same for a point of a picture that is at most PICTURE_WIDTH wide."""
    return show_place(trace, np.asarray(click, float) / min(1.0, PICTURE_WIDTH / trace.image.shape[1]))


def blank_beside(trace: Trace, word: int) -> Blank | None:
    """The blank to the nearest word that neither touches nor overlaps; None when there is no such word."""
    mine, best = along(trace.polygon(word)), None
    for other in range(len(trace.words)):
        theirs = along(trace.polygon(other))
        if other == word or overlap(mine, theirs):
            continue
        distance = np.hypot(*(mine[:, None] - theirs[None]).transpose(2, 0, 1))
        least = distance.min()
        # All points that face each other at about the least distance: their middle is that of the blank.
        i, j = np.nonzero(distance <= 1.15 * least + 2)
        blank = Blank(other, mine[i].mean(0), theirs[j].mean(0))
        if least >= LEAST_BLANK and (best is None or blank.width < best.width):
            best = blank
    return best


def along(polygon: np.ndarray) -> np.ndarray:
    """(P, 2) corners -> (P * PER_SIDE, 2) points of the outline."""
    steps = np.arange(PER_SIDE)[:, None, None] / PER_SIDE
    return (polygon * (1 - steps) + np.roll(polygon, -1, 0) * steps).reshape(-1, 2)


def overlap(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether an outline, or its middle, lies in part inside the other one."""
    import cv2

    def inside(points: np.ndarray, polygon: np.ndarray) -> bool:
        # `along` goes corner by corner within each step: its first rows are the corners themselves
        corners = polygon[: len(polygon) // PER_SIDE].astype(np.float32)
        return any(cv2.pointPolygonTest(corners, (float(x), float(y)), False) > 0 for x, y in points)

    return inside(one, other) or inside(other, one)
