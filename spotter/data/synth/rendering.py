"""How a block of text is painted into a scene: colours, sign, shadow, outline, texture, occlusion.

Luminances and differences of them are gray levels, 0..255. Ranges are those of uniform distributions.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import cv2
import numpy as np

from spotter.data.synth.backgrounds import noise_crop, random_colour
from spotter.data.synth.layout import Sheet
from spotter.data.synth.warp import Warp, sheet_outline

CURVE_POINTS = 12  # on each side of the outline of a bent sheet
LUMA = 0.299, 0.587, 0.114  # of R, G, B (ITU-R BT.601)

# Most inks and signs are nearly white or black.
PLAIN_COLOURS = (250, 250, 248), (12, 12, 14), (235, 235, 225), (40, 40, 45)
PLAIN_SHARE, GRAY_SHARE = 0.35, 0.4
COLOUR_TRIES = 12  # before black or white is taken for a contrast

ROUGH = 42  # standard deviation of a background that text often gets a sign on
ROUGH_PANEL_PROBABILITY = 0.7
PANEL_CONTRAST = 15  # of a sign with its background
PANEL_OPACITY = 0.85, 1.0
UNEVEN_PANEL_PROBABILITY, PANEL_UNEVENNESS = 0.4, 25
PANEL_BORDER_PROBABILITY, PANEL_BORDER_CONTRAST, PANEL_BORDER = 0.25, 40, (1, 3)  # its width in pixels
ROUGH_PANEL_MARGIN = 0.1  # of the height of a capital

CONTRAST, LOW_CONTRAST = (60, 110), (28, 55)  # minimum of ink with its background
LOW_CONTRAST_PROBABILITY = 0.14
ROUGH_CONTRAST, MAX_ROUGH_CONTRAST = 0.6, 40.0  # contrast added per standard deviation of the background
OUTLINE_CONTRAST = 90
SHADOW_PROBABILITY = 0.18
UNEVEN_INK_SHARE, UNEVEN_INK = 0.12, (4, 22)  # standard deviation of the noise
GRADIENT_SHARE, GRADIENT = 0.12, (0.2, 0.8)  # how far the lower colour is from the upper one
MIN_GRADIENT_CONTRAST = 0.8  # of the ink's contrast, in the middle of a gradient
FADED_PROBABILITY, FADED_OPACITY = 0.2, (0.7, 1.0)

# Lengths in parts of the height of a capital.
SHADOW_MOVES_SHARE = 0.75  # the others are glows
SHADOW_OFFSET, SHADOW_BLUR, MIN_SHADOW_BLUR = (0.03, 0.1), 0.06, 0.4  # the minimum in pixels
SHADOW_OPACITY = 0.3, 0.9
DARK_INK, LIGHT_SHADOW = 110, 235.0  # darker ink than this gets a light shadow
OCCLUDER_WIDTH = 0.04, 0.12
OCCLUDER_ALONG_SHARE = 0.15  # along the line; the others cross it
OCCLUDER_END = 6  # pixels beyond the sheet
OCCLUDER_SLOPE = 3  # pixels, of one along the line


def _luminance(colour: Sequence[float] | np.ndarray) -> float:
    return LUMA[0] * colour[0] + LUMA[1] * colour[1] + LUMA[2] * colour[2]


def _contrasting(rng: random.Random, other: float, contrast: float) -> np.ndarray:
    """(3,) float32 RGB whose luminance differs from `other` by `contrast` or more."""
    for _ in range(COLOUR_TRIES):
        colour = random_colour(rng, GRAY_SHARE)
        if rng.random() < PLAIN_SHARE:
            colour = rng.choice(PLAIN_COLOURS)
        if abs(_luminance(colour) - other) >= contrast:
            return np.array(colour, np.float32)
    return np.full(3, 0 if other > 127 else 255, np.float32)


def draw_block(
    rng: random.Random, image: np.ndarray, sheet: Sheet, warp: Warp, panel: np.ndarray | None, strength: float
) -> None:
    """Draws a block into the image, in place.

    panel: (4, 2) image coordinates of the sign behind it; strength: of the degradation, 0..1.
    """
    points = warp(sheet_outline(sheet.size, 0, CURVE_POINTS if warp.bend else 2))
    reach = 4 + int(0.1 * sheet.cap_height)  # of shadows and outlines
    x1, y1 = (int(v) for v in np.maximum(np.floor(points.min(0)) - reach, 0))
    x2, y2 = (int(v) for v in np.minimum(np.ceil(points.max(0)) + reach, image.shape[1::-1]))
    if x2 - x1 < 2 or y2 - y1 < 2:
        return
    window = image[y1:y2, x1:x2]
    mean, deviation = cv2.meanStdDev(np.ascontiguousarray(window[::2, ::2]))
    level, rough = _luminance(mean[:, 0]), float(deviation.mean())
    if panel is None and warp.bend is None and rough > ROUGH and rng.random() < ROUGH_PANEL_PROBABILITY:
        panel = warp(sheet_outline(sheet.size, ROUGH_PANEL_MARGIN * sheet.cap_height))
    if panel is not None:
        colour = _contrasting(rng, level, PANEL_CONTRAST)
        _draw_panel(rng, image, panel, colour)
        level, rough = _luminance(colour), 0.0
    low = rng.random() < LOW_CONTRAST_PROBABILITY * strength
    contrast = rng.uniform(*(LOW_CONTRAST if low else CONTRAST))
    colour = _contrasting(rng, level, contrast + min(MAX_ROUGH_CONTRAST, rough * ROUGH_CONTRAST))
    ink, outline = warp.layers(sheet, (x1, y1, x2, y2))
    patch = window.astype(np.float32)
    if outline is not None:
        patch = _mix(patch, _contrasting(rng, _luminance(colour), OUTLINE_CONTRAST), outline)
    elif rng.random() < SHADOW_PROBABILITY:
        patch = _shadow(rng, patch, ink, colour, sheet.cap_height)
    paint: np.ndarray = colour
    kind = rng.random()
    if kind < UNEVEN_INK_SHARE:
        paint = colour + noise_crop(rng, y2 - y1, x2 - x1)[..., None] * rng.uniform(*UNEVEN_INK)
    elif kind < UNEVEN_INK_SHARE + GRADIENT_SHARE:  # from top to bottom
        other = colour + (_contrasting(rng, level, contrast) - colour) * rng.uniform(*GRADIENT)
        if abs(_luminance((colour + other) / 2) - level) > contrast * MIN_GRADIENT_CONTRAST:
            paint = np.linspace(colour, other, y2 - y1, dtype=np.float32)[:, None]
    opacity = rng.uniform(*FADED_OPACITY) if rng.random() < FADED_PROBABILITY * strength else 1.0
    patch = _mix(patch, paint, ink, opacity)
    np.clip(patch, 0, 255, out=patch)
    image[y1:y2, x1:x2] = patch


def _mix(patch: np.ndarray, paint: np.ndarray, mask: np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """Paint (a colour, or (h, w, 3)) over the patch, (h, w, 3) float32, by the mask, (h, w) uint8."""
    height, width = mask.shape
    share = cv2.merge([mask] * 3).reshape(height, -1) * np.float32(opacity / 255)
    rows = patch.reshape(height, -1)
    if paint.ndim == 1:
        paint = np.tile(paint, width)
    else:
        paint = np.broadcast_to(paint, patch.shape).reshape(height, -1)
    return (rows + (paint - rows) * share).reshape(patch.shape)


def _shadow(
    rng: random.Random, patch: np.ndarray, ink: np.ndarray, colour: np.ndarray, height: float
) -> np.ndarray:
    """A shadow, or a glow when it does not move; darker than a light text and lighter than a dark one."""
    far = rng.uniform(*SHADOW_OFFSET) * height if rng.random() < SHADOW_MOVES_SHARE else 0.0
    angle = rng.uniform(0, 2 * math.pi)
    matrix = np.array([[1, 0, far * math.cos(angle)], [0, 1, far * math.sin(angle)]])
    soft = cv2.warpAffine(ink, matrix, ink.shape[::-1])
    soft = cv2.GaussianBlur(
        soft, (0, 0), rng.uniform(MIN_SHADOW_BLUR, MIN_SHADOW_BLUR + SHADOW_BLUR * height)
    )
    level = 0.0 if _luminance(colour) > DARK_INK else LIGHT_SHADOW
    return _mix(patch, np.full(3, level, np.float32), soft, rng.uniform(*SHADOW_OPACITY))


def _draw_panel(rng: random.Random, image: np.ndarray, corners: np.ndarray, colour: np.ndarray) -> None:
    """Draws a sign, in place: a quadrilateral ((4, 2) image coordinates), sometimes see-through, uneven or
    with a border.
    """
    height, width = image.shape[:2]
    x1, y1 = (int(v) for v in np.maximum(np.floor(corners.min(0)) - 2, 0))
    x2, y2 = (int(v) for v in np.minimum(np.ceil(corners.max(0)) + 2, (width, height)))
    mask = np.zeros((y2 - y1, x2 - x1), np.uint8)
    fixed = np.round((corners - (x1, y1)) * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, fixed, 255, cv2.LINE_AA, 4)
    window = image[y1:y2, x1:x2].astype(np.float32)
    paint: np.ndarray = colour
    if rng.random() < UNEVEN_PANEL_PROBABILITY:
        light = np.array(
            [[rng.uniform(-PANEL_UNEVENNESS, PANEL_UNEVENNESS) for _ in range(2)] for _ in range(2)],
            np.float32,
        )
        paint = colour + cv2.resize(light, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)[..., None]
    window = _mix(window, paint, mask, rng.uniform(*PANEL_OPACITY))
    image[y1:y2, x1:x2] = np.clip(window, 0, 255)
    if rng.random() < PANEL_BORDER_PROBABILITY:
        edge = tuple(int(v) for v in _contrasting(rng, _luminance(colour), PANEL_BORDER_CONTRAST))
        outer = np.round(corners * 16).astype(np.int32)
        cv2.polylines(image, [outer], True, edge, rng.randint(*PANEL_BORDER), cv2.LINE_AA, 4)


def occlude(rng: random.Random, image: np.ndarray, sheet: Sheet, warp: Warp) -> None:
    """Draws a thin thing before the block, such as a pole, a wire or a twig, in place: no character is hidden
    completely.
    """
    (x1, y1), (x2, y2) = np.zeros(2), np.array(sheet.size)
    x, slope = rng.uniform(x1, x2), rng.uniform(-1, 1) * (y2 - y1)
    ends = np.array([[x - slope, y1 - OCCLUDER_END], [x + slope, y2 + OCCLUDER_END]])
    if rng.random() < OCCLUDER_ALONG_SHARE:
        y = rng.uniform(y1, y2)
        left = y - rng.uniform(-OCCLUDER_SLOPE, OCCLUDER_SLOPE)
        ends = np.array([[x1 - OCCLUDER_END, left], [x2 + OCCLUDER_END, y]])
    thick = max(1, round(rng.uniform(*OCCLUDER_WIDTH) * sheet.cap_height))
    (ax, ay), (bx, by) = np.round(warp(ends)).astype(int).tolist()
    cv2.line(image, (ax, ay), (bx, by), random_colour(rng), thick, cv2.LINE_AA)
