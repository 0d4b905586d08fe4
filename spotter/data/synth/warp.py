"""How a flat sheet is bent, seen in perspective and rotated into a scene.

Flat coordinates are pixels of the sheet, x in reading direction and y down; image coordinates are pixels
of the scene. The corner of the first pixel is (0, 0) and its centre (0.5, 0.5), in both.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.data.synth.layout import FlatWord, Sheet

MARGIN = 0.05  # of the height of a word, between its ink and its polygon
STRAIGHT = 8  # degrees; words that turn less have quadrilaterals
DEGREES_PER_EDGE = 12  # of polygons of curved words
MAX_SIDE = 8  # points on the top and on the bottom: 16 are the most that ground truth may have

WAVE_SHARE = 0.25  # of the bent lines; the others are arcs
WAVELENGTH = 0.8, 2.0  # of the line's width
WAVE_SLOPE = 12, 35  # degrees, the steepest of the wave
ARC = 30, 190  # degrees that a line turns through
MAX_ARC_PER_CHARACTER = 25  # degrees; more, and letters would overlap
MIN_RADIUS = 1.1  # of the sheet's height, so that its lower edge does not fold
UPWARD_SHARE = 0.65  # of the arcs, with the middle up, as on round signs

STRETCH = 0.75, 1.25  # of the width
MAX_SLANT = 0.2  # horizontal shear of stretched text
FORESHORTENING = 0.65, 1.0  # of the width, where a sign is seen from the side
MAX_VIEW_SLANT, MAX_SHEAR = 0.25, 0.1  # shears of a sign seen from the side, horizontal and vertical
MAX_DEPTH_X, MAX_DEPTH_Y = (
    0.28,
    0.2,
)  # sides of the sheet are up to 1.3 times nearer or farther than its middle


@dataclass(frozen=True)
class Bend:
    """A curve of the line of text: of coordinates around the middle of the sheet."""

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
            return math.degrees(slope) * min(4.0, 4 * width / self.wavelength)  # 4 quarters of a wave
        return math.degrees(width / abs(self.amount))


@dataclass(frozen=True)
class Warp:
    """Flat coordinates to image coordinates: origin to (0, 0), bend, projective matrix."""

    origin: np.ndarray  # (2,) the middle of the sheet
    matrix: np.ndarray  # (3, 3), includes the shift to the position in the image
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
            inverse: np.ndarray = np.linalg.inv(self.matrix).astype(np.float32)
            xs = np.arange(x1, x2, dtype=np.float32)[None] + np.float32(0.5)
            ys = np.arange(y1, y2, dtype=np.float32)[:, None] + np.float32(0.5)
            u, v, w = (inverse[i, 0] * xs + inverse[i, 1] * ys + inverse[i, 2] for i in range(3))
            u, v = self.bend.inverse(u / w, v / w)
            shift_x, shift_y = np.float32(self.origin[0] - 0.5), np.float32(self.origin[1] - 0.5)
            maps = (u + shift_x).astype(np.float32), (v + shift_y).astype(np.float32)
            warped = cv2.remap(layers, *maps, interpolation=cv2.INTER_LINEAR)
        return (warped, None) if warped.ndim == 2 else (warped[..., 0], warped[..., 1])

    def polygon(self, word: FlatWord) -> np.ndarray:
        """(P, 2) float32 around the ink with MARGIN: the top from left to right, then the bottom back."""
        x1, y1, x2, y2 = word.box
        margin = MARGIN * (y2 - y1)
        x1, y1, x2, y2 = x1 - margin, y1 - margin, x2 + margin, y2 + margin
        side = 2
        if self.bend is not None:
            turn = self.bend.turn(x2 - x1)
            curved = min(MAX_SIDE, max(3, math.ceil(turn / DEGREES_PER_EDGE) + 2))
            side = 2 if turn < STRAIGHT else curved
        return self(box_outline(x1, y1, x2, y2, side))


def box_outline(x1: float, y1: float, x2: float, y2: float, side: int = 2) -> np.ndarray:
    """(2 * side, 2) points around a box: `side` on the top from left to right, then the bottom back."""
    if side == 2:
        return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
    xs = np.linspace(x1, x2, side)
    return np.stack([np.concatenate([xs, xs[::-1]]), np.repeat((y1, y2), side)], 1)


def sheet_outline(sheet_size: tuple[int, int], grow: float = 0.0, side: int = 2) -> np.ndarray:
    """(2 * side, 2) flat points around a sheet, `grow` pixels outside, in the order of polygons."""
    return box_outline(-grow, -grow, sheet_size[0] + grow, sheet_size[1] + grow, side)


def random_bend(rng: random.Random, width: float, height: float, characters: int) -> Bend:
    """A bend for a line of the given size in flat pixels: an arc up or down, or a wave."""
    if rng.random() < WAVE_SHARE:
        wavelength = width * rng.uniform(*WAVELENGTH)
        slope = math.tan(math.radians(rng.uniform(*WAVE_SLOPE)))
        return Bend("wave", slope * wavelength / (2 * math.pi), wavelength, rng.uniform(0, 2 * math.pi))
    turn = math.radians(min(rng.uniform(*ARC), MAX_ARC_PER_CHARACTER * characters))
    radius = max(width / turn, MIN_RADIUS * height)
    return Bend("arc", radius if rng.random() < UPWARD_SHARE else -radius)


def random_matrix(
    rng: random.Random, size: tuple[int, int], angle: float, perspective: bool, stretch: bool
) -> np.ndarray:
    """(3, 3): stretch, slant, perspective, rotation by `angle` degrees (clockwise as seen) around (0, 0)."""
    a = math.radians(angle)
    rotation = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    squeeze = rng.uniform(*STRETCH) if stretch else 1.0
    slant = rng.uniform(-MAX_SLANT, MAX_SLANT) if stretch else 0.0
    if not perspective:
        return rotation @ np.array([[squeeze, slant, 0], [0, 1, 0], [0, 0, 1]])
    squeeze *= rng.uniform(*FORESHORTENING)
    slant += rng.uniform(-MAX_VIEW_SLANT, MAX_VIEW_SLANT)
    px = rng.uniform(-MAX_DEPTH_X, MAX_DEPTH_X) / max(1.0, size[0] / 2)
    py = rng.uniform(-MAX_DEPTH_Y, MAX_DEPTH_Y) / max(1.0, size[0] / 2, size[1] / 2)
    shear = rng.uniform(-MAX_SHEAR, MAX_SHEAR)
    return rotation @ np.array([[squeeze, slant, 0], [shear, 1, 0], [px, py, 1]])
