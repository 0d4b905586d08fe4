"""What gates and maskK contribute: figures on maps made by hand, and on a real spotter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from spotter.evaluation import conversion
from spotter.evaluation.conversion import (
    AS_IT_IS,
    READINGS,
    Contributions,
    cells_inside,
    main,
    measure,
    read,
)
from spotter.predictor import Spotter
from spotter.tracing.interventions import GATES
from spotter.types import GroundTruth
from spotter.weights import load_weights

LEFT = np.array([[0, 0], [0.5, 0], [0.5, 1], [0, 1]])
EVERYWHERE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
OUTSIDE = EVERYWHERE + 2


@pytest.fixture
def spotter(tiny_file) -> Spotter:
    """One that finds words on noise."""
    model, card = load_weights(tiny_file)
    model.config = replace(model.config, score_threshold=0.05, reading_threshold=0.0)
    return Spotter(model, card, "cpu", bfloat16=False)


@pytest.mark.parametrize(
    ("polygon", "shape", "expected"),
    [
        (LEFT, (2, 4), [[1, 1, 0, 0]] * 2),
        (LEFT, (4, 2), [[1, 0]] * 4),
        (LEFT, (1, 1), [[0]]),  # no more than half of it
        (EVERYWHERE, (2, 3), [[1, 1, 1]] * 2),
        (OUTSIDE, (2, 3), [[0, 0, 0]] * 2),
        (np.array([[0, 0], [1, 0], [0, 1]]), (2, 2), [[1, 0], [0, 0]]),
    ],
)
def test_cells_inside(polygon, shape, expected):
    assert cells_inside(polygon, shape).astype(int).tolist() == expected


def test_means_on_the_word_and_around_it():
    found = Contributions()
    gate = np.array([[[1.0, 1, 0, 0]] * 2, [[0.5, 0.5, 1, 1]] * 2, [[0.6] * 4] * 2])
    found.add_word({"energy": np.array([[3.0, 1, 1, 0]] * 2), "M3": gate}, LEFT)
    assert found.on_and_around == {
        "energy": [(2.0, 0.5)],
        "M3": [(pytest.approx(0.7), pytest.approx(1.6 / 3))],
    }
    assert [channels.tolist() for channels in found.channels] == [[1.0, -0.5, 0.0]]
    lines = found.table().splitlines()
    assert "| energy | 2.000 | 0.500 | 0.25 |" in lines
    assert lines[-1] == "Words: 1. Of 3 channels, M3 is at least 0.1 higher on the word in 1 and lower in 1."


@pytest.mark.parametrize("polygon", [EVERYWHERE, OUTSIDE])
def test_a_word_without_background_does_not_count(polygon):
    found = Contributions()
    found.add_word({"energy": np.ones((2, 4)), "M3": np.ones((3, 2, 4))}, polygon)
    assert not found.on_and_around
    assert found.table().splitlines()[-1] == "No true word that was found has background in its RoI."


def test_no_images(spotter):
    table = measure(spotter, []).table().splitlines()
    assert [line.split(" | ")[0] for line in table[2:7]] == [f"| {name}" for name in READINGS]
    assert all(line.endswith(" | 0.000 | 0.000 |") for line in table[2:7])


def test_the_words_of_the_spotter_are_all_right(spotter, photographs):
    """As true words, they are read right as it is; and less well with what the other readings change."""
    image = photographs[0]
    words = spotter.spot_once([image])[0]
    assert len(words) > 2
    true = [GroundTruth(np.array(word.polygon, np.float32), word.text) for word in words]
    found = measure(spotter, [(image, true)])
    scores = {name: metric.summary() for name, metric in found.end_to_end.items()}
    assert list(scores) == list(READINGS)
    assert scores[AS_IT_IS].found == len(words)
    others = [score.hmean for name, score in scores.items() if name != AS_IT_IS]
    assert all(value < scores[AS_IT_IS].hmean for value in others), others
    names = ["energy before Recognition Conversion", "energy after it", "energy after maskK", *GATES]
    assert list(found.on_and_around) == names
    assert all(0 <= gate <= 1 for name in GATES for pair in found.on_and_around[name] for gate in pair)


def test_each_word_has_the_maps_of_its_region(spotter, photographs, monkeypatch):
    def rows(roi_features, *_) -> dict:
        return {"M3": np.ones((1, 3, 4, 8)) * np.arange(len(roi_features))[:, None, None, None]}

    monkeypatch.setattr(conversion, "word_maps", rows)
    image = photographs[0]
    words = read(spotter, image).words[AS_IT_IS]
    true = [GroundTruth(np.array(word.polygon, np.float32), word.text) for _, word in words]
    found = measure(spotter, [(image, true)]).on_and_around["M3"]
    assert len(found) > 2
    assert len(set(found)) == len(found)
    assert set(found) <= {(row, row) for row, _ in words}  # without those that fill their RoI


def test_maskk_removes_what_lies_around_the_word(spotter, photographs):
    image = photographs[0]
    words = spotter.spot_once([image])[0]
    true = [GroundTruth(np.array(word.polygon, np.float32), word.text) for word in words]
    found = measure(spotter, [(image, true)])
    before, after = (np.mean(found.on_and_around[f"energy after {what}"], 0) for what in ("it", "maskK"))
    assert after[1] / after[0] < before[1] / before[0]


def test_gates_that_are_equal_everywhere_contribute_nothing(spotter, photographs):
    """With gates that are closed by the same value in all cells, their mean changes nothing."""
    gates = spotter.model.conversion
    for gate in (gates.gate1, gates.gate2, gates.gate3):
        gate.sigmoid = torch.nn.Threshold(1e9, 0.5)
    image = photographs[0]
    words = spotter.spot_once([image])[0]
    true = [GroundTruth(np.array(word.polygon, np.float32), word.text) for word in words]
    found = measure(spotter, [(image, true)])
    same = {found.end_to_end[name].summary() for name in READINGS if "maskK" not in name}
    assert len(same) == 1
    assert np.allclose(found.channels, 0)


def test_command(tiny_file, capsys):
    assert main(["synthetic", "--count", "1", "--weights", str(tiny_file)]) == 0
    assert capsys.readouterr().out.startswith("| reading | detection H | end-to-end H |\n")


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["synthetic", "--style", "odd"], ["synthetic", "--weights", "odd"]]
)
def test_what_cannot_be_used_is_said_in_one_sentence(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.strip().splitlines()) == 1
