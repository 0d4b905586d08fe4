"""The simulated loop, with a worker and a spotter that take a moment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from annotation.rounds.records import RoundError
from annotation.rounds.service import Rounds
from annotation.rounds.simulation import Plan, Point, Step, baseline, curves, photos_to_reach, simulate
from annotation.signals import word_signals
from spotter.data.icdar import AnnotatedImage
from spotter.types import Character, GroundTruth, Word

HERE = Path(__file__).parent
BOX = [[10.0, 10.0], [70.0, 10.0], [70.0, 30.0], [10.0, 30.0]]
PATHS = """import sys
from pathlib import Path

def folder_of(number):
    database = sys.argv[sys.argv.index("--database") + 1]
    return Path(database.removeprefix("sqlite:///")).with_suffix(".rounds") / number
"""


class FakeSpotter:
    """Reads every photo right with the weights of a round, and wrong with those of the app."""

    def __init__(self, weights) -> None:
        self.is_wrong = weights == "nano"

    def spot(self, path) -> list[Word]:
        with Image.open(path) as image:
            text = "W0RD" if self.is_wrong else text_of(image.width)
        return [Word("w0", BOX, [10, 10, 70, 30], text, 0.9, 0.8, [Character(c, 0.9) for c in text])]

    def trace(self, path) -> SimpleNamespace:
        return SimpleNamespace(words=self.spot(path))


def text_of(width: int) -> str:
    """The word on a photo of this width: the texts differ, as a round of equal ones would not be promoted."""
    return f"WORD{width}"


@pytest.fixture
def photographs(picture, tmp_path) -> list[AnnotatedImage]:
    found = []
    for width in range(200, 240):
        (path := tmp_path / f"{width}.jpg").write_bytes(picture(width, size=(width, 100)))
        truth = [
            GroundTruth(np.array(BOX, np.float32), text_of(width)),
            GroundTruth(np.array(BOX) + 40, "", True),
        ]
        found.append(AnnotatedImage(path, truth))
    return found


def read(spotter, path):
    words = spotter.trace(path).words
    return words, [word_signals(word) for word in words]


@pytest.fixture(autouse=True)
def stub(tmp_path, monkeypatch):
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/annotation_rounds_paths.py").write_text(PATHS)
    monkeypatch.setenv("PYTHONPATH", f"{HERE}:{tmp_path / 'modules'}")
    monkeypatch.setattr("annotation.rounds.service.POLL_SECONDS", 0.02)
    monkeypatch.setattr("annotation.rounds.simulation.read_with_signals", read)


def run(photographs, **changes) -> list[Step]:
    values = {"orders": ["random"], "rounds": 2, "photos": 10, "seeds": 1, "minutes": 1.0, "weights": "nano"}
    return list(simulate(photographs, Plan(**values | changes), FakeSpotter, worker="stub_worker"))


def test_rounds_are_promoted_by_the_rule_and_measured_on_other_photos(photographs):
    steps = run(photographs, orders=["random", "uncertainty"])
    assert [(s.order, s.round, s.photos, s.h, s.promoted) for s in steps] == [
        (order, *rest)
        for order in ("random", "uncertainty")
        for rest in ((0, 0, 0.0, False), (1, 10, 1.0, True), (2, 20, 1.0, True))
    ]


def test_a_round_that_is_not_better_changes_nothing(photographs, monkeypatch):
    monkeypatch.setenv("STUB_WORKER", "worse")
    assert [(step.h, step.promoted) for step in run(photographs)] == [(0.0, False)] * 3


def test_it_ends_when_all_photos_are_corrected_and_the_test_photos_are_left(photographs):
    assert [step.photos for step in run(photographs, rounds=9, photos=20)] == [0, 20, 30]


def test_a_round_that_fails_ends_it_with_the_reason(photographs, monkeypatch):
    monkeypatch.setenv("STUB_WORKER", "fail")
    with pytest.raises(RoundError, match="Round 1 failed: The loss is not finite"):
        run(photographs)


def test_too_few_photos_are_one_sentence(photographs):
    with pytest.raises(RoundError, match="corrected photos are missing"):
        run(photographs, photos=3)


def test_an_interrupt_stops_the_round(photographs, monkeypatch):
    monkeypatch.setenv("STUB_WORKER", "hang")
    wait, waited = Rounds.wait, []

    def interrupted(rounds, round_id):
        if not waited:
            waited.append(rounds.get(round_id).state)
            raise KeyboardInterrupt
        waited.append(wait(rounds, round_id).state)

    monkeypatch.setattr(Rounds, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(photographs)
    assert waited[-1] == "stopped"


def test_curves_have_mean_and_spread_over_the_seeds():
    steps = [Step("random", seed, 1, 25, h, True) for seed, h in enumerate((0.4, 0.6))]
    steps += [Step("mask", 0, 0, 0, 0.3, False), Step("mask", 0, 1, 25, 0.5, True)]
    found = curves(steps)
    assert found["random"] == [Point(25, 0.5, pytest.approx(0.1))]
    assert [(point.photos, point.spread) for point in found["mask"]] == [(0, 0.0), (25, 0.0)]
    assert baseline(found) == found["random"][0]
    assert photos_to_reach(found["mask"], 0.5) == 25
    assert photos_to_reach(found["mask"], 0.51) is None
    assert curves([]) == {}
    assert baseline({}) is None


def test_orders_and_seeds_that_are_done_are_left_out(photographs):
    plan = Plan(["random", "uncertainty"], 1, 10, 2, 1.0, "nano")
    done = {("random", 0), ("uncertainty", 0), ("uncertainty", 1)}
    steps = simulate(photographs, plan, FakeSpotter, worker="stub_worker", done=done)
    assert {(step.order, step.seed) for step in steps} == {("random", 1)}
