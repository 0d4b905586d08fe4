"""H-mean on a photo: counts as in evaluation, and by hand."""

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
def photo(trace):
    """Four true words and a do-not-care region; five found words."""
    words = [word(0, "one"), word(45, "twx"), word(111, "three"), word(200, "x"), word(160, "y", 0.2)]
    true = [
        ("one", square(0)),
        ("two", square(40)),
        ("three", square(100)),
        ("four", square(240)),
        ("###", square(200)),
    ]
    return replace(trace, words=words), show_outlines([(text, np.array(points)) for text, points in true])


def test_counts_by_hand(photo):
    trace, truth = photo
    evaluation = hmean.evaluate_photo(trace, truth, 0.5, 0.4)
    assert evaluation.pairs == [(0, 0), (1, 1)]  # "three" overlaps by 9 of 31
    assert evaluation.text_correct == [True, False]
    assert evaluation.counted == [0, 1, 2]  # neither the do-not-care one nor the one that scores too low
    assert evaluation.iou[1, 1] == pytest.approx(15 / 25)
    s = evaluation.detection
    assert (s.matched, s.found, s.true) == (2, 3, 4)
    assert s.hmean == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    e = evaluation.end_to_end
    assert (e.matched, e.found, e.true) == (1, 3, 4)


def test_thresholds_change_the_counts(photo):
    trace, truth = photo
    assert hmean.evaluate_photo(trace, truth, 0.7, 0.4).detection.matched == 1
    assert hmean.evaluate_photo(trace, truth, 0.25, 0.4).detection.matched == 3
    assert hmean.evaluate_photo(trace, truth, 0.5, 0.1).detection.found == 4
    values = hmean.over_thresholds(trace, truth, 0.4, reading=False)
    assert (np.diff(values[:, 2]) <= 1e-9).all()  # a stricter threshold never finds more here
    at = int(np.argmin(np.abs(hmean.THRESHOLDS - 0.5)))
    assert values[at, 2] == pytest.approx(hmean.evaluate_photo(trace, truth, 0.5, 0.4).detection.hmean)
    reading = hmean.over_thresholds(trace, truth, 0.4, reading=True)
    assert (reading <= values + 1e-9).all()


def test_counts_are_those_of_evaluation(trace):
    truth = words_read(trace, 0)
    metric = DetectionMetric()
    metric.update(hmean.true_words(truth), [word.polygon for word in trace.words])
    assert hmean.evaluate_photo(trace, truth, 0.5, 0.0).detection == metric.summary()


def test_without_words_and_without_truth(empty_trace, photo):
    for trace, truth in ((empty_trace, ""), (empty_trace, photo[1]), (photo[0], ""), (photo[0], "nonsense")):
        evaluation = hmean.evaluate_photo(trace, truth, 0.5, 0.0)
        assert evaluation.detection.hmean == 0
        assert hmean.draw_evaluation(trace, evaluation, True)[0].size
