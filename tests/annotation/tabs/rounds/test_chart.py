"""The chart component: what the page gets and may send."""

from __future__ import annotations

from annotation.tabs.rounds.chart import MAX_KEY, Chart, ChartData


def test_the_page_sends_a_key_only():
    chart = Chart(label="H")
    assert chart.preprocess(None) == ""
    assert chart.preprocess(ChartData(picked="3")) == "3"
    assert len(chart.preprocess(ChartData(picked="3" * 1000))) == MAX_KEY


def test_without_a_value_it_is_empty():
    assert Chart(label="H").postprocess(None).points == []
