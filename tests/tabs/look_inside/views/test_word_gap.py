"""Whether a receptive field bridges the gap between two words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain import gap_between_words, gradient_field, picked_points
from spotter.explain.topics import receptive_field
from spotter.tabs.look_inside.views.word_gap import describe_gap
from spotter.types import Word


def word_at(x: float, y: float, width: float = 20, height: float = 10, text: str = "A") -> Word:
    box = [x, y, x + width, y + height]
    polygon = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return Word("w0", polygon, box, text, 0.9, 0.9)


def test_the_gap_is_bridged_when_the_square_touches_both_words(trace):
    known = replace(trace, words=[word_at(20, 40), word_at(60, 40)], scale=np.ones(2))
    gap = picked_points.nearest_gap(known, 0)
    cell = receptive_field.cell_at(known, 0, gap.middle)
    need = gap_between_words.needed_side(known, 0, cell, (0, 1))
    assert 20 <= need <= 24
    for side, answer in ((need, "yes"), (need - 4, "only faintly")):
        within = np.zeros(80)
        within[side // 2 - 1 :] = 0.6
        within[60:] = 1.0
        field = gradient_field.Field(np.full((24, 32), 1 / 768, np.float32), within)
        text = describe_gap(known, 0, cell, [field], [None], 0, gap)
        assert f"without the block: {answer}" in text
    on = gradient_field.Field(np.full((24, 32), 1 / 768, np.float32), within).share_in(
        gap_between_words.word_mask(known, 0)
    )
    assert on == pytest.approx(200 / (96 * 128), rel=0.2)
