"""Points on a photo that a person can pick: the middle of the word, the gap next to it, or any pixel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WORD, GAP, MIDDLE = "middle of the word", "gap next to the word", "middle of the photo"
WRITTEN = re.compile(r"^\s*(\d{1,5}(?:\.\d+)?)\s*[,; ]\s*(\d{1,5}(?:\.\d+)?)\s*$")
MIN_GAP = 3.0  # pixels; closer words touch each other
MAX_OFFSET = 0.5  # of the lower word's height, between the middles of two words of a line
PICTURE_WIDTH = 900  # pixels; maximum width of the photos on which points are picked
PER_SIDE = 24  # points sampled on each side of a polygon


@dataclass(frozen=True)
class Gap:
    """The space between a word and the nearest other one. Points are in pixels of the trace's image."""

    other: int  # index of the other word
    start: np.ndarray  # (2,) on the outline of the word
    end: np.ndarray  # (2,) on the outline of the other word

    @property
    def middle(self) -> np.ndarray:
        return (self.start + self.end) / 2

    @property
    def width(self) -> float:
        """Pixels."""
        return float(np.hypot(*(self.end - self.start)))


def named_points(trace: Trace, word: int | None) -> list[str]:
    """The points of a photo that have a name."""
    if word is None:
        return [MIDDLE]
    return [WORD, *([GAP] if nearest_gap(trace, word) else []), MIDDLE]


def point_choices(points: Sequence[str]) -> list[tuple[str, str]]:
    """Points that have a name, as choices: each with its name in the current language."""
    names = {
        WORD: tr("middle of the word"),
        GAP: tr("gap next to the word"),
        MIDDLE: tr("middle of the photo"),
    }
    return [(names[point], point) for point in points]


def point_of(trace: Trace, word: int | None, text: str | None) -> np.ndarray | None:
    """(2,) x and y, clipped to the trace's image, in its pixels; None if the text is not a point."""
    height, width = trace.image.shape[:2]
    written = WRITTEN.match(text or "")
    if written:
        point = np.array([float(written[1]), float(written[2])])
    elif text == WORD and word is not None:
        polygon = trace.polygon(word)
        point = (polygon.min(0) + polygon.max(0)) / 2
    elif text == GAP and word is not None and (gap := nearest_gap(trace, word)) is not None:
        point = gap.middle
    elif text in (WORD, GAP, MIDDLE):
        point = np.array([width / 2, height / 2])
    else:
        return None
    return point.clip(0, [width - 1, height - 1])


def format_point(trace: Trace, point: Sequence[float]) -> str:
    """Formats a point of the trace's image, clipped to it, as `point_of` parses it."""
    height, width = trace.image.shape[:2]
    x, y = np.clip(np.nan_to_num(np.asarray(point, float)), 0, [width - 1, height - 1])
    return f"{x:.0f}, {y:.0f}"


def point_on_picture(trace: Trace, click: Sequence[float]) -> str:
    """The same for a click on a picture that is at most PICTURE_WIDTH wide."""
    return format_point(trace, np.asarray(click, float) / min(1.0, PICTURE_WIDTH / trace.image.shape[1]))


def nearest_gap(trace: Trace, word: int) -> Gap | None:
    """The gap to the nearest word on the same line that does not touch this one; None if there is none."""
    mine, best = along(trace.polygon(word)), None
    for other in range(len(trace.words)):
        theirs = along(trace.polygon(other))
        if other == word or not on_one_line(trace, word, other) or overlap(mine, theirs):
            continue
        distance = np.hypot(*(mine[:, None] - theirs[None]).transpose(2, 0, 1))
        minimum = distance.min()
        # The mean over all pairs of points at about the minimum distance is the middle of the gap.
        i, j = np.nonzero(distance <= 1.15 * minimum + 2)
        gap = Gap(other, mine[i].mean(0), theirs[j].mean(0))
        if minimum >= MIN_GAP and (best is None or gap.width < best.width):
            best = gap
    return best


def on_one_line(trace: Trace, word: int, other: int) -> bool:
    """Whether a word lies on the line of another: beside it, not above or below, seen along its RoI."""
    rois = trace.rois.astype(np.float64)
    angle, offset = rois[word, 4], rois[other, :2] - rois[word, :2]
    across = abs(offset @ np.array([-np.sin(angle), np.cos(angle)]))
    return bool(across < MAX_OFFSET * min(rois[word, 3], rois[other, 3]))


def along(polygon: np.ndarray) -> np.ndarray:
    """Corners (P, 2) -> points on the outline (P * PER_SIDE, 2)."""
    steps = np.arange(PER_SIDE)[:, None, None] / PER_SIDE
    return (polygon * (1 - steps) + np.roll(polygon, -1, 0) * steps).reshape(-1, 2)


def overlap(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a point of one outline lies inside the other."""
    import cv2

    def inside(points: np.ndarray, polygon: np.ndarray) -> bool:
        # `along` goes corner by corner within each step: its first rows are the corners themselves
        corners = polygon[: len(polygon) // PER_SIDE].astype(np.float32)
        return any(cv2.pointPolygonTest(corners, (float(x), float(y)), False) > 0 for x, y in points)

    return inside(one, other) or inside(other, one)
