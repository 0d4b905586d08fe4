"""Words set in one font on a flat sheet.

Flat coordinates are pixels of the sheet, x in reading direction and y down. The corner of the first pixel is
(0, 0) and its centre (0.5, 0.5).
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass, replace

import cv2
import numpy as np

from spotter.data.synth.fonts import SIZES, Face, Glyph, cap_height, glyph, stroke

PAD = 4  # empty pixels around the ink of a sheet
MAX_STROKE = 0.3  # of the height of a capital, where strokes are made thicker: letters stay open

# Parts of the em, as most signs have them; sometimes letters are far apart.
USUAL_TRACKING_SHARE = 0.8
TRACKING, WIDE_TRACKING = (-0.02, 0.04), (0.05, 0.35)  # added between letters
SPACE = 0.28, 0.6  # between words
SPACE_PER_TRACKING = 1.5  # so that words stay apart when letters do
OUTLINE = 0.04, 0.1  # width of an outline

LINE_GAP = 0.2, 0.8  # of the height of a capital
ALIGNMENTS = 0.0, 0.5, 0.5, 1.0  # left, centred twice as often, right


@dataclass(frozen=True)
class FlatWord:
    """A word on the sheet."""

    text: str
    box: np.ndarray  # (4,) float32, x1, y1, x2, y2 of its ink
    centres: np.ndarray  # (len(text), 2) float32, middle of each character's ink


@dataclass(frozen=True)
class Sheet:
    """Words set in lines: the position of every glyph; `layers` draws them."""

    pieces: list[tuple[np.ndarray, int, int]]  # mask of a glyph, x and y of its corner, in drawn pixels
    texts: list[tuple[str, np.ndarray]]  # each word, and (len(text), 4) xyxy of its glyphs in drawn pixels
    drawn: tuple[int, int]  # width and height in drawn pixels, which `scale` turns into flat ones
    capital: int  # height of a capital, drawn pixels
    border: int  # width of the outline, drawn pixels; 0: none
    scale: float
    thicker: float = 0.0  # what strokes gain on either side, drawn pixels; below 0: what they lose

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, flat pixels."""
        return max(1, round(self.drawn[0] * self.scale)), max(1, round(self.drawn[1] * self.scale))

    @property
    def cap_height(self) -> float:
        """Height of a capital, flat pixels."""
        return self.capital * self.scale

    def scaled(self, factor: float) -> Sheet:
        """The same sheet, `factor` times as large."""
        return replace(self, scale=self.scale * factor)

    @functools.cached_property
    def words(self) -> list[FlatWord]:
        """The words in reading order."""
        factors = np.array([self.size[0] / self.drawn[0], self.size[1] / self.drawn[1]] * 2, np.float32)
        words = []
        for text, boxes in self.texts:
            boxes = boxes * factors
            box = np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])
            words.append(FlatWord(text, box, (boxes[:, :2] + boxes[:, 2:]) / 2))
        return words

    def layers(self) -> np.ndarray:
        """(h, w) uint8, 255 is ink; or (h, w, 2) with the ink grown by the outline as second layer."""
        ink = np.zeros(self.drawn[::-1], np.uint8)
        for mask, x, y in self.pieces:
            part = ink[y : y + mask.shape[0], x : x + mask.shape[1]]
            np.maximum(part, mask, out=part)
        if self.thicker:
            ink = _change_strokes(ink, self.thicker)
        if self.size != self.drawn:
            ink = cv2.resize(
                ink, self.size, interpolation=cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
            )
        if not self.border:
            return ink
        return cv2.merge([ink, cv2.dilate(ink, _disc(max(1, round(self.border * self.scale))))])


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _change_strokes(ink: np.ndarray, thicker: float) -> np.ndarray:
    """Ink (h, w) uint8 with strokes that gain `thicker` pixels on either side, interpolated between whole
    pixels.
    """
    change, pixels = (cv2.dilate if thicker > 0 else cv2.erode), int(abs(thicker))
    some = change(ink, _disc(pixels)) if pixels else ink
    rest = abs(thicker) - pixels
    return cv2.addWeighted(some, 1 - rest, change(ink, _disc(pixels + 1)), rest, 0)


def stroke_change(face: Face, size: int, weight: float) -> float:
    """Pixels by which the strokes of a font grow on either side to be `weight` times as wide; at most
    MAX_STROKE of the height of a capital.
    """
    width = stroke(face, size)
    wanted = min(width * weight, max(width, MAX_STROKE * cap_height(face, size)))
    return (wanted - width) / 2


@dataclass(frozen=True)
class _Row:
    """A line of text; y is 0 on its baseline."""

    glyphs: list[tuple[Glyph, int]]  # with the first column of each
    left: int  # first and last column, first and last row of the ink
    right: int
    top: int
    bottom: int


def set_text(
    rng: random.Random,
    face: Face,
    lines: list[list[str]],
    height: float,
    outlined: bool = False,
    weight: float = 1.0,
) -> Sheet | None:
    """Sets lines of words with capitals of `height` pixels and strokes `weight` times as wide as the font's;
    None when the font lacks a character.
    """
    size = next((size for size in SIZES if cap_height(face, size) >= height), SIZES[-1])
    capital = cap_height(face, size)
    tracking = rng.uniform(*(TRACKING if rng.random() < USUAL_TRACKING_SHARE else WIDE_TRACKING))
    tracking = 0.0 if face.script else tracking * size
    space = rng.uniform(*SPACE) * size + max(0.0, SPACE_PER_TRACKING * tracking)
    gap, align = capital * rng.uniform(*LINE_GAP), rng.choice(ALIGNMENTS)
    rows: list[_Row] = []
    for line in lines:
        pen, glyphs = 0.0, []
        for text in line:
            for character in text:
                drawn = glyph(face, size, character)
                if drawn is None:
                    return None
                glyphs.append((drawn, round(pen) + drawn.left))
                pen += drawn.advance + tracking
            pen += space
        left, right = min(x for _, x in glyphs), max(x + g.mask.shape[1] for g, x in glyphs)
        top, bottom = min(g.top for g, _ in glyphs), max(g.top + g.mask.shape[0] for g, _ in glyphs)
        rows.append(_Row(glyphs, left, right, top, bottom))
    border = max(1, round(rng.uniform(*OUTLINE) * size)) if outlined else 0
    pad = PAD + border
    width = max(row.right - row.left for row in rows)
    pieces, texts, y = [], [], pad
    for line, row in zip(lines, rows, strict=True):
        dx, dy = pad - row.left + round(align * (width - row.right + row.left)), y - row.top
        moved = [(g.mask, x + dx, g.top + dy) for g, x in row.glyphs]
        boxes = np.array([(x, y, x + m.shape[1], y + m.shape[0]) for m, x, y in moved], np.float32)
        first = 0
        for text in line:
            texts.append((text, boxes[first : first + len(text)]))
            first += len(text)
        pieces += moved
        y += row.bottom - row.top + round(gap)
    drawn_size = width + 2 * pad, y - round(gap) + pad
    thicker = 0 if weight == 1 else stroke_change(face, size, weight)
    return Sheet(pieces, texts, drawn_size, capital, border, height / capital, thicker)
