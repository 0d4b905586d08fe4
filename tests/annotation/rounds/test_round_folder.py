"""The files of a round."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.rounds.records import Figures, Interval, Job, Progress, RegionChange, RoundError, Verdict
from annotation.rounds.round_folder import RoundFolder, rounds_folder

FIGURES = Figures(Interval(0.5, 0.4, 0.6), Interval(0.3, 0.2, 0.4))


def test_where(tmp_path, monkeypatch):
    assert rounds_folder(f"sqlite:///{tmp_path}/a.db") == tmp_path / "a.rounds"
    monkeypatch.chdir(tmp_path)
    assert rounds_folder("postgresql://localhost/a") == Path.cwd() / "annotation.rounds"


def test_nothing_yet(tmp_path):
    folder = RoundFolder(tmp_path / "1")
    assert folder.progress() is None
    assert folder.verdict() is None
    with pytest.raises(RoundError, match="missing or damaged"):
        folder.job()
    with pytest.raises(RoundError, match="did not end"):
        folder.changes()


def test_round_trip(tmp_path):
    folder = RoundFolder(tmp_path / "1")
    job = Job(1, "signs", "sqlite:///a.db", "nano", [1], [2], [3], "all", 9.0, 0, {"minutes": 9.0})
    progress = Progress("training", 0.5, 60, "", [(0.5, 8.0)], [(0.0, 0.4)])
    changes = [RegionChange("fixed", 3, "r", [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], "é", "e", "é")]
    verdict = Verdict(FIGURES, FIGURES, FIGURES, FIGURES, Interval(0.1, -0.1, 0.2), {"fixed": 1}, 0.5)
    folder.write_job(job)
    folder.write_progress(progress)
    folder.write_changes(changes)
    folder.write_verdict(verdict)
    assert (folder.job(), folder.progress(), folder.changes()) == (job, progress, changes)
    assert folder.verdict() == verdict
    assert sorted(path.name for path in folder.path.iterdir()) == [
        f"{name}.json" for name in ("changes", "job", "progress", "result")
    ]


def test_damaged_result(tmp_path):
    (tmp_path / "result.json").write_text("{", encoding="utf-8")
    with pytest.raises(RoundError, match="damaged; run the round again"):
        RoundFolder(tmp_path).verdict()
