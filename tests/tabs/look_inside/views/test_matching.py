"""Texts of the view of matching."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spotter.explain.polygon_text import words_read
from spotter.explain.topics import matching
from spotter.tabs.look_inside.views.matching import compare, describe_margin


def test_the_margin_to_the_next_proposal_is_shown(tiny_spotter, trace):
    found = matching.match_words(trace, tiny_spotter.model.mask_code, words_read(trace, 0), 1)
    costs = np.sort(found.total[:, 1])
    assert f"costs **{costs[1] - costs[0]:.2f}** more" in describe_margin(found, 1)
    assert "without non-maximum" in describe_margin(replace(found, suppressed=False), 1)
    assert "are dropped afterwards" in describe_margin(replace(found, suppressed=True), 1)


def test_different_pairs_of_one_cost_lose_nothing(tiny_spotter, trace):
    found = matching.match_words(trace, tiny_spotter.model.mask_code, words_read(trace, 0), 1)
    other = replace(found, greedy=found.optimal[::-1][1:])
    assert "tied" in compare(other, -3.0, -2.999)
    assert "pays 0.50 more" in compare(other, -3.0, -2.5)
    assert "the same pairs" in compare(replace(found, greedy=found.optimal), -3.0, -3.0)
