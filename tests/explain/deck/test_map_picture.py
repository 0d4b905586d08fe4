"""The network on one slide."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.explain.deck.map_picture import ARROWS, BOX, PLACES, corner, draw_network
from spotter.explain.topics.network_map import thumbnails, titles


def test_arrows_and_names_belong_to_parts():
    assert set(PLACES) <= set(titles())
    assert {end for arrow in ARROWS for end in arrow[:2]} == set(PLACES)


@pytest.mark.parametrize("has_word", [True, False])
def test_parts_show_what_they_computed(trace, longest, has_word):
    word = longest if has_word else None
    picture, alt = draw_network(trace, word)
    assert alt
    pixels = np.asarray(picture)
    for name in thumbnails(trace, word):
        left, top = corner(PLACES[name][0])
        part = pixels[top : top + BOX[1], left : left + BOX[0]]
        assert part.shape == (BOX[1], BOX[0], 3), f"{name} is outside"
        assert part.std() > 0, f"{name} is empty"
