"""Killed at any moment: nothing half-written is ever served, and the ledger is consistent."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from contextlib import suppress

import pytest

from annotation.rounds.records import RUNNING, RoundError
from annotation.rounds.service import Rounds
from annotation.rounds.weights import check_weights
from annotation.store.store import Store

KILLS = int(os.environ.get("ROUND_KILLS", "6"))
PROCESSES = multiprocessing.get_context("forkserver")


def run_rounds(url: str, images: str, path: str, reports) -> None:
    """Runs and promotes rounds, in turn with rollbacks, until it is killed."""
    os.environ["PYTHONPATH"] = path
    with Store(url, images=images) as store:
        rounds = Rounds(store, "nano", worker="stub_worker")
        project = store.find_project("signs")
        reports.send("ready")
        while True:
            running = rounds.current()
            one = rounds.wait(running.id if running else rounds.start(project).id)
            if one.state == "done":
                rounds.promote(one.id, "ann", "to see")
                rounds.rollback(None, "ann")


def check(rounds: Rounds, project: int) -> None:
    """What has to be so at any moment."""
    _, path = rounds.served()
    assert path == "nano" or check_weights(path)
    found = rounds.list(project)
    assert [one.number for one in found] == list(range(len(found), 0, -1))
    for one in found:
        assert (one.state == "done") == (one.weights is not None) == (one.verdict is not None)
        if one.weights:
            assert check_weights(rounds.weights_of(one.id)) == one.weights
        if one.state in ("failed", "stopped"):
            assert one.message
    assert sum(one.state in RUNNING for one in found) <= 1


def test_killing_the_program_that_starts_rounds(rounds, project, corrected, store):
    corrected(10)
    PROCESSES.set_forkserver_preload(["annotation.rounds.service"])
    rng = random.Random(0)
    for _ in range(KILLS):
        receiver, sender = PROCESSES.Pipe(duplex=False)
        arguments = (rounds.context.database, str(store.images.folder), os.environ["PYTHONPATH"], sender)
        program = PROCESSES.Process(target=run_rounds, args=arguments, daemon=True)
        program.start()
        assert receiver.poll(60)
        time.sleep(rng.uniform(0, 0.5))
        program.kill()
        program.join()
        check(rounds, project)
    running = rounds.current()
    last = rounds.wait(running.id if running else rounds.start(project).id)
    assert last.state in ("done", "failed")
    assert rounds.wait(rounds.start(project).id).state == "done"
    check(rounds, project)
    assert "done" in [one.state for one in rounds.list(project)[2:]]  # not all were killed too early


def test_killing_the_worker(rounds, project, corrected, store, monkeypatch):
    """It fails with its reason or is done; a resumed one ends well."""
    corrected(10)
    rng = random.Random(1)
    states = []
    monkeypatch.setenv("STUB_WORKER", "hang")  # the first is killed for certain
    one = rounds.start(project)
    monkeypatch.delenv("STUB_WORKER")
    for _ in range(KILLS):
        time.sleep(rng.uniform(0, 0.3))
        with store.engine.connect() as connection:
            row = connection.exec_driver_sql(f"SELECT pid FROM rounds WHERE id = {one.id}").one()
        if one.state in RUNNING and rounds.get(one.id).state in RUNNING:
            with suppress(ProcessLookupError):  # it was faster
                os.kill(row.pid, signal.SIGKILL)
        found = rounds.wait(one.id)
        states.append(found.state)
        check(rounds, project)
        if found.state == "failed":
            assert "The process ended before the round did" in found.message
            one = rounds.resume(found.id)
        else:
            one = rounds.start(project)
    assert rounds.wait(one.id).state == "done"
    assert states[0] == "failed"


def test_a_machine_that_was_switched_off(rounds, project, corrected, store, monkeypatch):
    """Its process is gone, and another one may have its id."""
    monkeypatch.setenv("STUB_WORKER", "hang")
    corrected(10)
    one = rounds.start(project)
    rounds.stop(one.id)
    rounds.wait(one.id)
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql(f"UPDATE rounds SET state = 'training', pid = {os.getpid()}")
    (rounds.context.folder(one.id).path / "stop").unlink()
    (rounds.context.folder(one.id).path / "progress.json").unlink(missing_ok=True)
    assert rounds.get(one.id).state == "failed"
    assert rounds.current() is None


def test_a_full_disk(rounds, project, corrected, monkeypatch):
    corrected(10)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("annotation.rounds.weights.write_file", full)
    failed = rounds.wait(rounds.start(project).id)
    assert failed.state == "failed"
    assert failed.message.startswith("A file could not be written: No space left on device.")
    monkeypatch.undo()
    monkeypatch.setattr("annotation.rounds.round_folder.write_file", full)
    with pytest.raises(RoundError, match="could not be started: No space left"):
        rounds.start(project)
    assert rounds.current() is None


def test_damaged_files_of_a_round(rounds, project, corrected):
    corrected(10)
    done = rounds.wait(rounds.start(project).id)
    folder = rounds.context.folder(done.id).path
    for text in ("{", "[]", '{"state": 1}'):
        for name in ("progress.json", "changes.json"):
            (folder / name).write_text(text)
        assert rounds.progress(done.id) is None
        if text != "[]":
            with pytest.raises(RoundError):
                rounds.changes(done.id)
    assert rounds.get(done.id) == done
