"""The photo with its words."""

from __future__ import annotations

from spotter.explain.topics.overview import draw_overview, word_at


def test_overview_marks_and_finds_words(trace, empty_trace):
    for i in range(len(trace.words)):
        picture, alt = draw_overview(trace, i)
        assert f"word {i + 1}" in alt
        x, y = trace.polygon(i).mean(0) * picture.width / trace.image.shape[1]
        assert word_at(trace, [x, y]) is not None
    assert word_at(trace, [-500.0, -500.0]) is None
    assert "no words" in draw_overview(empty_trace, None)[1]
