"""What a camera does to a scene: light, blur, noise, compression.

Probabilities are for a strength of 1 and scale with it. Ranges are those of uniform distributions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.data.synth.backgrounds import noise_crop

LIGHT_PROBABILITY = 0.7
UNEVEN_PROBABILITY = 0.5  # of the changes of light
UNEVEN_GAIN = 0.6, 1.2
LIGHT_GRID = 3  # control points of uneven light per side and channel
CONTRAST_PROBABILITY = 0.6  # of the changes of light
CONTRAST = 0.65, 1.15
BRIGHTNESS = -30, 40  # gray levels
GAMMA = 0.7, 1.4

BLUR_PROBABILITY = 0.75
MAX_BLUR = 3.2  # standard deviation in pixels
HEIGHT_PER_BLUR = 8.0  # minimum height of a word, relative to the strongest blur
BLUR_EXPONENT = 1.7  # above 1: weak blur is more frequent
GAUSSIAN_SHARE, MOTION_SHARE = 0.4, 0.3  # of the kinds of blur; the rest is out of focus
MIN_BLUR = 0.25  # standard deviation; weaker blur cannot be seen
MIN_SHAPED_BLUR = 0.7  # standard deviation; below it all kinds of blur look alike
MOTION_LENGTH = 3.5  # of a streak with a standard deviation of 1, about the square root of 12
DISC_RADIUS = 2.0  # of a disc with a standard deviation of 1 per axis

RESCALE_PROBABILITY = 0.3
RESCALE = 0.55, 0.95
RESCALE_BLUR = 0.45  # standard deviation in pixels of the smaller image that its pixels amount to

SHARPEN_PROBABILITY = 0.2
SHARPEN_SIGMA, SHARPEN_AMOUNT = 1.2, 0.8  # of an unsharp mask

NOISE_PROBABILITY = 0.7
MIN_NOISE, MAX_ADDED_NOISE = 1, 13  # standard deviation in gray levels
GRAY_NOISE_PROBABILITY = 0.5  # the same noise in all channels

JPEG_PROBABILITY = 0.8
MAX_QUALITY, QUALITY_RANGE = 95, 65
QUALITY_EXPONENT = 1.5  # above 1: high quality is more frequent


@dataclass(frozen=True)
class Shot:
    """A scene as a camera saw it."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    blur: float  # standard deviation in pixels
    noise: float  # standard deviation in gray levels, 0..255


def photograph(rng: random.Random, image: np.ndarray, strength: float, height: float) -> Shot:
    """The scene as a camera sees it.

    image: (H, W, 3) uint8 RGB; strength: 0 (clean) to 1; height: of a typical word, pixels, bounds the blur.
    """
    blur = noise = 0.0
    if rng.random() < LIGHT_PROBABILITY * strength:
        image = _light(rng, image)
    if rng.random() < BLUR_PROBABILITY * strength:
        blur = min(MAX_BLUR, height / HEIGHT_PER_BLUR) * rng.random() ** BLUR_EXPONENT * strength
        image = _blur(rng, image, blur)
    if rng.random() < RESCALE_PROBABILITY * strength:
        image, rescale_blur = _rescale(rng, image)
        blur = max(blur, rescale_blur)
    if rng.random() < SHARPEN_PROBABILITY * strength:
        soft = cv2.GaussianBlur(image, (0, 0), SHARPEN_SIGMA)
        image = cv2.addWeighted(image, 1 + SHARPEN_AMOUNT, soft, -SHARPEN_AMOUNT, 0)
    if rng.random() < NOISE_PROBABILITY * strength:
        noise = MIN_NOISE + rng.uniform(0, MAX_ADDED_NOISE) * strength * rng.random()
        image = _noise(rng, image, noise)
    if rng.random() < JPEG_PROBABILITY * strength:
        quality = int(MAX_QUALITY - QUALITY_RANGE * strength * rng.random() ** QUALITY_EXPONENT)
        image = _compress(image, quality)
    return Shot(image, blur, noise)


def _light(rng: random.Random, image: np.ndarray) -> np.ndarray:
    """Uneven light, low contrast and gamma."""
    height, width = image.shape[:2]
    if rng.random() < UNEVEN_PROBABILITY:
        grid = [[rng.uniform(*UNEVEN_GAIN) for _ in range(LIGHT_GRID)] for _ in range(LIGHT_GRID)]
        light = cv2.resize(np.array(grid, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        image = cv2.multiply(image, cv2.merge([light] * 3), dtype=cv2.CV_8U)
    contrast = rng.uniform(*CONTRAST) if rng.random() < CONTRAST_PROBABILITY else 1.0
    offset, gamma = rng.uniform(*BRIGHTNESS), rng.uniform(*GAMMA)
    table = ((np.arange(256) / 255) ** gamma * 255 - 128) * contrast + 128 + offset
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8))


def _blur(rng: random.Random, image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian, motion or out-of-focus blur with a standard deviation in pixels."""
    kind = rng.random()
    if kind < GAUSSIAN_SHARE or sigma < MIN_SHAPED_BLUR:
        return cv2.GaussianBlur(image, (0, 0), sigma) if sigma > MIN_BLUR else image
    if kind < GAUSSIAN_SHARE + MOTION_SHARE:
        return cv2.filter2D(image, -1, _motion_kernel(rng.uniform(0, np.pi), MOTION_LENGTH * sigma))
    return cv2.filter2D(image, -1, _disc_kernel(DISC_RADIUS * sigma))


def _motion_kernel(angle: float, length: float) -> np.ndarray:
    """Kernel of a motion of `length` pixels."""
    size = 2 * int(length / 2 + 1) + 1
    kernel, middle, unit = np.zeros((size, size), np.float32), size // 2, 2**8  # OpenCV's fixed point
    x, y = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    start, end = ((int((middle + s * x) * unit), int((middle + s * y) * unit)) for s in (-1, 1))
    cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_8, 8)
    return kernel / kernel.sum()


def _disc_kernel(radius: float) -> np.ndarray:
    """Kernel of a lens that is out of focus."""
    size = int(radius + 1)
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return kernel / kernel.sum()


def _rescale(rng: random.Random, image: np.ndarray) -> tuple[np.ndarray, float]:
    """A lower resolution, scaled up again; also the standard deviation of an equivalent blur."""
    height, width = image.shape[:2]
    scale = rng.uniform(*RESCALE)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), RESCALE_BLUR / scale


def _noise(rng: random.Random, image: np.ndarray, sigma: float) -> np.ndarray:
    height, width = image.shape[:2]
    if rng.random() < GRAY_NOISE_PROBABILITY:
        noise = cv2.merge([noise_crop(rng, height, width)] * 3)
    else:
        noise = cv2.merge([noise_crop(rng, height, width) for _ in range(3)])
    return cv2.add(image, noise * np.float32(sigma), dtype=cv2.CV_8U)


def _compress(image: np.ndarray, quality: int) -> np.ndarray:
    """An image as JPEG stores it."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded
