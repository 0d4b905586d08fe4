"""The lines of a run: parts of a step, words per second."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from spotter.training import report
from spotter.training.report import RunReport


@pytest.fixture
def clock(monkeypatch):
    """Two clocks that a test sets: `now` is read by both."""
    clock = SimpleNamespace(now=0.0)
    fake = SimpleNamespace(monotonic=lambda: clock.now, perf_counter=lambda: clock.now)
    monkeypatch.setattr(report, "time", fake)
    return clock


def trainer(step: int, words: int) -> SimpleNamespace:
    return SimpleNamespace(step=step, words=words, progress=0.25, pool=None)


def test_a_line_before_the_first_step(clock):
    found = RunReport(torch.device("cpu"))
    clock.now = 2.0
    assert found.line(trainer(0, 0)) == "25 % | step 0 | 0 words/s | 2000 ms per step ()"


def test_parts_inside_others_count_once(clock):
    found = RunReport(torch.device("cpu"), (4, 100))
    for _ in range(2):
        found.begin_step()
        with found.part("forward"):
            clock.now += 0.3
            with found.part("matching"):
                clock.now += 0.1
        with found.part("backward"):
            clock.now += 0.6
    line = found.line(trainer(6, 300))
    assert "step 6 | 100 words/s | 1000 ms per step (matching 100, forward 300, backward 600)" in line
    clock.now += 1
    assert "step 6 | 0 words/s | 1000 ms per step ()" in found.line(trainer(6, 300))


def test_a_line_every_20_seconds(clock):
    found = RunReport(torch.device("cpu"))
    assert not found.is_due()
    clock.now = 20.5
    assert found.is_due()
    found.line(trainer(1, 1))
    assert not found.is_due()


def test_a_part_that_fails_is_closed(clock):
    found = RunReport(torch.device("cpu"))
    with pytest.raises(KeyError), found.part("forward"):
        raise KeyError
    assert found.inner == []
