"""The square that a field needs to touch the words on both sides of a gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain import gap_between_words, gradient_field, picked_points
from spotter.explain.topics import receptive_field
from spotter.types import Word


def word_at(x: float, y: float, width: float = 20, height: float = 10) -> Word:
    polygon = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return Word("w0", polygon, [x, y, x + width, y + height], "A", 0.9, 0.9)


@pytest.fixture
def known(trace):
    return replace(trace, words=[word_at(20, 40), word_at(60, 40)], scale=np.ones(2))


def test_the_needed_square_spans_the_gap(known):
    cell = receptive_field.cell_at(known, 0, picked_points.nearest_gap(known, 0).middle)
    assert 20 <= gap_between_words.needed_side(known, 0, cell, (0, 1)) <= 24


def test_the_mask_has_the_area_of_the_word(known):
    even = gradient_field.Field(np.full((24, 32), 1 / 768, np.float32), np.ones(1))
    share = even.share_in(gap_between_words.word_mask(known, 0))
    assert share == pytest.approx(200 / (96 * 128), rel=0.2)
