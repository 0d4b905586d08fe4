"""The worker of a round, in a process of its own and within this one."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from annotation.rounds import stages, worker
from annotation.rounds.records import CHANGE_KINDS
from annotation.rounds.round_folder import RoundFolder
from annotation.store.store import Store
from spotter.training.checkpoint import read_checkpoint
from spotter.types import Word
from spotter.weights import load_weights
from tests.annotation.rounds.training_round import small_round, write_job

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def database(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/annotation.db"


@pytest.fixture
def folder(database, tmp_path, tiny_file) -> RoundFolder:
    """Of a tiny round that has not begun."""
    with Store(database) as store:
        return write_job(store, database, tiny_file, small_round(tmp_path))[0]


@pytest.fixture
def run(database, monkeypatch) -> Callable[[], int]:
    """Runs the round in this process."""
    monkeypatch.setattr(worker, "limit_memory", lambda gigabytes: None)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    return lambda: worker.main(["--database", database, "--round", "1"])


def change_job(folder: RoundFolder, **changes: object) -> None:
    folder.write_job(replace(folder.job(), **changes))


def test_a_round(folder, run, tiny_file):
    assert run() == 0
    progress, verdict = folder.progress(), folder.verdict()
    assert progress is not None
    assert verdict is not None
    assert (progress.state, progress.share, progress.seconds_left) == ("done", 1.0, None)
    assert progress.losses
    assert [minutes > 0 for minutes, _ in progress.holdout] == [False, True]
    assert set(verdict.counts) == set(CHANGE_KINDS)
    assert sum(verdict.counts.values()) == len(folder.changes())
    # Random weights find nothing, whatever they learn in three steps: nothing helps, so nothing changes.
    assert (verdict.share, verdict.before, verdict.difference.value) == (0.0, verdict.after, 0.0)
    assert folder.weights.read_bytes() == tiny_file.read_bytes()
    assert load_weights(folder.weights)[1]["name"] == "tiny"
    # Killed between the result and its last word, it says that it is done.
    folder.write_progress(replace(progress, state="judging"))
    shutil.rmtree(folder.run)
    assert run() == 0
    assert folder.progress().state == "done"


def test_weights_that_help_are_chosen(folder, run, monkeypatch, tiny_file):
    """The more of the trained end, the more words are read correctly: all of it is taken."""
    shares = []

    def read(spotter, photos, check):
        check()
        share = shares.pop(0)
        return [
            [Word("w", t.polygon.tolist(), [0, 0, 1, 1], t.text if i < 2 * share else "x", 0.9, 0.9, [])]
            for i, photo in enumerate(photos)
            for t in photo.truth
        ]

    monkeypatch.setattr(stages, "read_photos", read)
    shares += [0.0, 0.0, 0.5, 1.0, 1.0]  # before, on the way, the two shares, with thresholds fitted
    assert run() == 0
    verdict = folder.verdict()
    assert verdict is not None
    assert (verdict.share, verdict.before.end_to_end.value, verdict.after.end_to_end.value) == (1.0, 0.0, 1.0)
    assert verdict.counts["fixed"] == 2
    assert [change.kind for change in folder.changes()] == ["fixed", "fixed"]
    card, parent = (load_weights(each)[1] for each in (folder.weights, tiny_file))
    assert (card["parent_sha256"], card["photos"], card["share_of_training"]) == (parent["sha256"], 3, 1.0)
    assert card["sha256"] != parent["sha256"]


def start(database: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "annotation.rounds.worker", "--database", database, "--round", "1"]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_two_processes_of_torchrun(folder, database):
    """Both train the same weights; the first one prepares, reports and judges."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "annotation.rounds.worker", "--database", database, "--round", "1"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == 0, finished.stderr
    assert folder.progress().state == "done"
    assert folder.verdict() is not None
    counts = read_checkpoint(folder.run / "checkpoint.pt", torch.device("cpu"))["counts"]
    assert (counts["step"], counts["next_batch"]) == (3, 6)


def test_stopped_and_resumed(folder, database, run):
    """In a process of its own, which has all the time in the world until it is asked to stop."""
    recipe = small_round(folder.path, checkpoint_minutes=0.0).recipe
    config = folder.job().config | {"recipe": recipe}
    change_job(folder, config=config | {"steps": 10_000, "evaluations": 0})
    process = start(database)
    try:
        while not (folder.run / "checkpoint.pt").exists():
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    progress = folder.progress()
    assert progress is not None
    assert (progress.state, progress.message) == ("stopped", "Stopped; the round can be resumed.")
    assert folder.verdict() is None
    assert not folder.weights.exists()
    steps = read_checkpoint(folder.run / "checkpoint.pt", torch.device("cpu"))["counts"]["step"]
    change_job(folder, config=config | {"steps": steps + 1, "evaluations": 0})
    assert run() == 0
    assert folder.progress().state == "done"
    assert read_checkpoint(folder.run / "checkpoint.pt", torch.device("cpu"))["counts"]["step"] == steps + 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"holdout": [99]}, "None of the photos that are held out exists any more"),
        ({"train": [99]}, "None of the corrected photos exists any more"),
        ({"parent": "/nowhere.safetensors"}, "There are no weights '/nowhere.safetensors'"),
    ],
)
def test_failures_are_told(folder, run, changes, sentence, capfd):
    change_job(folder, **changes)
    assert run() == 1
    progress = folder.progress()
    assert progress is not None
    assert (progress.state, progress.seconds_left) == ("failed", None)
    assert progress.message.startswith(sentence)
    assert capfd.readouterr().err.splitlines()[-1] == progress.message
    assert not folder.weights.exists()
    assert folder.verdict() is None


def test_no_job(folder, run):
    (folder.path / "job.json").write_text("{", encoding="utf-8")
    assert run() == 1
    assert "is missing or damaged" in folder.progress().message


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            MemoryError(),
            "There is too little memory: the round may use 8 GB (max_gigabytes of its settings).",
        ),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "There is too little memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full; make room"),
        (ValueError("A sentence."), "A sentence."),
        (KeyError(), "The round failed (KeyError: no message)."),
    ],
)
def test_reasons(error, sentence):
    assert worker.explain(error, 8.0).startswith(sentence)
