"""The photo with its words, the selected one marked: where every view starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw

from spotter.explain.canvas import ORANGE, SKY, label, outline, photo_canvas

if TYPE_CHECKING:
    from spotter.explain.trace import Trace

WIDTH = 760


def draw_overview(trace: Trace, word: int | None) -> tuple[Image.Image, str]:
    """The photo with all outlines, the selected word's in orange; and the alternative text."""
    picture, scale = photo_canvas(trace.image, WIDTH)
    draw = ImageDraw.Draw(picture, "RGBA")
    for i in range(len(trace.words)):
        if i != word:
            outline(draw, trace.polygon(i) * scale, SKY, 2)
    if word is None:
        return picture, "The photo; no words were found on it."
    polygon = trace.polygon(word) * scale
    outline(draw, polygon, ORANGE, 4)
    text = trace.words[word].text or "(no text)"
    label(draw, (polygon[:, 0].min(), polygon[:, 1].min() - 24), f"{word + 1} {text}")
    return picture, f"The photo with {len(trace.words)} words outlined; word {word + 1}, {text}, is selected."


def word_at(trace: Trace, place: list[float]) -> int | None:
    """The smallest word at a place (x, y) of the overview picture, or the one nearest within 20 pixels."""
    scale = min(1.0, WIDTH / trace.image.shape[1])
    found = []
    for i in range(len(trace.words)):
        polygon = (trace.polygon(i) * scale).astype(np.float32)
        distance = cv2.pointPolygonTest(polygon, (float(place[0]), float(place[1])), True)
        if distance >= -20:
            found.append((distance < 0, -distance if distance < 0 else cv2.contourArea(polygon), i))
    return min(found)[2] if found else None
