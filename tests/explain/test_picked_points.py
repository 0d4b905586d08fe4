"""Points on a photo, and the gap between two words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain import picked_points
from spotter.language import speaking
from spotter.types import Word


def word_at(x: float, y: float, width: float = 20, height: float = 10, text: str = "A") -> Word:
    box = [x, y, x + width, y + height]
    polygon = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return Word("w0", polygon, box, text, 0.9, 0.9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3, 4", (3, 4)), ("3 4.5", (3, 4.5)), ("99999,99999", (127, 95)), ("1;2", (1, 2))],
)
def test_a_point_is_parsed_and_clipped_to_the_photo(trace, text, expected):
    assert picked_points.point_of(trace, 0, text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", None, "x, y", "-1, 3", "1", "1, 2, 3", "nan, 1", "<b>", "٣, 4x"])
def test_text_that_is_not_a_point_gives_none(trace, text):
    assert picked_points.point_of(trace, 0, text) is None


def test_points_of_a_photo_without_words(empty_trace):
    assert picked_points.named_points(empty_trace, None) == [picked_points.MIDDLE]
    assert picked_points.point_of(empty_trace, None, picked_points.WORD) == pytest.approx([64, 48])
    assert picked_points.format_point(empty_trace, [float("nan"), 1e9]) == "0, 95"


def with_words(trace, *words: Word):
    """The trace with these upright words instead of its own."""
    boxes = np.array([word.box for word in words], np.float32)
    middles, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    rois = np.concatenate([middles, sizes, np.zeros((len(words), 1), np.float32)], 1)
    return replace(trace, words=list(words), scale=np.ones(2), rois=rois)


def test_the_gap_is_the_one_to_the_nearest_word_apart(trace):
    near, far, over = word_at(60, 20), word_at(200, 22), word_at(25, 22)
    known = with_words(trace, word_at(20, 20), far, near, over)
    found = picked_points.nearest_gap(known, 0)
    assert found.other == 2
    assert found.width == pytest.approx(20, abs=1.5)  # the mean of what is about nearest
    assert found.middle == pytest.approx([50, 25], abs=1)
    assert picked_points.nearest_gap(with_words(trace, word_at(20, 20)), 0) is None


def test_a_word_of_another_line_has_no_gap_to_this_one(trace):
    below, diagonal, beside = word_at(20, 36), word_at(42, 34), word_at(90, 20)
    first = word_at(20, 20)
    assert picked_points.nearest_gap(with_words(trace, first, below, diagonal), 0) is None
    assert picked_points.nearest_gap(with_words(trace, first, below, diagonal, beside), 0).other == 3


def test_a_line_may_be_tilted(trace):
    known = with_words(trace, word_at(20, 20), word_at(50, 50))
    assert not picked_points.on_one_line(known, 0, 1)
    rois = known.rois.copy()
    rois[:, 4] = np.radians(45)
    assert picked_points.on_one_line(replace(known, rois=rois), 0, 1)


def test_named_points_are_choices_in_the_language_of_the_page():
    points = [picked_points.WORD, picked_points.GAP, picked_points.MIDDLE]
    assert picked_points.point_choices([]) == []
    assert picked_points.point_choices(points) == [(point, point) for point in points]
    with speaking("ko"):
        assert picked_points.point_choices(points[:1]) == [("단어의 가운데", picked_points.WORD)]
