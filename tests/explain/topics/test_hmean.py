"""View 13: the counts are evaluation's, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.evaluation.metrics import DetectionMetric
from spotter.explain.polygon_text import show_outlines, words_read
from spotter.explain.topics import hmean
from spotter.types import Word


def square(x: float, side: float = 20.0) -> list[list[float]]:
    return [[x, 10.0], [x + side, 10.0], [x + side, 10.0 + side], [x, 10.0 + side]]


def word(x: float, text: str, score: float = 0.9) -> Word:
    return Word("w", square(x), [x, 10, x + 20, 30], text, score, 0.9)


@pytest.fixture
def scene(trace):
    """Four true words and a region nobody has to find; five found words."""
    words = [word(0, "one"), word(45, "twx"), word(111, "three"), word(200, "x"), word(160, "y", 0.2)]
    true = [
        ("one", square(0)),
        ("two", square(40)),
        ("three", square(100)),
        ("four", square(240)),
        ("###", square(200)),
    ]
    return replace(trace, words=words), show_outlines([(text, np.array(points)) for text, points in true])


def test_counts_by_hand(scene):
    trace, truth = scene
    found = hmean.compare(trace, truth, 0.5, 0.4)
    assert found.pairs == [(0, 0), (1, 1)]  # "three" overlaps by 9 of 31
    assert found.right == [True, False]
    assert found.free == [0, 1, 2]  # the fourth lies on the region nobody has to find, the fifth is unsure
    assert found.iou[1, 1] == pytest.approx(15 / 25)
    s = found.detection
    assert (s.matched, s.found, s.true) == (2, 3, 4)
    assert s.hmean == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    assert (found.end_to_end.matched, found.end_to_end.found, found.end_to_end.true) == (1, 3, 4)


def test_thresholds_change_the_counts(scene):
    trace, truth = scene
    assert hmean.compare(trace, truth, 0.7, 0.4).detection.matched == 1
    assert hmean.compare(trace, truth, 0.25, 0.4).detection.matched == 3
    assert hmean.compare(trace, truth, 0.5, 0.1).detection.found == 4
    values = hmean.over_thresholds(trace, truth, 0.4, reading=False)
    assert (np.diff(values[:, 2]) <= 1e-9).all()  # a stricter overlap never finds more here
    at = int(np.argmin(np.abs(hmean.THRESHOLDS - 0.5)))
    assert values[at, 2] == pytest.approx(hmean.compare(trace, truth, 0.5, 0.4).detection.hmean)
    reading = hmean.over_thresholds(trace, truth, 0.4, reading=True)
    assert (reading <= values + 1e-9).all()


def test_it_is_what_evaluation_counts(trace):
    truth = words_read(trace, 0)
    metric = DetectionMetric()
    metric.update(hmean.true_words(truth), [word.polygon for word in trace.words])
    assert hmean.compare(trace, truth, 0.5, 0.0).detection == metric.summary()


def test_without_words_and_without_truth(empty_trace, scene):
    for trace, truth in ((empty_trace, ""), (empty_trace, scene[1]), (scene[0], ""), (scene[0], "nonsense")):
        found = hmean.compare(trace, truth, 0.5, 0.0)
        assert found.detection.hmean == 0
        assert "nothing below the line" in hmean.describe(found, False)
        assert hmean.draw_comparison(trace, found, True)[0].size
        assert hmean.table(found)


def test_the_formula_holds_the_numbers(scene):
    found = hmean.compare(*scene, 0.5, 0.4)
    text = hmean.describe(found, False)
    assert "\\frac{2}{3} = 0.667" in text
    assert f"{found.detection.hmean:.3f}" in text
    assert "R = 1/4" in text
    table = hmean.table(found)
    assert "found, read wrongly" in table
    assert table.count("**missed**") == 2
    assert table.count("**false alarm**") == 1
