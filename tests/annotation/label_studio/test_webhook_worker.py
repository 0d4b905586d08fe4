"""The queue of announced corrections."""

from __future__ import annotations

import time

import pytest

from annotation.label_studio.client import MissingError, Server, ServerError
from annotation.label_studio.webhook_worker import MAX_QUEUED, MAX_TRIES, WebhookWorker


class UnreachableServer(Server):
    """A server that never responds; records the requested tasks."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "token")
        self.requested: list[int] = []

    def task(self, task_id: int) -> dict:
        self.requested.append(task_id)
        raise ServerError("It cannot be reached.")


@pytest.fixture
def worker(store, monkeypatch) -> WebhookWorker:
    monkeypatch.setattr("annotation.label_studio.webhook_worker.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("annotation.label_studio.webhook_worker.PACE_SECONDS", 0)
    return WebhookWorker(store, UnreachableServer())


def wait(condition) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_no_jobs(worker):
    worker.start()
    assert worker.wait_until_done(1)
    worker.stop()
    assert worker.server.requested == []


def test_each_job_is_queued_once_and_tried_three_times(worker, caplog):
    for number in (7, 8, 7):
        assert worker.add("task", number)
    worker.start()
    wait(lambda: len(worker.server.requested) == 2 * MAX_TRIES)
    wait(lambda: worker.wait_until_done(1))
    worker.stop()
    assert sorted(worker.server.requested) == [7] * MAX_TRIES + [8] * MAX_TRIES
    assert caplog.text.count("a pull imports it") == 2


def test_the_queue_is_limited(worker):
    assert all(worker.add("task", number) for number in range(MAX_QUEUED))
    assert worker.add("task", 0)  # it is queued already
    assert not worker.add("task", MAX_QUEUED)


def test_unfinished_jobs_are_logged(worker, caplog):
    worker.add("task", 1)
    worker._stopping = True  # before the thread has taken it
    worker.start()
    worker.stop()
    assert "1 announced corrections were not imported" in caplog.text


def test_a_task_that_does_not_exist_is_requested_once(worker, monkeypatch):
    def task(number: int) -> dict:
        worker.server.requested.append(number)
        raise MissingError("There is no such task.")

    monkeypatch.setattr(worker.server, "task", task)
    worker.add("task", 7)
    worker.start()
    wait(lambda: worker.wait_until_done(1))
    worker.stop()
    assert worker.server.requested == [7]


def test_jobs_are_paced(worker, monkeypatch):
    monkeypatch.setattr("annotation.label_studio.webhook_worker.PACE_SECONDS", 3600)
    for number in range(5):
        worker.add("task", number)
    worker.start()
    wait(lambda: worker.server.requested)
    worker.stop()  # it does not wait for the next one
    assert len(worker.server.requested) == 1
