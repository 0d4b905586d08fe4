"""Blocks of text: words set in one font on a flat sheet, and the warp that puts the sheet into the scene.

Flat coordinates are pixels of the sheet, x in reading direction and y down; image coordinates are pixels
of the scene. The corner of the first pixel is (0, 0) and its centre (0.5, 0.5), in both.
"""

from __future__ import annotations

import functools
import math
import random
from dataclasses import dataclass, replace

import cv2
import numpy as np

from spotter.data.synth.fonts import SIZES, Face, cap_height, glyph, stroke

PAD = 4  # empty pixels around the ink of a sheet
THICKEST = 0.3  # of the height of a capital, where it is made thicker
MARGIN = 0.05  # of the height of a word, between its ink and its polygon


@dataclass(frozen=True)
class FlatWord:
    """A word on the sheet."""

    text: str
    box: np.ndarray  # (4,) float32, x1, y1, x2, y2 of its ink
    centres: np.ndarray  # (len(text), 2) float32, middle of each character's ink


@dataclass(frozen=True)
class Sheet:
    """Words set in lines; where every glyph goes is known, the pixels are drawn when they are asked for."""

    pieces: list[tuple[np.ndarray, int, int]]  # mask of a glyph, x and y of its corner, in drawn pixels
    texts: list[tuple[str, np.ndarray]]  # each word, and (len(text), 4) boxes of its glyphs in drawn pixels
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

    def shrunk(self, factor: float) -> Sheet:
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
            ink = _changed(ink, self.thicker)
        if self.size != self.drawn:
            ink = cv2.resize(
                ink, self.size, interpolation=cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
            )
        if not self.border:
            return ink
        return cv2.merge([ink, cv2.dilate(ink, _disc(max(1, round(self.border * self.scale))))])


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _changed(ink: np.ndarray, thicker: float) -> np.ndarray:
    """Ink (h, w) uint8 with strokes that gain `thicker` pixels on either side, between two whole numbers."""
    change, pixels = (cv2.dilate if thicker > 0 else cv2.erode), int(abs(thicker))
    some = change(ink, _disc(pixels)) if pixels else ink
    rest = abs(thicker) - pixels
    return cv2.addWeighted(some, 1 - rest, change(ink, _disc(pixels + 1)), rest, 0)


def _thicker(face: Face, size: int, weight: float) -> float:
    """Pixels by which the strokes of a font have to grow on either side to be `weight` times as wide, but no
    wider than letters stay open with.
    """
    width = stroke(face, size)
    wanted = min(width * weight, max(width, THICKEST * cap_height(face, size)))
    return (wanted - width) / 2


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
    tracking = rng.uniform(-0.02, 0.04) if rng.random() < 0.8 else rng.uniform(0.05, 0.35)
    tracking = 0.0 if face.script else tracking * size
    space = rng.uniform(0.28, 0.6) * size + max(0.0, 1.5 * tracking)
    gap, align = capital * rng.uniform(0.2, 0.8), rng.choice((0.0, 0.5, 0.5, 1.0))
    rows = []  # of each line: (glyph, x) of its characters, and its first and last column, first and last row
    for line in lines:
        pen, row = 0.0, []
        for text in line:
            for character in text:
                drawn = glyph(face, size, character)
                if drawn is None:
                    return None
                row.append((drawn, round(pen) + drawn.left))
                pen += drawn.advance + tracking
            pen += space
        left, right = min(x for _, x in row), max(x + g.mask.shape[1] for g, x in row)
        top, bottom = min(g.top for g, _ in row), max(g.top + g.mask.shape[0] for g, _ in row)
        rows.append((row, left, right, top, bottom))
    border = max(1, round(rng.uniform(0.04, 0.1) * size)) if outlined else 0
    pad = PAD + border
    width = max(right - left for _, left, right, _, _ in rows)
    pieces, texts, y = [], [], pad
    for line, (row, left, right, top, bottom) in zip(lines, rows, strict=True):
        dx, dy = pad - left + round(align * (width - right + left)), y - top
        moved = [(g.mask, x + dx, g.top + dy) for g, x in row]
        boxes = np.array([(x, y, x + m.shape[1], y + m.shape[0]) for m, x, y in moved], np.float32)
        first = 0
        for text in line:
            texts.append((text, boxes[first : first + len(text)]))
            first += len(text)
        pieces += moved
        y += bottom - top + round(gap)
    drawn_size = width + 2 * pad, y - round(gap) + pad
    thicker = 0 if weight == 1 else _thicker(face, size, weight)
    return Sheet(pieces, texts, drawn_size, capital, border, height / capital, thicker)


@dataclass(frozen=True)
class Bend:
    """Bends the sheet: flat coordinates around `origin` to bent ones around (0, 0)."""

    kind: str  # "arc" or "wave"
    amount: float  # arc: radius in pixels, negative when the middle hangs down; wave: amplitude in pixels
    wavelength: float = 0.0  # of a wave, pixels
    phase: float = 0.0  # of a wave, radians

    def forward(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) to (N, 2)."""
        x, y = points[:, 0], points[:, 1]
        if self.kind == "wave":
            return np.stack([x, y + self.amount * np.sin(2 * np.pi * x / self.wavelength + self.phase)], 1)
        angle, radius = x / self.amount, self.amount - y
        return np.stack([radius * np.sin(angle), self.amount - radius * np.cos(angle)], 1)

    def inverse(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of bent coordinates, any shape."""
        if self.kind == "wave":
            return x, y - self.amount * np.sin(2 * np.pi * x / self.wavelength + self.phase)
        sign, rest = math.copysign(1.0, self.amount), self.amount - y
        return np.arctan2(sign * x, sign * rest) * self.amount, self.amount - sign * np.hypot(x, rest)

    def turn(self, width: float) -> float:
        """Degrees that a word of `width` pixels turns through, roughly."""
        if self.kind == "wave":
            slope = math.atan(2 * math.pi * abs(self.amount) / self.wavelength)
            return math.degrees(slope) * min(4.0, 4 * width / self.wavelength)
        return math.degrees(width / abs(self.amount))


