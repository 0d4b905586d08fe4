"""Draws words over their photo, for files; the app draws them in tabs/shared/overlay.js."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from spotter.types import Word

# Okabe-Ito yellow on black: visible on any photo, with every kind of colour vision.
LINE = (240, 228, 66)
HALO = (0, 0, 0)
MIN_FONT_SIZE = 14  # pixels
UNITS = 400  # per short side; lines are 2 units wide, with their halo 5


def draw_words(image: np.ndarray, words: Sequence[Word]) -> np.ndarray:
    """A copy of an image (H, W, 3) uint8 RGB with each word's polygon, in its pixels, and text."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    unit = max(1, round(min(picture.size) / UNITS))
    size = max(MIN_FONT_SIZE, 9 * unit)
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))  # the other kind has no sizes
    for width, colour in ((5 * unit, HALO), (2 * unit, LINE)):
        for word in words:
            corners = [tuple(point) for point in word.polygon]
            draw.line([*corners, *corners[:2]], fill=colour, width=width, joint="curve")
    for word in words:
        _label(draw, font, word, picture.size, pad=2 * unit)
    return np.array(picture)


def _label(
    draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, word: Word, size: tuple[int, int], pad: int
) -> None:
    """Draws the text above the word, or below it if there is no room above; always inside the image."""
    text = _shorten(word.text, font, size[0] - 2 * pad)
    if not text:
        return
    width, height = round(font.getlength(text)) + 2 * pad, sum(font.getmetrics()) + 2 * pad
    x1, y1, _, y2 = word.box
    top = y1 - height if y1 >= height else y2
    top = min(max(top, 0), max(size[1] - height, 0))
    left = min(max(x1, 0), max(size[0] - width, 0))
    draw.rectangle((left, top, left + width, top + height), fill=HALO)
    draw.text((left + pad, top + pad), text, fill=LINE, font=font)


def _shorten(text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    text = text.replace("\n", " ")
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "...") > room:
        text = text[:-1]
    return text + "..." if text else ""
