"""How a block of text is painted into a scene: colours, sign, shadow, outline, texture, things before it."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np

from spotter.data.synth.backgrounds import noise_crop, random_colour
from spotter.data.synth.layout import Sheet, Warp, border


def _luminance(colour) -> float:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def _contrasting(rng: random.Random, other: float, gap: float) -> np.ndarray:
    """(3,) float32 RGB whose luminance differs from `other` by `gap` or more, 0..255."""
    for _ in range(12):
        colour = random_colour(rng, 0.4)
        if rng.random() < 0.35:
            colour = rng.choice(((250, 250, 248), (12, 12, 14), (235, 235, 225), (40, 40, 45)))
        if abs(_luminance(colour) - other) >= gap:
            return np.array(colour, np.float32)
    return np.full(3, 0 if other > 127 else 255, np.float32)


def draw(
    rng: random.Random, image: np.ndarray, sheet: Sheet, warp: Warp, panel: np.ndarray | None, strength: float
) -> None:
    """Draws a block into the image, in place; panel: (4, 2) image coordinates of the sign behind it."""
    points = warp(border(sheet.size, 0, 12 if warp.bend else 2))
    reach = 4 + int(0.1 * sheet.cap_height)
    x1, y1 = (int(v) for v in np.maximum(np.floor(points.min(0)) - reach, 0))
    x2, y2 = (int(v) for v in np.minimum(np.ceil(points.max(0)) + reach, image.shape[1::-1]))
    if x2 - x1 < 2 or y2 - y1 < 2:
        return
    window = image[y1:y2, x1:x2]
    mean, deviation = cv2.meanStdDev(np.ascontiguousarray(window[::2, ::2]))
    level, rough = _luminance(mean[:, 0]), float(deviation.mean())
    if panel is None and warp.bend is None and rough > 42 and rng.random() < 0.7:
        panel = warp(border(sheet.size, 0.1 * sheet.cap_height))
    if panel is not None:
        colour = _contrasting(rng, level, 15)
        _panel(rng, image, panel, colour)
        level, rough = _luminance(colour), 0.0
    low = rng.random() < 0.14 * strength
    gap = rng.uniform(28, 55) if low else rng.uniform(60, 110)
    colour = _contrasting(rng, level, gap + min(40.0, rough * 0.6))
    ink, outline = warp.layers(sheet, (x1, y1, x2, y2))
    patch = window.astype(np.float32)
    if outline is not None:
        patch = _mix(patch, _contrasting(rng, _luminance(colour), 90), outline)
    elif rng.random() < 0.18:
        patch = _shadow(rng, patch, ink, colour, sheet.cap_height)
    paint: np.ndarray = colour
    kind = rng.random()
    if kind < 0.12:  # uneven paint
        paint = colour + noise_crop(rng, y2 - y1, x2 - x1)[..., None] * rng.uniform(4, 22)
    elif kind < 0.24:  # a gradient from top to bottom
        other = colour + (_contrasting(rng, level, gap) - colour) * rng.uniform(0.2, 0.8)
        if abs(_luminance((colour + other) / 2) - level) > gap * 0.8:
            paint = np.linspace(colour, other, y2 - y1, dtype=np.float32)[:, None]
    opacity = rng.uniform(0.7, 1.0) if rng.random() < 0.2 * strength else 1.0
    patch = _mix(patch, paint, ink, opacity)
    np.clip(patch, 0, 255, out=patch)
    image[y1:y2, x1:x2] = patch


def _mix(patch: np.ndarray, paint: np.ndarray, mask: np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """Paint (a colour, or (h, w, 3)) over the patch, (h, w, 3) float32, by the mask, (h, w) uint8."""
    height, width = mask.shape
    share = cv2.merge([mask] * 3).reshape(height, -1) * np.float32(opacity / 255)
    rows = patch.reshape(height, -1)
    paint = (
        np.tile(paint, width) if paint.ndim == 1 else np.broadcast_to(paint, patch.shape).reshape(height, -1)
    )
    return (rows + (paint - rows) * share).reshape(patch.shape)


def _shadow(
    rng: random.Random, patch: np.ndarray, ink: np.ndarray, colour: np.ndarray, height: float
) -> np.ndarray:
    """A shadow, or a glow when it does not move; darker than a light text and lighter than a dark one."""
    far = rng.uniform(0.03, 0.1) * height if rng.random() < 0.75 else 0.0
    angle = rng.uniform(0, 2 * math.pi)
    matrix = np.array([[1, 0, far * math.cos(angle)], [0, 1, far * math.sin(angle)]])
    soft = cv2.warpAffine(ink, matrix, ink.shape[::-1])
    soft = cv2.GaussianBlur(soft, (0, 0), rng.uniform(0.4, 0.4 + 0.06 * height))
    dark = 0.0 if _luminance(colour) > 110 else 235.0
    return _mix(patch, np.full(3, dark, np.float32), soft, rng.uniform(0.3, 0.9))


def _panel(rng: random.Random, image: np.ndarray, corners: np.ndarray, colour: np.ndarray) -> None:
    """A sign: a quadrilateral ((4, 2) image coordinates), at times see-through, uneven or with a border."""
    height, width = image.shape[:2]
    x1, y1 = (int(v) for v in np.maximum(np.floor(corners.min(0)) - 2, 0))
    x2, y2 = (int(v) for v in np.minimum(np.ceil(corners.max(0)) + 2, (width, height)))
    mask = np.zeros((y2 - y1, x2 - x1), np.uint8)
    fixed = np.round((corners - (x1, y1)) * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, fixed, 255, cv2.LINE_AA, 4)
    window = image[y1:y2, x1:x2].astype(np.float32)
    paint: np.ndarray = colour
    if rng.random() < 0.4:
        light = np.array([[rng.uniform(-25, 25) for _ in range(2)] for _ in range(2)], np.float32)
        paint = colour + cv2.resize(light, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)[..., None]
    window = _mix(window, paint, mask, rng.uniform(0.85, 1.0))
    image[y1:y2, x1:x2] = np.clip(window, 0, 255)
    if rng.random() < 0.25:
        edge = tuple(int(v) for v in _contrasting(rng, _luminance(colour), 40))
        outer = np.round(corners * 16).astype(np.int32)
        cv2.polylines(image, [outer], True, edge, rng.randint(1, 3), cv2.LINE_AA, 4)


def occlude(rng: random.Random, image: np.ndarray, sheet: Sheet, warp: Warp) -> None:
    """A thin thing before the block, such as a pole, a wire or a twig: no character is hidden as a whole."""
    (x1, y1), (x2, y2) = np.zeros(2), np.array(sheet.size)
    x, slope = rng.uniform(x1, x2), rng.uniform(-1, 1) * (y2 - y1)
    ends = np.array([[x - slope, y1 - 6], [x + slope, y2 + 6]])
    if rng.random() < 0.15:
        y = rng.uniform(y1, y2)
        ends = np.array([[x1 - 6, y - rng.uniform(-3, 3)], [x2 + 6, y]])
    thick = max(1, round(rng.uniform(0.04, 0.12) * sheet.cap_height))
    (ax, ay), (bx, by) = np.round(warp(ends)).astype(int).tolist()
    cv2.line(image, (ax, ay), (bx, by), random_colour(rng), thick, cv2.LINE_AA)
