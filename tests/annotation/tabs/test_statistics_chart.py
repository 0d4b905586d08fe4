"""The chart of corrections."""

from __future__ import annotations

import pytest

from annotation.statistics import Mistakes
from annotation.tabs.statistics_chart import STYLES, corrections_chart


def mistakes(version, words=10):
    return Mistakes(version, 1, words, 3, {"text": 2, "missed": 1})


def test_no_empty_chart():
    assert corrections_chart([]) is None
    assert corrections_chart([mistakes("m1", words=0)]) is None


@pytest.mark.parametrize("count", [1, 2, len(STYLES), len(STYLES) + 3])
def test_it_is_as_wide_as_a_phone(count):
    chart = corrections_chart([mistakes(f"m{i}") for i in range(count)])
    assert chart is not None
    assert chart.width == 800
    assert chart.height < 1500


def test_any_name_can_be_drawn():
    assert corrections_chart([mistakes(r"$\frac" + "x" * 300)]) is not None
