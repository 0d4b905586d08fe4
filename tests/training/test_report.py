"""Progress lines of a run: parts of a step, words per second."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from spotter.training import report
from spotter.training.report import RunReport


@pytest.fixture
def clock(monkeypatch):
    """Both clocks of the module return `now`, which the test sets."""
    clock = SimpleNamespace(now=0.0)
    fake = SimpleNamespace(monotonic=lambda: clock.now, perf_counter=lambda: clock.now)
    monkeypatch.setattr(report, "time", fake)
    return clock


def test_line_before_the_first_step(clock):
    run_report = RunReport(torch.device("cpu"))
    clock.now = 2.0
    assert run_report.line(0.25, 0, 0) == "25 % | step 0 | 0 words/s | 2000 ms per step ()"


def test_nested_parts_count_once(clock):
    run_report = RunReport(torch.device("cpu"), 4, 100)
    for _ in range(2):
        run_report.begin_step()
        with run_report.time_part("forward"):
            clock.now += 0.3
            with run_report.time_part("matching"):
                clock.now += 0.1
        with run_report.time_part("backward"):
            clock.now += 0.6
    line = run_report.line(0.25, 6, 300)
    assert "step 6 | 100 words/s | 1000 ms per step (matching 100, forward 300, backward 600)" in line
    clock.now += 1
    assert "step 6 | 0 words/s | 1000 ms per step ()" in run_report.line(0.25, 6, 300)


def test_line_is_due_every_20_seconds(clock):
    run_report = RunReport(torch.device("cpu"))
    assert not run_report.is_due()
    clock.now = 20.5
    assert run_report.is_due()
    run_report.line(0.25, 1, 1)
    assert not run_report.is_due()


def test_failing_part_is_closed(clock):
    run_report = RunReport(torch.device("cpu"))
    with pytest.raises(KeyError), run_report.time_part("forward"):
        raise KeyError
    assert run_report.nested == []


def test_line_ends_with_the_pools_report(clock):
    run_report = RunReport(torch.device("cpu"))
    clock.now = 2.0
    assert run_report.line(0.5, 1, 10, "pool 50 % full").endswith(" | pool 50 % full")
