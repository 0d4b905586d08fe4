"""Annotated photographs as training pictures: crops, several crops side by side, and where characters are."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from spotter.data.icdar import AnnotatedImage
from spotter.images import ImageError, read_image
from spotter.types import GroundTruth

MINIMUM_MOSAIC = 512  # pixels; pictures of a smaller area than this squared hold one crop
NARROW, WIDE = frozenset("iIljtf1|!.,:;'`()[]"), frozenset("mwMW@%&")


@dataclass(frozen=True)
class Photographs:
    """Annotated photographs of several data sets, as training pictures."""

    samples: dict[str, list[AnnotatedImage]]  # by data set; what cannot be read is taken out
    weights: dict[
        str, float
    ]  # how often each data set is drawn; one that is not named: its number of photographs
    mosaics: float  # share of large pictures that are made of four crops: a photograph has few words
    scales: tuple[float, float]  # of photographs, at random

    def crop(self, size: tuple[int, int], rng: random.Random) -> tuple[np.ndarray, list[GroundTruth]]:
        """A picture (height, width, 3) uint8 RGB with its regions: a crop of one photograph, or of four.

        size: width and height, even.
        """
        width, height = size
        if width * height < MINIMUM_MOSAIC**2 or rng.random() > self.mosaics:
            return self._crop(size, rng)
        right, below = quarter = width // 2, height // 2
        image, regions = np.empty((height, width, 3), np.uint8), []
        for x, y in ((0, 0), (right, 0), (0, below), quarter):
            crop, found = self._crop(quarter, rng)
            image[y : y + below, x : x + right] = crop
            regions += [_moved(region, np.array([x, y], np.float32), quarter) for region in found]
        return image, regions

    def _crop(self, size: tuple[int, int], rng: random.Random) -> tuple[np.ndarray, list[GroundTruth]]:
        """A crop of one photograph. A damaged one is named on standard error and left out from then on.

        Raises ValueError when no photograph is left.
        """
        while self.samples:
            name, sample = self._choose(rng)
            try:
                return augmented_crop(sample, size, rng, self.scales)
            except (ImageError, OSError) as error:
                print(f"{sample.image} is left out: {error}", file=sys.stderr)
                self.samples[name].remove(sample)
                if not self.samples[name]:
                    del self.samples[name]
        raise ValueError("None of the annotated photographs can be read.")

    def _choose(self, rng: random.Random) -> tuple[str, AnnotatedImage]:
        """A data set, and of two of its photographs the one with more legible words."""
        names = list(self.samples)
        weights = [self.weights.get(name, len(self.samples[name])) for name in names]
        name = rng.choices(names, weights)[0]
        pair = rng.choice(self.samples[name]), rng.choice(self.samples[name])
        return name, max(pair, key=lambda sample: sum(not region.ignore for region in sample.regions))


def _moved(region: GroundTruth, by: np.ndarray, size: tuple[int, int]) -> GroundTruth:
    """A region of a crop of size (width, height), moved with it; what was outside the crop is cut off."""
    polygon = np.clip(region.polygon, 0, np.float32(size)) + by
    return replace(region, polygon=polygon, centres=None if region.centres is None else region.centres + by)


def character_centres(polygon: np.ndarray, text: str) -> np.ndarray | None:
    """Where the characters of a word in a quadrilateral (4, 2) should be, (len(text), 2) float32.

    Along its middle line, each as wide as such characters mostly are; None for other polygons. Good enough
    to guide the attention: photographs are annotated by words, not by characters.
    """
    if len(polygon) != 4 or not text:
        return None
    widths = np.array([0.5 if c in NARROW else 1.4 if c in WIDE else 1.0 for c in text])
    place = (np.cumsum(widths) - widths / 2) / widths.sum()
    start, end = (polygon[0] + polygon[3]) / 2, (polygon[1] + polygon[2]) / 2
    return (start + place[:, None] * (end - start)).astype(np.float32)


def augmented_crop(
    sample: AnnotatedImage, size: tuple[int, int], rng: random.Random, scales: tuple[float, float]
) -> tuple[np.ndarray, list[GroundTruth]]:
    """A random crop of size (width, height) of an annotated photograph: scaled, turned a little,
    recoloured, blurred.

    Words cut by the crop's border become 'do not care'.
    """
    image = photograph(sample.image)
    height, width = image.shape[:2]
    scale = rng.uniform(*scales)
    angle = np.radians(rng.gauss(0, 6))
    words = [r for r in sample.regions if not r.ignore]
    if words and rng.random() < 0.85:  # around a word, else anywhere
        centre = (
            rng.choice(words).polygon.mean(0)
            + np.array([rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4)]) * np.array(size) / scale
        )
    else:
        centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    margin = np.minimum(
        np.array(size) / 2 / scale, np.array([width, height]) / 2
    )  # little outside the photograph
    centre = np.clip(centre, margin, np.array([width, height]) - margin)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[c, -s, 0], [s, c, 0]], np.float64)
    matrix[:, 2] = np.array(size) / 2 - matrix[:, :2] @ centre
    crop = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    if rng.random() < 0.3:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.3, 1.2))
    gain = np.array([rng.uniform(0.75, 1.25)] * 3) * [rng.uniform(0.9, 1.1) for _ in range(3)]
    crop = np.clip(crop * gain + rng.uniform(-25, 25), 0, 255).astype(np.uint8)
    inside = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ matrix[:, :2].T + matrix[:, 2]
    regions = []
    for region in sample.regions:
        polygon = (region.polygon @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        if (polygon.max(0) < 0).any() or (polygon.min(0) > size).any():
            continue
        cut = (polygon.min(0) < -2).any() or (polygon.max(0) > np.array(size) + 2).any()
        small = min(np.linalg.norm(polygon[0] - polygon[-1]), np.linalg.norm(polygon[0] - polygon[1])) < 6
        ignore = region.ignore or bool(cut or small)
        centres = None if ignore else character_centres(polygon, region.text)
        regions.append(replace(region, polygon=polygon, centres=centres, ignore=ignore))
    # Beyond the border the photograph is reflected; text there is no truth: paint it gray.
    covered = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(covered, np.round(inside).astype(np.int32), 1)
    crop[covered == 0] = 124
    return crop, regions


@lru_cache(maxsize=1024)
def photograph(path: Path) -> np.ndarray:
    return read_image(path)
