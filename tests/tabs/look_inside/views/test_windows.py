"""Texts of the view of Swin windows."""

from __future__ import annotations

import numpy as np

from spotter.explain.topics import windows
from spotter.tabs.look_inside.views.windows import describe

BLOCKS = [(0, 0), (1, 0), (1, 1), (2, 0), (3, 0)]  # of the tiny spotter


def test_visible_padding_is_named_and_counts_in_the_spread(trace):
    """Attention that is even over what is not masked counts as even, padding or not."""
    at = next(
        at
        for stage, block in BLOCKS
        for at in [windows.token_window(trace, stage, block, np.array([127.0, 95.0]))]
        if (at.padding & ~at.masked).any()
    )
    free = ~at.masked
    weights = np.tile(free / free.sum(), (2, 1))
    weights[1, np.flatnonzero(at.padding & free)[0]] *= 1.01
    text = describe(trace, at, weights)
    assert f"{int((free & at.padding).sum())} of which it attends to as well" in text
    assert f"{int((free & ~at.padding).sum())} are visible to it" in text
    assert "nearly evenly over all of them" in text
    assert "| padding |" in text
