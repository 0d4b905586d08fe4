"""What a camera does to a scene: light, blur, noise, compression."""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.data.synth.backgrounds import noise_crop


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
    if rng.random() < 0.7 * strength:
        image = _light(rng, image)
    if rng.random() < 0.75 * strength:
        blur = min(3.2, height / 8.0) * rng.random() ** 1.7 * strength
        image = _blur(rng, image, blur)
    if rng.random() < 0.3 * strength:
        image, lost = _small(rng, image)
        blur = max(blur, lost)
    if rng.random() < 0.2 * strength:
        soft = cv2.GaussianBlur(image, (0, 0), 1.2)
        image = cv2.addWeighted(image, 1.8, soft, -0.8, 0)
    if rng.random() < 0.7 * strength:
        noise = 1 + rng.uniform(0, 13) * strength * rng.random()
        image = _noise(rng, image, noise)
    if rng.random() < 0.8 * strength:
        quality = int(95 - 65 * strength * rng.random() ** 1.5)
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return Shot(image, blur, noise)


def _light(rng: random.Random, image: np.ndarray) -> np.ndarray:
    """Uneven light, low contrast and gamma."""
    height, width = image.shape[:2]
    if rng.random() < 0.5:
        corners = np.array([[rng.uniform(0.6, 1.2) for _ in range(3)] for _ in range(3)], np.float32)
        light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
        image = cv2.multiply(image, cv2.merge([light] * 3), dtype=cv2.CV_8U)
    contrast = rng.uniform(0.65, 1.15) if rng.random() < 0.6 else 1.0
    offset, gamma = rng.uniform(-30, 40), rng.uniform(0.7, 1.4)
    table = ((np.arange(256) / 255) ** gamma * 255 - 128) * contrast + 128 + offset
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8))


def _blur(rng: random.Random, image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian, motion or out-of-focus blur with the given deviation in pixels."""
    kind = rng.random()
    if kind < 0.4 or sigma < 0.7:
        return cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0.25 else image
    if kind < 0.7:
        return cv2.filter2D(image, -1, _streak(rng.uniform(0, np.pi), 3.5 * sigma))
    return cv2.filter2D(image, -1, _disc(2.0 * sigma))


def _streak(angle: float, length: float) -> np.ndarray:
    """Kernel of a motion of `length` pixels."""
    size = 2 * int(length / 2 + 1) + 1
    kernel, middle, unit = np.zeros((size, size), np.float32), size // 2, 2**8
    x, y = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    ends = [(int((middle + s * x) * unit), int((middle + s * y) * unit)) for s in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_8, 8)
    return kernel / kernel.sum()


def _disc(radius: float) -> np.ndarray:
    """Kernel of a lens that is out of focus."""
    size = int(radius + 1)
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return kernel / kernel.sum()


def _small(rng: random.Random, image: np.ndarray) -> tuple[np.ndarray, float]:
    """A lower resolution, scaled up again; also the deviation of the blur this equals."""
    height, width = image.shape[:2]
    scale = rng.uniform(0.55, 0.95)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), 0.45 / scale


def _noise(rng: random.Random, image: np.ndarray, sigma: float) -> np.ndarray:
    height, width = image.shape[:2]
    if rng.random() < 0.5:
        noise = cv2.merge([noise_crop(rng, height, width)] * 3)
    else:
        noise = cv2.merge([noise_crop(rng, height, width) for _ in range(3)])
    return cv2.add(image, noise * np.float32(sigma), dtype=cv2.CV_8U)
