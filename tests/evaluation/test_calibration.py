"""Calibration, on cases worked out by hand."""

import numpy as np
import pytest

from spotter.evaluation.calibration import (
    POWERS,
    TEMPERATURES,
    CalibrationMetric,
    calibrated_score,
    calibration,
    fit,
    main,
    tempered,
)
from spotter.types import GroundTruth, Word

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]


def word(text: str, score: float, polygon=SQUARE) -> Word:
    return Word("w0", polygon, [0, 0, 10, 10], text, 0.9, score)


def truth(text: str, ignore: bool = False) -> GroundTruth:
    return GroundTruth(np.array(SQUARE, np.float32), text, ignore)


@pytest.mark.parametrize(
    ("scores", "right", "error", "bins"),
    [
        ([], [], 0.0, 0),
        ([1.0], [True], 0.0, 1),
        ([1.0], [False], 1.0, 1),
        ([0.2, 1.0], [True, False], 0.9, 2),  # too modest, too sure: they do not cancel out
        ([0.75, 0.75, 0.75, 0.75], [True, True, True, False], 0.0, 1),
        ([0.92, 0.98, 0.05], [True, False, False], (2 * 0.45 + 0.05) / 3, 2),
    ],
)
def test_error(scores, right, error, bins):
    found = calibration(np.array(scores), np.array(right, bool))
    assert found.error == pytest.approx(error)
    assert found.words == len(scores)
    assert len(found.bins) == bins


def test_which_words_count():
    metric = CalibrationMetric()
    assert metric.summary().error == 0.0
    metric.update([], [word("a", 0.5)])  # nothing true there
    metric.update([truth("", ignore=True)], [word("a", 0.5)])
    assert metric.summary().words == 0
    metric.update([truth("Cat")], [word("cat", 0.8)])
    metric.update([truth("Cat")], [word("dog", 0.8)])
    assert metric.summary().bins == [(pytest.approx(0.8), 0.5, 2)]
    metric.reset()
    assert metric.summary().words == 0


def test_tempered():
    logs = np.log([0.8, 0.2])
    assert tempered(logs, 1.0) == pytest.approx([0.8, 0.2])
    assert tempered(logs, 2.0) == pytest.approx([2 / 3, 1 / 3])
    assert tempered(logs, 1e6) == pytest.approx([0.5, 0.5], abs=1e-5)


def test_calibrated_score():
    logs = np.log([[0.8, 0.2], [0.2, 0.8], [0.9, 0.1]])
    assert calibrated_score(logs[:2], 1.0, 1.0) == pytest.approx(0.8)
    assert calibrated_score(logs, 1.0, 3.0) == pytest.approx(0.8 * 0.8 * 0.9)  # the product of three
    assert calibrated_score(logs[:2], 2.0, 2.0) == pytest.approx((2 / 3) ** 2)
    assert calibrated_score(logs[:0], 1.0, 1.0) == 0.0


@pytest.mark.parametrize("length", [1, 4])
def test_what_is_fitted(length):
    """Words whose characters are right by chance, as likely as their probabilities say."""
    rng = np.random.default_rng(0)
    logits = 3 * rng.normal(0, 2, (1500, length, 5))
    right = (rng.random((1500, length)) < tempered(logits, 1.0).max(-1)).all(1)
    temperature, power = fit(list(logits), right)
    scores = np.array([calibrated_score(rows, temperature, power) for rows in logits])
    assert calibration(scores, right).error < 0.05
    assert power == pytest.approx(length, rel=0.4)
    sure = 3 * logits  # thrice as sure as it should be
    temperature, power = fit(list(sure), right)
    scores = np.array([calibrated_score(rows, temperature, power) for rows in sure])
    assert calibration(scores, right).error < 0.05
    assert temperature > 1.8


def test_what_is_fitted_stays_in_bounds():
    for right in (True, False):
        temperature, power = fit([np.log([[0.8, 0.2]])], [right])
        assert TEMPERATURES[0] <= temperature <= TEMPERATURES[1]
        assert POWERS[0] <= power <= POWERS[1]


def test_nothing_to_fit():
    with pytest.raises(ValueError, match="nothing to fit"):
        fit([np.zeros((0, 5))], [False])


def test_command(tiny_file, capsys):
    assert main(["--weights", str(tiny_file), "--style", "nowhere"]) == 2
    assert "There is no style nowhere" in capsys.readouterr().err
    assert main(["--weights", str(tiny_file), "--count", "1"]) in (0, 2)
    output = capsys.readouterr()
    assert "temperature" in output.out + output.err
