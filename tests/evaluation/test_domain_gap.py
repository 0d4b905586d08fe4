"""Statistics of words whose size, angle and contrast are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.evaluation.domain_gap import main, measure, table, word_statistics
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
    found = word_statistics(gray, GroundTruth(quad(10, 20, 60, 15), "HELLO"))
    assert (found["height"], found["length"], found["angle"], found["characters"]) == (15, 60, 0, 5)
    turned = np.roll(quad(20, 5, 15, 50), -1, axis=0)  # read from top to bottom
    assert word_statistics(gray, GroundTruth(turned, "up"))["angle"] == pytest.approx(90)


def test_sharpness_does_not_depend_on_contrast():
    word = GroundTruth(quad(8, 8, 64, 16), "x")
    strong, weak = (word_statistics(striped(level)[:, :, 0], word) for level in (200, 50))
    assert strong["contrast"] == pytest.approx(100, rel=0.05)
    assert strong["contrast"] == pytest.approx(4 * weak["contrast"], rel=0.01)
    assert strong["sharpness"] == pytest.approx(weak["sharpness"], rel=0.01)
    blurred = cv2.GaussianBlur(striped()[:, :, 0], (0, 0), 2)
    assert word_statistics(blurred, word)["sharpness"] < strong["sharpness"]


@pytest.mark.parametrize("outline", [quad(200, 200, 30, 10), quad(99, 10, 40, 10), quad(10, 10, 1, 9)])
def test_word_outside_the_image_or_too_small_has_no_statistics(outline):
    assert word_statistics(striped()[:, :, 0], GroundTruth(outline, "x")) is None


def test_no_image_and_one_image():
    words, images = measure([])
    assert (len(words), len(images)) == (0, 0)
    regions = [GroundTruth(quad(10, 20, 60, 15), "HELLO"), GroundTruth(quad(10, 40, 60, 15), "", ignore=True)]
    words, images = measure([(striped(), regions)])
    assert len(words) == 1
    assert images.iloc[0].round(1).to_dict() == {"words": 166.7, "illegible": 166.7}
    lines = table((words, images), measure([]))
    assert "| height | 15.00 / 15.00 / 15.00 | - |" in lines


def test_wrong_folder_gives_one_sentence(capsys, tmp_path):
    assert main(["--data", str(tmp_path)]) == 2
    assert "has no folder images/" in capsys.readouterr().err


def test_command_prints_both_columns(capsys, tmp_path):
    pytest.importorskip("wordfreq")
    for part in ("images", "gt"):
        (tmp_path / part).mkdir()
    cv2.imwrite(str(tmp_path / "images" / "photo.png"), striped())
    (tmp_path / "gt" / "gt_photo.txt").write_text("10,20,70,20,70,35,10,35,HELLO\n")
    assert main(["--data", str(tmp_path), "--count", "1", "--scene", "160"]) == 0
    output = capsys.readouterr().out
    assert "| height | 15.00 / 15.00 / 15.00 |" in output
    assert "1 photographs with 1 words, 1 scenes with" in output


def test_options_out_of_range(capsys, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["--data", str(tmp_path), "--scene", "32"])
    assert stop.value.code == 2
    assert "--scene at least 64" in capsys.readouterr().err
