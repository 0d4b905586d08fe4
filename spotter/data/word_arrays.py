"""The regions of scenes as arrays on the host: cheap to send between processes and to augment."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from spotter.charset import Charset
from spotter.data.targets import MIN_SIDE, make_targets
from spotter.types import GroundTruth

MAX_POINTS = 16  # of a polygon; the last point of a shorter one is repeated


@dataclass
class WordArrays:
    """The regions of one scene, or of several one after the other, as arrays on the host; G regions."""

    polygons: np.ndarray  # (G, 16, 2) float32, the last point repeated
    text: np.ndarray  # (G, T) int16 ids, end sign 0, then -1; all -1 where the text is not trained
    centres: np.ndarray  # (G, T, 2) float32 of the characters, NaN where unknown
    ignore: np.ndarray  # (G,) bool, "do not care"

    def __len__(self) -> int:
        return len(self.ignore)


def concatenate(words: list[WordArrays]) -> tuple[WordArrays, np.ndarray]:
    """The words of several scenes one after the other, and the scene of each, (G,) int64."""
    joined = WordArrays(*(np.concatenate([getattr(w, f.name) for w in words]) for f in fields(WordArrays)))
    return joined, np.repeat(np.arange(len(words)), [len(w) for w in words])


def encode_words(
    regions: list[GroundTruth], width: int, height: int, charset: Charset, steps: int
) -> tuple[WordArrays, np.ndarray]:
    """The regions of one image as arrays, and its dense text map, as `targets.make_targets` draws it.

    Polygons are clamped to the image: beyond it an augmented image shows nothing. Raises ValueError for a
    polygon of more than 16 points.
    """
    regions = [r for r in regions if np.ptp(_clamped(r.polygon, width, height), 0).min() >= MIN_SIDE]
    regions.sort(key=lambda region: region.ignore, reverse=True)  # as in the targets
    targets, text_map = make_targets(regions, width, height, charset, steps, mask_size=1)
    ignored = len(targets.ignore_boxes)
    text = np.full((len(regions), steps), -1, np.int16)
    assert targets.text is not None
    assert targets.centres is not None
    text[ignored:] = targets.text.numpy()
    centres = np.full((len(regions), steps, 2), np.nan, np.float32)
    centres[ignored:] = targets.centres.numpy()
    polygons = np.empty((len(regions), MAX_POINTS, 2), np.float32)
    for row, region in zip(polygons, regions, strict=True):
        points = _clamped(region.polygon, width, height)
        if len(points) > MAX_POINTS:
            raise ValueError(f"a polygon of {len(points)} points has more than {MAX_POINTS}")
        row[: len(points)], row[len(points) :] = points, points[-1]
    return WordArrays(polygons, text, centres, np.arange(len(regions)) < ignored), text_map


def _clamped(polygon: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.clip(polygon, 0, np.array([width, height], np.float32))
