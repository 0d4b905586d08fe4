"""Tensors of the ground truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from spotter.charset import Charset
from spotter.data.targets import IGNORE, make_targets
from spotter.types import GroundTruth


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def targets(*regions: GroundTruth):
    return make_targets(list(regions), 64, 48, Charset("abc"), 4, 28)


def word(polygon: np.ndarray, text: str = "ab", **fields) -> GroundTruth:
    return GroundTruth(polygon.astype(np.float32), text, **fields)


def test_targets_of_an_empty_image():
    found, text_map = targets()
    assert found.boxes.shape == (0, 4)
    assert found.masks.shape == (0, 28, 28)
    assert found.ignore_boxes.shape == (0, 4)
    assert found.text.shape == (0, 4)
    assert found.text.dtype == torch.int64
    assert found.centres.shape == (0, 4, 2)
    assert text_map.shape == (12, 16)
    assert not text_map.any()


def test_targets_of_a_word():
    centres = np.array([[18, 20], [30, 20]], np.float32)
    found, text_map = targets(word(rectangle(8, 12, 32, 16), "cb", centres=centres))
    assert found.boxes.tolist() == [[8, 12, 40, 28]]
    assert found.masks.all()
    assert found.text.tolist() == [[3, 2, 0, -1]]
    assert found.centres[0, :2].tolist() == centres.tolist()
    assert found.centres[0, 2:].isnan().all()
    assert found.image_size == (64, 48)
    expected = np.zeros((12, 16), np.uint8)
    expected[3:7, 2:10] = 1
    inner = expected[1:-1, 1:-1]
    assert (text_map[4:6, 3:9] == 1).all()
    assert (text_map[1:-1, 1:-1] != inner).sum() <= inner.sum() - 12  # only the rim may differ
    assert not text_map[expected == 0][cv2.dilate(expected, np.ones((3, 3)))[expected == 0] == 0].any()


def test_ignored_regions_are_not_words():
    found, text_map = targets(
        word(rectangle(20, 12, 24, 20), "ab"), word(rectangle(4, 8, 32, 32), "", ignore=True)
    )
    assert found.boxes.tolist() == [[20, 12, 44, 32]]
    assert found.ignore_boxes.tolist() == [[4, 8, 36, 40]]
    assert text_map[5, 3] == IGNORE
    assert text_map[5, 7] == 1  # the word is on top, whatever their order
    assert text_map[0, 15] == 0


@pytest.mark.parametrize("text", ["abx", "abca", "aaaaaaa", ""])
def test_text_that_cannot_be_encoded_is_detected_but_not_read(text):
    centres = np.zeros((len(text), 2), np.float32)
    found, text_map = targets(word(rectangle(8, 12, 32, 16), text, centres=centres))
    assert len(found.boxes) == 1
    assert found.text.tolist() == [[-1, -1, -1, -1]]
    assert found.centres.isnan().all()
    assert text_map.any()


def test_a_text_of_maximum_length_fits():
    assert targets(word(rectangle(8, 12, 32, 16), "abc"))[0].text.tolist() == [[1, 2, 3, 0]]


def test_boxes_are_clipped_with_their_masks():
    diamond = np.array([[64, 8], [80, 24], [64, 40], [48, 24]])  # its right half is outside
    found, _ = targets(word(diamond))
    assert found.boxes.tolist() == [[48, 8, 64, 40]]
    mask = found.masks[0].float()
    assert mask[:, -2:].mean() > 0.85
    assert mask[:, 0].mean() < 0.1
    assert mask.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    "polygon",
    [rectangle(8, 8, 3, 20), rectangle(8, 8, 20, 3.9), rectangle(62, 8, 40, 20), rectangle(100, 100, 20, 20)],
    ids=["narrow", "low", "hardly inside", "outside"],
)
def test_small_boxes_are_left_out(polygon):
    found, text_map = targets(word(polygon), word(polygon, ignore=True))
    assert len(found.boxes) == len(found.ignore_boxes) == 0
    assert not text_map.any()
