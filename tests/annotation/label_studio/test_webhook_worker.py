"""The queue of corrections that webhooks told of."""

from __future__ import annotations

import time

import pytest

from annotation.label_studio.client import Server, ServerError
from annotation.label_studio.webhook_worker import MAX_QUEUED, MAX_TRIES, WebhookWorker


class Down(Server):
    """A server that never answers; counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "token")
        self.asked: list[int] = []

    def task(self, task_id: int) -> dict:
        self.asked.append(task_id)
        raise ServerError("It cannot be reached.")


@pytest.fixture
def collector(store, monkeypatch) -> WebhookWorker:
    monkeypatch.setattr("annotation.label_studio.webhook_worker.RETRY_SECONDS", 0.01)
    return WebhookWorker(store, Down())


def wait(condition) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_nothing_to_do(collector):
    collector.start()
    assert collector.wait_until_done(1)
    collector.stop()
    assert collector.server.asked == []


def test_each_correction_once_and_three_tries(collector, caplog):
    for number in (7, 8, 7):
        assert collector.add("task", number)
    collector.start()
    wait(lambda: len(collector.server.asked) == 2 * MAX_TRIES)
    wait(lambda: collector.wait_until_done(1))
    collector.stop()
    assert sorted(collector.server.asked) == [7] * MAX_TRIES + [8] * MAX_TRIES
    assert caplog.text.count("a pull imports it") == 2


def test_not_without_end(collector):
    assert all(collector.add("task", number) for number in range(MAX_QUEUED))
    assert collector.add("task", 0)  # it waits already
    assert not collector.add("task", MAX_QUEUED)


def test_what_waits_at_the_end_is_said(collector, caplog):
    collector.add("task", 1)
    collector._stopping = True  # before the thread has taken it
    collector.start()
    collector.stop()
    assert "1 announced corrections were not imported" in caplog.text
