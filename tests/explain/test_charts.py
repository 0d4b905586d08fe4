"""Axes of charts."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.explain import charts


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((-8, 8), list(range(-8, 9, 2))),
        ((0, 6), [0, 1, 2, 3, 4, 5, 6]),
        ((0, 440), [0, 100, 200, 300, 400]),
        ((1, 60), [10, 20, 30, 40, 50, 60]),
        ((0, 0.5), [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ((3, 3), [3]),
    ],
)
def test_ticks_are_round_numbers(ends, ticks):
    assert charts.nice_ticks(np.linspace(*ends, 33)) == ticks


@pytest.mark.parametrize(("value", "top"), [(0.764, 0.8), (76.4, 80), (1, 1), (1.1, 2), (0, 1e-9)])
def test_an_axis_ends_at_a_round_number(value, top):
    assert charts.nice_top(value) == pytest.approx(top)