@dataclass(frozen=True)
class Warp:
    """Flat coordinates to image coordinates: origin to (0, 0), bend, projective matrix."""

    origin: np.ndarray  # (2,) the middle of the sheet
    matrix: np.ndarray  # (3, 3), includes the shift to the place in the image
    bend: Bend | None = None

    def moved(self, x: float, y: float) -> Warp:
        """The same warp, shifted by (x, y) pixels in the image."""
        shift = np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
        return Warp(self.origin, shift @ self.matrix, self.bend)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) flat to (N, 2) float32 image coordinates."""
        points = np.asarray(points, np.float64) - self.origin
        if self.bend is not None:
            points = self.bend.forward(points)
        points = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return (points[:, :2] / points[:, 2:]).astype(np.float32)

    def layers(self, sheet: Sheet, roi: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray | None]:
        """Ink and outline as seen in the image window x1, y1, x2, y2: (y2 - y1, x2 - x1) uint8 each."""
        x1, y1, x2, y2 = roi
        layers = sheet.layers()
        if self.bend is None:
            half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
            to_origin = np.array([[1, 0, -self.origin[0]], [0, 1, -self.origin[1]], [0, 0, 1]])
            to_window = np.array([[1, 0, -x1 - 0.5], [0, 1, -y1 - 0.5], [0, 0, 1]])
            matrix = to_window @ self.matrix @ to_origin @ half
            warped = cv2.warpPerspective(layers, matrix, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR)
        else:
            inverse = np.linalg.inv(self.matrix).astype(np.float32)
            xs = np.arange(x1, x2, dtype=np.float32)[None] + np.float32(0.5)
            ys = np.arange(y1, y2, dtype=np.float32)[:, None] + np.float32(0.5)
            u, v, w = (row[0] * xs + row[1] * ys + row[2] for row in inverse)
            u, v = self.bend.inverse(u / w, v / w)
            shift_x, shift_y = np.float32(self.origin[0] - 0.5), np.float32(self.origin[1] - 0.5)
            maps = (u + shift_x).astype(np.float32), (v + shift_y).astype(np.float32)
            warped = cv2.remap(layers, *maps, interpolation=cv2.INTER_LINEAR)
        return (warped, None) if warped.ndim == 2 else (warped[..., 0], warped[..., 1])

    def polygon(self, word: FlatWord) -> np.ndarray:
        """(P, 2) float32 around the word's ink with MARGIN: top left to right, then bottom right to left."""
        x1, y1, x2, y2 = word.box
        margin = MARGIN * (y2 - y1)
        x1, y1, x2, y2 = x1 - margin, y1 - margin, x2 + margin, y2 + margin
        side = 2
        if self.bend is not None:
            turn = self.bend.turn(x2 - x1)
            side = 2 if turn < 8 else min(8, max(3, math.ceil(turn / 12) + 2))
        return self(around(x1, y1, x2, y2, side))


def around(x1: float, y1: float, x2: float, y2: float, side: int = 2) -> np.ndarray:
    """(2 * side, 2) points around a box: `side` on the top from left to right, then the bottom back."""
    if side == 2:
        return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
    xs = np.linspace(x1, x2, side)
    return np.stack([np.concatenate([xs, xs[::-1]]), np.repeat((y1, y2), side)], 1)


def border(sheet_size: tuple[int, int], grow: float = 0.0, side: int = 2) -> np.ndarray:
    """(2 * side, 2) flat points around a sheet, `grow` pixels outside, in the order of polygons."""
    return around(-grow, -grow, sheet_size[0] + grow, sheet_size[1] + grow, side)


def random_bend(rng: random.Random, width: float, height: float, characters: int) -> Bend:
    """A bend for a line of the given size in flat pixels: an arc up or down, one time in four a wave."""
    if rng.random() < 0.25:
        wavelength = width * rng.uniform(0.8, 2.0)
        slope = math.tan(math.radians(rng.uniform(12, 35)))
        return Bend("wave", slope * wavelength / (2 * math.pi), wavelength, rng.uniform(0, 2 * math.pi))
    turn = math.radians(min(rng.uniform(30, 190), 25 * characters))
    radius = max(width / turn, 1.1 * height)
    return Bend("arc", radius if rng.random() < 0.65 else -radius)


def random_matrix(
    rng: random.Random, size: tuple[int, int], angle: float, perspective: bool, stretch: bool
) -> np.ndarray:
    """(3, 3): stretch, slant, perspective, rotation by `angle` degrees (clockwise as seen) around (0, 0)."""
    a = math.radians(angle)
    rotation = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    squeeze = rng.uniform(0.75, 1.25) if stretch else 1.0
    slant = rng.uniform(-0.2, 0.2) if stretch else 0.0
    if not perspective:
        return rotation @ np.array([[squeeze, slant, 0], [0, 1, 0], [0, 0, 1]])
    squeeze *= rng.uniform(0.65, 1.0)
    slant += rng.uniform(-0.25, 0.25)
    # Sides of the sheet are up to 1.3 times nearer or farther than its middle.
    px = rng.uniform(-0.28, 0.28) / max(1.0, size[0] / 2)
    py = rng.uniform(-0.2, 0.2) / max(1.0, size[0] / 2, size[1] / 2)
    return rotation @ np.array([[squeeze, slant, 0], [rng.uniform(-0.1, 0.1), 1, 0], [px, py, 1]])
