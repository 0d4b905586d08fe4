"""Results per image, and figures computed from them."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.evaluate import evaluate
from spotter.evaluation.image_results import (
    calibration_error,
    detection_recall,
    found_by_height,
    hmean,
    pooled,
    read_by_length,
    read_images,
    to_report,
    words_per_image,
)
from spotter.evaluation.lexicon import Lexicon
from spotter.types import GroundTruth, Word


def box(x: int, y: int, width: int, height: int) -> list[list[float]]:
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


SMALL, LARGE, FAR = box(10, 10, 80, 20), box(10, 60, 180, 100), box(10, 170, 60, 20)


def truth(polygon: list, text: str = "word", ignore: bool = False) -> GroundTruth:
    return GroundTruth(np.array(polygon, np.float32), text, ignore)


def word(polygon: list, text: str = "word", reading_score: float = 0.9) -> Word:
    return Word("w0", polygon, [*polygon[0], *polygon[2]], text, 0.9, reading_score)


def image(number: int) -> np.ndarray:
    """(200, 200, 3) uint8 RGB."""
    return np.full((200, 200, 3), number, np.uint8)


IMAGES = [
    (image(0), [truth(SMALL, "Bakery1"), truth(LARGE, "OPEN"), truth(FAR, ignore=True)]),
    (image(1), [truth(SMALL, "Bakery2"), truth(LARGE, "coffee")]),
    (image(2), []),
]
FOUND = {
    0: [word(SMALL, "bakery1"), word(LARGE, "0pen", 0.5), word(FAR)],
    1: [word(SMALL, "bakeryZ"), word(FAR)],
    2: [],
}


def spot(picture: np.ndarray) -> list[Word]:
    return FOUND[int(picture[0, 0, 0])]


@pytest.mark.parametrize("lexicon", [None, Lexicon(["open", "coffee"])])
def test_the_report_is_that_of_evaluate(lexicon):
    report, expected = to_report(read_images(spot, IMAGES, lexicon)), evaluate(spot, IMAGES, lexicon)
    for name in ("detection", "end_to_end", "end_to_end_lexicon", "calibration_error", "images"):
        assert getattr(report, name) == getattr(expected, name)


def test_figures():
    results = read_images(spot, IMAGES)
    assert hmean("detection")(results).value == 2 * 3 / (4 + 4)
    assert hmean("end_to_end")(results).value == 2 * 1 / (4 + 4)
    assert detection_recall(results).value == 3 / 4
    assert words_per_image(results).value == 4 / 3
    assert found_by_height(64)(results).value == 1 / 2  # OPEN, but not coffee
    assert found_by_height(0, 64)(results).value == 1
    assert found_by_height(150)(results).value == 0  # there is none
    assert read_by_length(7)(results).value == 1 / 2
    assert calibration_error(results).value == pytest.approx((0.5 + 2 * abs(0.9 - 0.5)) / 3)


def test_intervals_are_over_images():
    results = read_images(spot, IMAGES)
    figure = detection_recall(results)
    assert figure.low == 0  # only the image without words is drawn
    assert figure.high == 1
    assert calibration_error(results[2:]).value == 0


def test_sets_are_pooled():
    results = read_images(spot, IMAGES)
    assert pooled([results[:1], results[1:]]) == results


def test_a_pool_of_which_a_part_was_read_without_a_lexicon_has_no_scores_with_one():
    parts = [read_images(spot, IMAGES[:1], Lexicon(["open"])), read_images(spot, IMAGES[1:])]
    assert to_report(pooled(parts)).end_to_end_lexicon is None
