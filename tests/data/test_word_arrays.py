"""Regions as arrays: the same as the targets."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.charset import Charset
from spotter.data.targets import make_targets
from spotter.data.word_arrays import concatenate, encode_words
from spotter.types import GroundTruth

CHARSET, STEPS = Charset("abc"), 4


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def test_no_regions():
    words, text_map = encode_words([], 32, 24, CHARSET, STEPS)
    assert len(words) == 0
    assert words.polygons.shape == (0, 16, 2)
    assert words.text.shape == (0, STEPS)
    assert words.centres.shape == (0, STEPS, 2)
    assert text_map.shape == (6, 8)


def test_regions_are_those_of_the_targets():
    regions = [
        GroundTruth(rectangle(4, 4, 16, 8), "ab", centres=np.array([[8, 8], [16, 8]], np.float32)),
        GroundTruth(rectangle(40, 4, 2, 8), "a"),  # too small
        GroundTruth(rectangle(30, 4, 20, 8), "", ignore=True),
        GroundTruth(rectangle(4, 20, 16, 8)[:3], "x"),  # cannot be written
        GroundTruth(rectangle(30, 20, 90, 8), "c"),  # beyond the border
    ]
    words, text_map = encode_words(regions, 64, 32, CHARSET, STEPS)
    targets, expected_map = make_targets(regions, 64, 32, CHARSET, STEPS, 28)
    assert np.array_equal(text_map, expected_map)
    assert words.ignore.tolist() == [True, False, False, False]
    low_high = np.concatenate([words.polygons.min(1), words.polygons.max(1)], 1)
    assert low_high[words.ignore].tolist() == targets.ignore_boxes.tolist()
    assert low_high[~words.ignore].tolist() == targets.boxes.tolist()
    assert words.text[~words.ignore].tolist() == targets.text.tolist()
    assert (words.text[words.ignore] == -1).all()
    assert np.array_equal(words.centres[~words.ignore], targets.centres.numpy(), equal_nan=True)
    assert words.polygons[2].tolist() == [[4, 20], [20, 20]] + [[20, 28]] * 14


def test_polygons_with_too_many_points_are_refused():
    with pytest.raises(ValueError, match="17 points"):
        encode_words(
            [GroundTruth(np.float32([[i, 30 * (i % 2)] for i in range(17)]), "a")], 64, 32, CHARSET, STEPS
        )


def test_words_of_several_scenes_are_concatenated():
    counts = 2, 0, 1
    regions = [GroundTruth(rectangle(4 + 20 * k, 4, 16, 8), "ab") for k in range(2)]
    words, scene = concatenate([encode_words(regions[:n], 64, 32, CHARSET, STEPS)[0] for n in counts])
    assert len(words) == 3
    assert scene.tolist() == [0, 0, 2]
    assert words.polygons[:, 0, 0].tolist() == [4, 24, 4]
