"""Calibration, on cases worked out by hand."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from spotter import predictor
from spotter.evaluation import calibration as calibration_module
from spotter.evaluation.calibration import (
    POWERS,
    TEMPERATURES,
    CalibrationMetric,
    apply_temperature,
    calibrated_score,
    calibration,
    fit,
    main,
    spot_with_probabilities,
)
from spotter.predictor import Spotter
from spotter.types import GroundTruth, Word

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]


def word(text: str, score: float, polygon=SQUARE) -> Word:
    return Word("w0", polygon, [0, 0, 10, 10], text, 0.9, score)


def truth(text: str, ignore: bool = False) -> GroundTruth:
    return GroundTruth(np.array(SQUARE, np.float32), text, ignore)


@pytest.mark.parametrize(
    ("scores", "correct", "error", "bins"),
    [
        ([], [], 0.0, 0),
        ([1.0], [True], 0.0, 1),
        ([1.0], [False], 1.0, 1),
        ([0.2, 1.0], [True, False], 0.9, 2),  # under- and overconfident: they do not cancel out
        ([0.75, 0.75, 0.75, 0.75], [True, True, True, False], 0.0, 1),
        ([0.92, 0.98, 0.05], [True, False, False], (2 * 0.45 + 0.05) / 3, 2),
    ],
)
def test_error(scores, correct, error, bins):
    found = calibration(np.array(scores), np.array(correct, bool))
    assert found.error == pytest.approx(error)
    assert found.words == len(scores)
    assert len(found.bins) == bins


def test_only_words_that_match_a_legible_one_count():
    metric = CalibrationMetric()
    assert metric.summary().error == 0.0
    assert metric.update([], [word("a", 0.5)]) == []
    metric.update([truth("", ignore=True)], [word("a", 0.5)])
    assert metric.summary().words == 0
    far = word("cat", 0.8, [[90, 90], [99, 90], [99, 99], [90, 99]])
    assert metric.update([truth("Cat")], [far, word("cat", 0.8)]) == [1]
    metric.update([truth("Cat")], [word("dog", 0.8)])
    assert metric.summary().bins == [(pytest.approx(0.8), 0.5, 2)]
    metric.reset()
    assert metric.summary().words == 0


def test_apply_temperature():
    logs = np.log([0.8, 0.2])
    assert apply_temperature(logs, 1.0) == pytest.approx([0.8, 0.2])
    assert apply_temperature(logs, 2.0) == pytest.approx([2 / 3, 1 / 3])
    assert apply_temperature(logs, 1e6) == pytest.approx([0.5, 0.5], abs=1e-5)


def test_calibrated_score():
    logs = np.log([[0.8, 0.2], [0.2, 0.8], [0.9, 0.1]])
    assert calibrated_score(logs[:2], 1.0, 1.0) == pytest.approx(0.8)
    assert calibrated_score(logs, 1.0, 3.0) == pytest.approx(0.8 * 0.8 * 0.9)  # the product of three
    assert calibrated_score(logs[:2], 2.0, 2.0) == pytest.approx((2 / 3) ** 2)
    assert calibrated_score(logs[:0], 1.0, 1.0) == 0.0


@pytest.mark.parametrize("length", [1, 4])
def test_fit(length):
    """Characters that are correct with the probabilities given."""
    rng = np.random.default_rng(0)
    logits = 3 * rng.normal(0, 2, (1500, length, 5))
    correct = (rng.random((1500, length)) < apply_temperature(logits, 1.0).max(-1)).all(1)
    temperature, power = fit(list(logits), correct)
    scores = np.array([calibrated_score(rows, temperature, power) for rows in logits])
    assert calibration(scores, correct).error < 0.05
    assert power == pytest.approx(length, rel=0.4)
    overconfident = 3 * logits
    temperature, power = fit(list(overconfident), correct)
    scores = np.array([calibrated_score(rows, temperature, power) for rows in overconfident])
    assert calibration(scores, correct).error < 0.05
    assert temperature > 1.8


def test_fit_stays_in_bounds():
    for correct in (True, False):
        temperature, power = fit([np.log([[0.8, 0.2]])], [correct])
        assert TEMPERATURES[0] <= temperature <= TEMPERATURES[1]
        assert POWERS[0] <= power <= POWERS[1]


def test_fit_without_words():
    with pytest.raises(ValueError, match="nothing to fit"):
        fit([np.zeros((0, 5))], [False])


def test_probabilities_belong_to_their_words(tiny_spotter, photographs, monkeypatch):
    config = replace(tiny_spotter.model.config, score_threshold=0.05)
    monkeypatch.setattr(tiny_spotter.model, "config", config)
    words, probabilities = spot_with_probabilities(tiny_spotter, photographs[0])
    assert words == tiny_spotter.spot(photographs[0])
    assert len(probabilities) == len(words) > 2
    for word, steps in zip(words, probabilities, strict=True):
        assert steps.shape == (len(word.text), config.classes)
        assert [config.characters[i - 1] for i in steps.argmax(1)] == list(word.text)
        assert [c.score for c in word.characters] == pytest.approx(steps.max(1).tolist(), abs=1e-4)


def test_command(tiny_file, tiny_spotter, photographs, monkeypatch, capsys):
    """The ground truth is a word that the spotter finds."""
    words = tiny_spotter.spot(photographs[0], 0.05)
    regions = [GroundTruth(np.array(words[0].polygon, np.float32), words[0].text)]
    monkeypatch.setattr(calibration_module, "rendered_scenes", lambda *_: [(photographs[0], regions)])
    load_spotter = predictor.load_spotter

    def load_with_low_threshold(weights: str) -> Spotter:
        spotter = load_spotter(weights, "cpu")
        spotter.model.config = replace(spotter.model.config, score_threshold=0.05)
        return spotter

    monkeypatch.setattr(predictor, "load_spotter", load_with_low_threshold)
    assert main(["--weights", str(tiny_file), "--count", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"temperature \d+\.\d\d, power \d+\.\d\d", lines[0])
    assert re.fullmatch(r"expected calibration error 0\.\d{3} before, 0\.\d{3} after", lines[1])
    assert lines[2] == "1 words, 100% correct"


def test_command_with_an_unknown_style(tiny_file, capsys):
    assert main(["--weights", str(tiny_file), "--style", "nowhere"]) == 2
    assert "There is no style nowhere" in capsys.readouterr().err


def test_command_without_words(tiny_file, photographs, monkeypatch, capsys):
    monkeypatch.setattr(calibration_module, "rendered_scenes", lambda *_: [(photographs[0], [])])
    assert main(["--weights", str(tiny_file)]) == 2
    assert "there is nothing to fit" in capsys.readouterr().err
