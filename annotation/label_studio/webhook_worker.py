"""Brings corrections from Label Studio into the store, one after the other, as webhooks tell of them."""

from __future__ import annotations

import logging
from threading import Condition, Thread
from time import monotonic

from annotation.label_studio.client import Server, ServerError, is_ours
from annotation.label_studio.sync import take
from annotation.region import AnnotationError
from annotation.store.store import Store

MAX_WAITING = 10_000  # tasks; whoever sends more is not a Label Studio at which people work
TRIES = 3
PAUSE = 5.0  # seconds before a task is tried again
STOP_SECONDS = 20.0

log = logging.getLogger(__name__)


class WebhookWorker:
    """A thread that asks the configured server for what it was told of."""

    def __init__(self, store: Store, server: Server) -> None:
        self.store, self.server = store, server
        self._waiting: dict[tuple[str, int], tuple[int, float]] = {}  # (kind, id) -> tries, not before
        self._condition = Condition()
        self._stopping = False
        self._busy = False
        self._thread = Thread(target=self._work, name="collector", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the task in hand; the next pull brings the others."""
        with self._condition:
            self._stopping = True
            left = len(self._waiting)
            self._condition.notify_all()
        self._thread.join(STOP_SECONDS)
        if left:
            log.warning("%d corrections were not collected; a pull brings them.", left)

    def add(self, kind: str, number: int) -> bool:
        """`kind`: "task" or "project", with its id there. Returns at once; False when too many wait."""
        with self._condition:
            if (kind, number) not in self._waiting and len(self._waiting) >= MAX_WAITING:
                return False
            self._waiting[kind, number] = (0, 0.0)
            self._condition.notify_all()
            return True

    def wait_until_done(self, seconds: float) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def _work(self) -> None:
        while (item := self._next()) is not None:
            (kind, number), tries = item
            try:
                self._collect(kind, number)
            except ServerError as error:
                self._again(kind, number, tries + 1, str(error))
            except AnnotationError as error:
                log.warning("The %s %d was not taken: %s", kind, number, error)
            except Exception as error:  # whatever one task brings about, the others are still collected
                log.error("The %s %d was not taken (%s).", kind, number, type(error).__name__)
            with self._condition:
                self._busy = False
                self._condition.notify_all()

    def _next(self) -> tuple[tuple[str, int], int] | None:
        """The first that is due and how often it was tried; None at the end."""
        with self._condition:
            while not self._stopping:
                now = monotonic()
                due = [key for key, (_, at) in self._waiting.items() if at <= now]
                if due:
                    tries, _ = self._waiting.pop(due[0])
                    self._busy = True
                    return due[0], tries
                soonest = min((at for _, at in self._waiting.values()), default=None)
                self._condition.wait(None if soonest is None else soonest - now)
            return None

    def _again(self, kind: str, number: int, tries: int, why: str) -> None:
        if tries >= TRIES:
            log.warning("The %s %d was not collected, a pull brings it: %s", kind, number, why)
            return
        with self._condition:
            self._waiting.setdefault((kind, number), (tries, monotonic() + PAUSE * tries))

    def _collect(self, kind: str, number: int) -> None:
        """Only from projects with our configuration: anybody can name any task in a webhook."""
        tasks = [self.server.task(number)] if kind == "task" else None
        project = self.server.project(tasks[0]["project"] if tasks else number)
        if not is_ours(project.label_config):
            return
        tasks = self.server.tasks(project) if tasks is None else tasks
        for line in take(self.store, project.title, self.server, tasks).lines():
            log.info("%s %d: %s", kind, number, line)
