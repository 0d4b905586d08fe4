"""The photo with its words, the selected one marked: the start of every view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from spotter.explain.canvas import ORANGE, SKY, crop, label, linked, outline, photo_canvas, titled
from spotter.explain.layers import Drawing
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WIDTH = 760
NEAR = 20  # pixels of the picture, from a click to an outline


def draw_overview(trace: Trace, word: int | None) -> tuple[Image.Image, str]:
    """The photo with all outlines, the selected word's in orange, those below the spotter's threshold faint;
    and its alternative text.
    """
    picture, scale = photo_canvas(trace.image, WIDTH)
    linked(picture, "photo")
    draw = Drawing(picture, "RGBA")
    for i in range(len(trace.words)):
        if i != word:
            outline(draw, trace.polygon(i) * scale, SKY, 2, 0.4 if below_threshold(trace, i) else 1.0)
    if word is None:
        return picture, tr("The photo; no words were found on it.")
    polygon = trace.polygon(word) * scale
    outline(draw, polygon, ORANGE, 4)
    text = trace.words[word].text or tr("(no text)")
    label(draw, (polygon[:, 0].min(), polygon[:, 1].min() - 30), f"{word + 1} {text}")
    return picture, tr(
        "The photo with {count} words outlined; word {number}, {text}, is selected.",
        count=len(trace.words),
        number=word + 1,
        text=text,
    )


def below_threshold(trace: Trace, word: int) -> bool:
    """Whether the spotter, at its own threshold, would not report the word."""
    return trace.words[word].score < trace.config.score_threshold


def draw_word(trace: Trace, word: int | None) -> tuple[Image.Image, str] | None:
    """The crop of the selected word, with what was read."""
    if word is None:
        return None
    x1, y1, x2, y2 = box = trace.box(word)
    width = 360
    height = int(np.clip(width * (y2 - y1) / max(x2 - x1, 1), 40, 150))
    text = trace.words[word].text or tr("(no text)")
    note = tr('read "{text}", reading score {score:.2f}', text=text, score=trace.words[word].reading_score)
    picture = titled(crop(trace.image, box, width, height), "", note)
    return picture, tr("The box of word {number}, read as {text}.", number=word + 1, text=text)


def word_at(trace: Trace, point: list[float]) -> int | None:
    """The smallest word at a point (x, y) of the overview picture, or the nearest one within NEAR pixels."""
    scale = min(1.0, WIDTH / trace.image.shape[1])
    candidates = []
    for i in range(len(trace.words)):
        polygon = (trace.polygon(i) * scale).astype(np.float32)
        distance = cv2.pointPolygonTest(polygon, (float(point[0]), float(point[1])), True)
        if distance >= -NEAR:
            candidates.append((distance < 0, -distance if distance < 0 else cv2.contourArea(polygon), i))
    return min(candidates)[2] if candidates else None
