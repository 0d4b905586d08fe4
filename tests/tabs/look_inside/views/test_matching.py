"""Texts of the view of matching."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spotter.explain.polygon_text import words_read
from spotter.explain.topics import matching
from spotter.tabs.look_inside.views.matching import describe_margin


def test_the_margin_to_the_next_proposal_is_shown(tiny_spotter, trace):
    found = matching.match_words(trace, tiny_spotter.model.mask_code, words_read(trace, 0), 1)
    costs = np.sort(found.total[:, 1])
    assert f"costs **{costs[1] - costs[0]:.2f}** more" in describe_margin(found, 1)
    assert "without non-maximum" in describe_margin(replace(found, suppressed=False), 1)
    assert "are dropped afterwards" in describe_margin(replace(found, suppressed=True), 1)
