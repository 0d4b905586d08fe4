"""What the worker tells about its round."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from annotation.rounds import reporting
from annotation.rounds.records import Progress
from annotation.rounds.reporting import Reporter, StopRequested
from annotation.rounds.round_folder import RoundFolder


@pytest.fixture
def folder(tmp_path) -> RoundFolder:
    return RoundFolder(tmp_path)


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """Seconds, which only the test moves."""
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(reporting.time, "monotonic", lambda: now.seconds)
    return now


def trainer(spent: float, progress: float, losses: list, minutes: float = 2.0, steps: int | None = None):
    config = SimpleNamespace(minutes=minutes, steps=steps)
    return SimpleNamespace(config=config, spent=spent, progress=progress, loss_curve=losses)


def test_time_left(folder, clock):
    reporter = Reporter(folder, [], reads_left=11, training_left=60.0)
    reporter.begin("preparing")
    assert folder.progress() == Progress("preparing", 0.0, 60)  # nothing is known of the reading yet
    reporter.before_read()
    clock.seconds += 4
    reporter.before_read()
    assert folder.progress() == Progress("preparing", pytest.approx(4 / 100), 60 + 9 * 4)
    reporter.begin("training")
    clock.seconds += 30
    reporter.during_training(trainer(30.0, 0.5, [(0.5, 7.0)], minutes=1.0))
    found = folder.progress()
    assert (found.state, found.seconds_left, found.losses) == ("training", 30 + 36, [(0.5, 7.0)])
    reporter.end("done")
    assert folder.progress() == Progress("done", 1.0, None, "", [(0.5, 7.0)])


def test_not_written_at_every_step(folder, clock):
    reporter = Reporter(folder, [])
    reporter.begin("training")
    for _ in range(10):
        clock.seconds += 0.1
        reporter.during_training(trainer(1.0, 0.1, [(1.0, 2.0)], steps=10))
    assert folder.progress().losses == []
    assert reporter.training_left == pytest.approx(9.0)
    clock.seconds += reporting.SECONDS
    reporter.during_training(trainer(1.0, 0.1, [(1.0, 2.0)], steps=10))
    assert folder.progress().losses == [(1.0, 2.0)]


def test_a_resumed_round_keeps_its_curves(folder):
    folder.write_progress(
        Progress("stopped", 0.4, None, "", [(0.5, 9.0), (1.0, 8.0)], [(0.0, 0.3), (0.8, 0.4)])
    )
    reporter = Reporter(folder, [])
    reporter.begin("training")
    reporter.during_training(trainer(60.0, 0.5, []))
    assert reporter.progress.losses == [(0.5, 9.0), (1.0, 8.0)]
    reporter.during_training(trainer(60.0, 0.5, [(0.9, 8.5), (1.4, 7.0)]))  # from its checkpoint on
    assert reporter.progress.losses == [(0.5, 9.0), (0.9, 8.5), (1.4, 7.0)]
    reporter.add_evaluation(0.7, 0.5)
    assert reporter.progress.holdout == [(0.0, 0.3), (0.7, 0.5)]


def test_a_signal_stops_before_the_next_image(folder):
    signals: list[int] = []
    reporter = Reporter(folder, signals)
    reporter.begin("judging")
    reporter.before_read()
    signals.append(15)
    with pytest.raises(StopRequested):
        reporter.before_read()


def test_only_the_first_process_of_torchrun_reports(folder, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    Reporter(folder, []).begin("training")
    assert folder.progress() is None
