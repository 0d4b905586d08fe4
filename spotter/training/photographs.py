"""Annotated photographs as training pictures: crops, several crops side by side, and where characters are."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from spotter.evaluation.icdar import Sample
from spotter.images import read_image
from spotter.types import GroundTruth

SIDE_BY_SIDE = 0.5  # share of the pictures made of four crops: a photograph has few words
LEAST_MOSAIC = 512  # pixels a side of such a picture
NARROW, WIDE = frozenset("iIljtf1|!.,:;'`()[]"), frozenset("mwMW@%&")


def photographed(
    samples: list[Sample], size: int, rng: random.Random
) -> tuple[np.ndarray, list[GroundTruth]]:
    """A picture (size, size, 3) uint8 RGB with its truth: a crop of one photograph, or four of several."""
    if size < LEAST_MOSAIC or rng.random() > SIDE_BY_SIDE:
        return augmented_crop(_chosen(samples, rng), size, rng)
    half = size // 2
    image, regions = np.empty((size, size, 3), np.uint8), []
    for x, y in ((0, 0), (half, 0), (0, half), (half, half)):
        crop, found = augmented_crop(_chosen(samples, rng), half, rng)
        image[y : y + half, x : x + half] = crop
        regions += [_moved(region, np.array([x, y], np.float32), half) for region in found]
    return image, regions


def _chosen(samples: list[Sample], rng: random.Random) -> Sample:
    """Of two photographs the one with more legible words."""
    pair = rng.choice(samples), rng.choice(samples)
    return max(pair, key=lambda sample: sum(not region.ignore for region in sample.regions))


def _moved(region: GroundTruth, by: np.ndarray, size: int) -> GroundTruth:
    """A region of a crop of size x size, moved with it; what was outside the crop is cut off."""
    polygon = np.clip(region.polygon, 0, size) + by
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


def augmented_crop(sample: Sample, size: int, rng: random.Random) -> tuple[np.ndarray, list[GroundTruth]]:
    """A random crop (size, size, 3) of an annotated photograph: scaled, turned a little, recoloured, blurred.

    Words cut by the crop's border become 'do not care'.
    """
    image = _photograph(sample.image)
    height, width = image.shape[:2]
    scale = rng.uniform(0.6, 1.6)
    angle = np.radians(rng.gauss(0, 6))
    words = [r for r in sample.regions if not r.ignore]
    if words and rng.random() < 0.85:  # around a word, else anywhere
        centre = (
            rng.choice(words).polygon.mean(0)
            + np.array([rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4)]) * size / scale
        )
    else:
        centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    margin = np.minimum(size / 2 / scale, np.array([width, height]) / 2)  # little outside the photograph
    centre = np.clip(centre, margin, np.array([width, height]) - margin)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[c, -s, 0], [s, c, 0]], np.float64)
    matrix[:, 2] = size / 2 - matrix[:, :2] @ centre
    crop = cv2.warpAffine(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
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
        cut = (polygon.min(0) < -2).any() or (polygon.max(0) > size + 2).any()
        small = min(np.linalg.norm(polygon[0] - polygon[-1]), np.linalg.norm(polygon[0] - polygon[1])) < 6
        ignore = region.ignore or bool(cut or small)
        centres = None if ignore else character_centres(polygon, region.text)
        regions.append(replace(region, polygon=polygon, centres=centres, ignore=ignore))
    # Beyond the border the photograph is reflected; text there is no truth: paint it gray.
    covered = np.zeros((size, size), np.uint8)
    cv2.fillConvexPoly(covered, np.round(inside).astype(np.int32), 1)
    crop[covered == 0] = 124
    return crop, regions


@lru_cache(maxsize=1024)
def _photograph(path: Path) -> np.ndarray:
    return read_image(path)
