"""Rendered beside photographed words: figures of words whose look is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.evaluation.domain_gap import figures, main, table, word_figures
from spotter.types import GroundTruth


def quad(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def striped(level: int = 200) -> np.ndarray:
    """(60, 100, 3) uint8: black and gray stripes of 4 pixels."""
    image = np.zeros((60, 100, 3), np.uint8)
    for x in range(0, 100, 8):
        image[:, x : x + 4] = level
    return image


def test_size_angle_and_text_of_a_word():
    gray = striped()[:, :, 0]
    found = word_figures(gray, GroundTruth(quad(10, 20, 60, 15), "HELLO"))
    assert (found["height"], found["length"], found["angle"], found["characters"]) == (15, 60, 0, 5)
    turned = np.roll(quad(20, 5, 15, 50), -1, axis=0)  # read from top to bottom
    assert word_figures(gray, GroundTruth(turned, "up"))["angle"] == pytest.approx(90)


def test_contrast_is_the_deviation_and_sharpness_does_not_follow_it():
    word = GroundTruth(quad(8, 8, 64, 16), "x")
    strong, weak = (word_figures(striped(level)[:, :, 0], word) for level in (200, 50))
    assert strong["contrast"] == pytest.approx(100, rel=0.05)
    assert strong["contrast"] == pytest.approx(4 * weak["contrast"], rel=0.01)
    assert strong["sharpness"] == pytest.approx(weak["sharpness"], rel=0.01)
    blurred = cv2.GaussianBlur(striped()[:, :, 0], (0, 0), 2)
    assert word_figures(blurred, word)["sharpness"] < strong["sharpness"]


@pytest.mark.parametrize("outline", [quad(200, 200, 30, 10), quad(99, 10, 40, 10), quad(10, 10, 1, 9)])
def test_a_word_that_is_hardly_there_has_no_figures(outline):
    assert word_figures(striped()[:, :, 0], GroundTruth(outline, "x")) is None


def test_nothing_and_one_picture():
    words, images = figures([])
    assert (len(words), len(images)) == (0, 0)
    regions = [GroundTruth(quad(10, 20, 60, 15), "HELLO"), GroundTruth(quad(10, 40, 60, 15), "", ignore=True)]
    words, images = figures([(striped(), regions)])
    assert len(words) == 1
    assert images.iloc[0].round(1).to_dict() == {"words": 166.7, "not legible": 166.7}
    lines = table((words, images), figures([]))
    assert "| height | 15.00 / 15.00 / 15.00 | - |" in lines


def test_a_wrong_folder_is_one_sentence(capsys, tmp_path):
    assert main(["--data", str(tmp_path)]) == 2
    assert "has no folder images/" in capsys.readouterr().err
