"""Calibration, on cases worked out by hand."""

import numpy as np
import pytest

from spotter.evaluation.calibration import (
    TEMPERATURES,
    CalibrationMetric,
    calibration,
    fit_temperature,
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


def test_a_reader_that_is_too_sure_gets_a_high_temperature():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (400, 1, 5))
    p = tempered(logits, 1.0)
    right = [rng.random() < row[0].max() for row in p]
    assert fit_temperature(list(logits), right) == pytest.approx(1.0, abs=0.25)
    assert fit_temperature(list(3 * logits), right) == pytest.approx(3.0, abs=0.7)
    assert fit_temperature([logits[0]], [False]) <= TEMPERATURES[1]


def test_nothing_to_fit():
    with pytest.raises(ValueError, match="nothing to fit"):
        fit_temperature([np.zeros((0, 5))], [False])


def test_command(tiny_file, capsys):
    assert main(["--weights", str(tiny_file), "--style", "nowhere"]) == 2
    assert "There is no style nowhere" in capsys.readouterr().err
    assert main(["--weights", str(tiny_file), "--count", "1"]) in (0, 2)
    output = capsys.readouterr()
    assert "temperature" in output.out + output.err
