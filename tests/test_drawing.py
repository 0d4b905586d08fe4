"""Words drawn over a photo."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.drawing import HALO, LINE, draw_words
from spotter.types import Word


def word(x1: float, y1: float, x2: float, y2: float, text: str = "Cafe") -> Word:
    polygon = [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]
    return Word("w0", polygon, [x1, y1, x2, y2], text, 0.9, 0.8)


@pytest.fixture
def photo() -> np.ndarray:
    return np.full((240, 320, 3), 120, np.uint8)


def test_no_words_gives_a_copy(photo):
    drawn = draw_words(photo, [])
    np.testing.assert_array_equal(drawn, photo)
    assert drawn is not photo


def test_draws_outline_halo_and_label(photo):
    drawn = draw_words(photo, [word(100, 100, 200, 140)])
    assert tuple(drawn[100, 150]) == LINE
    assert tuple(drawn[98, 150]) == HALO
    label = drawn[82:97, 100:130].reshape(-1, 3)
    assert (label == LINE).all(1).any()
    assert (label == HALO).all(1).any()
    np.testing.assert_array_equal(drawn[200:], photo[200:])
    assert (photo == 120).all()


@pytest.mark.parametrize(
    "box", [(0, 0, 40, 20), (280, 220, 320, 240), (-20, -20, 400, 300), (310, 0, 330, 10), (5, 5, 5, 5)]
)
@pytest.mark.parametrize("text", ["", "a", "W" * 300, "two\nlines", "ﬁ漢字"])
def test_boxes_at_the_border_and_unusual_texts(photo, box, text):
    drawn = draw_words(photo, [word(*box, text)])
    assert drawn.shape == photo.shape
    assert drawn.dtype == np.uint8


def test_one_pixel_image():
    assert draw_words(np.zeros((1, 1, 3), np.uint8), [word(0, 0, 1, 1)]).shape == (1, 1, 3)
