"""Annotated photographs as training images: crops, mosaics of four crops, estimated character centres."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from spotter.data.icdar import AnnotatedImage
from spotter.data.targets import GRAY
from spotter.images import ImageError, read_image
from spotter.types import GroundTruth

MIN_MOSAIC = 512  # pixels; images of a smaller area than this squared are single crops
NARROW, WIDE = frozenset("iIljtf1|!.,:;'`()[]"), frozenset("mwMW@%&")
NARROW_WIDTH, WIDE_WIDTH = 0.5, 1.4  # of such characters, relative to others

ROTATION_SIGMA = 6  # degrees
WORD_SHARE = 0.85  # of the crops, around a word
WORD_OFFSET = 0.4  # of the crop's size, from its centre to that word
BLUR_PROBABILITY, BLUR = 0.3, (0.3, 1.2)  # standard deviation in pixels
GAIN, CHANNEL_GAIN, MAX_OFFSET = (0.75, 1.25), (0.9, 1.1), 25  # brightness, tint, gray levels
MAX_CUT = 2  # pixels; words that extend further beyond the crop are ignored
MIN_EDGE = 6  # pixels; words with a shorter edge at their first point are ignored


@dataclass(frozen=True)
class Photographs:
    """Annotated photographs of several data sets, as training images."""

    images: dict[str, list[AnnotatedImage]]  # by data set; unreadable ones are removed
    weights: dict[str, float]  # how often each data set is drawn; default: its number of photographs
    mosaics: float  # share of large images that consist of four crops: a photograph has few words
    scales: tuple[float, float]  # range of random scales

    def crop(self, size: tuple[int, int], rng: random.Random) -> tuple[np.ndarray, list[GroundTruth]]:
        """An image (height, width, 3) uint8 RGB with its regions: a crop of one photograph, or of four.

        size: width and height, even.
        """
        width, height = size
        if width * height < MIN_MOSAIC**2 or rng.random() > self.mosaics:
            return self._crop(size, rng)
        right, below = quarter = width // 2, height // 2
        image, regions = np.empty((height, width, 3), np.uint8), []
        for x, y in ((0, 0), (right, 0), (0, below), quarter):
            crop, found = self._crop(quarter, rng)
            image[y : y + below, x : x + right] = crop
            regions += [_moved(region, np.array([x, y], np.float32), quarter) for region in found]
        return image, regions

    def _crop(self, size: tuple[int, int], rng: random.Random) -> tuple[np.ndarray, list[GroundTruth]]:
        """A crop of one photograph. A damaged one is reported on standard error and left out from then on.

        Raises ValueError when no photograph is left.
        """
        while self.images:
            name, annotated = self._choose(rng)
            try:
                return augmented_crop(annotated, size, rng, self.scales)
            except (ImageError, OSError) as error:
                print(f"{annotated.image} is left out: {error}", file=sys.stderr)
                self.images[name].remove(annotated)
                if not self.images[name]:
                    del self.images[name]
        raise ValueError("None of the annotated photographs can be read.")

    def _choose(self, rng: random.Random) -> tuple[str, AnnotatedImage]:
        """A data set, and of two of its photographs the one with more legible words."""
        names = list(self.images)
        weights = [self.weights.get(name, len(self.images[name])) for name in names]
        name = rng.choices(names, weights)[0]
        pair = rng.choice(self.images[name]), rng.choice(self.images[name])
        return name, max(pair, key=lambda image: sum(not region.ignore for region in image.regions))


def _moved(region: GroundTruth, by: np.ndarray, size: tuple[int, int]) -> GroundTruth:
    """A region of a crop of size (width, height), clipped to it and moved with it."""
    polygon = np.clip(region.polygon, 0, np.array(size, np.float32)) + by
    return replace(region, polygon=polygon, centres=None if region.centres is None else region.centres + by)


def character_centres(polygon: np.ndarray, text: str) -> np.ndarray | None:
    """Estimated centres of the characters of a word in a quadrilateral (4, 2): (len(text), 2) float32.

    Along its middle line, with typical widths; None for other polygons. Good enough to guide the attention:
    photographs are annotated by words, not by characters.
    """
    if len(polygon) != 4 or not text:
        return None
    widths = np.array([NARROW_WIDTH if c in NARROW else WIDE_WIDTH if c in WIDE else 1.0 for c in text])
    position = (np.cumsum(widths) - widths / 2) / widths.sum()
    start, end = (polygon[0] + polygon[3]) / 2, (polygon[1] + polygon[2]) / 2
    return (start + position[:, None] * (end - start)).astype(np.float32)


def augmented_crop(
    annotated: AnnotatedImage, size: tuple[int, int], rng: random.Random, scales: tuple[float, float]
) -> tuple[np.ndarray, list[GroundTruth]]:
    """A random crop of size (width, height) of an annotated photograph: scaled, slightly rotated, recoloured,
    blurred.

    Words cut off by the border become "do not care".
    """
    image = photograph(annotated.image)
    height, width = image.shape[:2]
    scale = rng.uniform(*scales)
    angle = np.radians(rng.gauss(0, ROTATION_SIGMA))
    words = [r for r in annotated.regions if not r.ignore]
    if words and rng.random() < WORD_SHARE:
        word = rng.choice(words).polygon.mean(0)
        offset = np.array([rng.uniform(-WORD_OFFSET, WORD_OFFSET) for _ in range(2)])
        centre = word + offset * np.array(size) / scale
    else:
        centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    margin = np.minimum(np.array(size) / 2 / scale, np.array([width, height]) / 2)  # inside the photograph
    centre = np.clip(centre, margin, np.array([width, height]) - margin)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[c, -s, 0], [s, c, 0]], np.float64)
    matrix[:, 2] = np.array(size) / 2 - matrix[:, :2] @ centre
    crop = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    if rng.random() < BLUR_PROBABILITY:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(*BLUR))
    gain = np.array([rng.uniform(*GAIN)] * 3) * [rng.uniform(*CHANNEL_GAIN) for _ in range(3)]
    crop = np.clip(crop * gain + rng.uniform(-MAX_OFFSET, MAX_OFFSET), 0, 255).astype(np.uint8)
    inside = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ matrix[:, :2].T + matrix[:, 2]
    regions = []
    for region in annotated.regions:
        polygon = (region.polygon @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        if (polygon.max(0) < 0).any() or (polygon.min(0) > size).any():
            continue
        cut = (polygon.min(0) < -MAX_CUT).any() or (polygon.max(0) > np.array(size) + MAX_CUT).any()
        edges = (np.linalg.norm(polygon[0] - polygon[i]) for i in (-1, 1))
        small = min(edges) < MIN_EDGE
        ignore = region.ignore or bool(cut or small)
        centres = None if ignore else character_centres(polygon, region.text)
        regions.append(replace(region, polygon=polygon, centres=centres, ignore=ignore))
    # Beyond the border the photograph is reflected; text there has no ground truth: paint it gray.
    covered = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(covered, np.round(inside).astype(np.int32), 1)
    crop[covered == 0] = GRAY
    return crop, regions


@lru_cache(maxsize=1024)
def photograph(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB, cached."""
    return read_image(path)
