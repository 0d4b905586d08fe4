"""Imports corrections from Label Studio that webhooks announce, one after the other."""

from __future__ import annotations

import logging
from threading import Condition, Thread
from time import monotonic

from annotation.label_studio.client import MissingError, Server, ServerError
from annotation.label_studio.labelling_config import has_our_controls
from annotation.label_studio.sync import import_tasks
from annotation.region import AnnotationError
from annotation.store.store import Store

MAX_QUEUED = 10_000  # jobs; people at a Label Studio do not cause more
MAX_TRIES = 3
RETRY_SECONDS = 5.0  # before the second try; longer before each further one
PACE_SECONDS = 0.2  # between two jobs: strangers cannot make this send many requests to the server
STOP_SECONDS = 20.0  # for the job in progress

Job = tuple[str, int]  # "task" or "project", and its id on the server

log = logging.getLogger(__name__)


class WebhookWorker:
    """A thread that requests announced tasks and projects from the configured server and imports them."""

    def __init__(self, store: Store, server: Server) -> None:
        self.store, self.server = store, server
        self._jobs: dict[Job, tuple[int, float]] = {}  # -> (tries so far, earliest time of the next)
        self._condition = Condition()
        self._stopping = False
        self._busy = False
        self._thread = Thread(target=self._run, name="webhook-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops after the job in progress; the next pull imports the others."""
        with self._condition:
            self._stopping = True
            left = len(self._jobs)
            self._condition.notify_all()
        self._thread.join(STOP_SECONDS)
        if left:
            log.warning("%d announced corrections were not imported; a pull imports them.", left)

    def add(self, kind: str, number: int) -> bool:
        """Queues the task or project (`kind`) with this id without waiting; False if the queue is full."""
        with self._condition:
            if (kind, number) not in self._jobs and len(self._jobs) >= MAX_QUEUED:
                return False
            self._jobs[kind, number] = (0, 0.0)
            self._condition.notify_all()
            return True

    def wait_until_done(self, seconds: float) -> bool:
        """False if jobs are left after this time."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._jobs and not self._busy, seconds)

    def _run(self) -> None:
        while (item := self._next()) is not None:
            job, tries = item
            try:
                self._import(*job)
            except MissingError as error:  # trying again would not help
                log.warning("The %s %d was not imported: %s", *job, error)
            except ServerError as error:
                self._retry(job, tries + 1, str(error))
            except AnnotationError as error:
                log.warning("The %s %d was not imported: %s", *job, error)
            except Exception as error:  # the other jobs still have to run
                log.error("The %s %d was not imported (%s).", *job, type(error).__name__)
            with self._condition:
                self._busy = False
                self._condition.notify_all()
                self._condition.wait_for(lambda: self._stopping, PACE_SECONDS)

    def _next(self) -> tuple[Job, int] | None:
        """Waits for a job; the job and the number of tries so far, or None after `stop`."""
        with self._condition:
            while not self._stopping:
                now = monotonic()
                due = [job for job, (_, at) in self._jobs.items() if at <= now]
                if due:
                    tries, _ = self._jobs.pop(due[0])
                    self._busy = True
                    return due[0], tries
                earliest = min((at for _, at in self._jobs.values()), default=None)
                self._condition.wait(None if earliest is None else earliest - now)
            return None

    def _retry(self, job: Job, tries: int, reason: str) -> None:
        if tries >= MAX_TRIES:
            log.warning("The %s %d was not imported, a pull imports it: %s", *job, reason)
            return
        with self._condition:
            self._jobs.setdefault(job, (tries, monotonic() + RETRY_SECONDS * tries))

    def _import(self, kind: str, number: int) -> None:
        """Only from projects with our configuration: anybody can send a webhook with any task."""
        tasks = [self.server.task(number)] if kind == "task" else None
        project = self.server.project(tasks[0]["project"] if tasks else number)
        if not has_our_controls(project.label_config):
            return
        tasks = self.server.tasks(project) if tasks is None else tasks
        for line in import_tasks(self.store, project.title, self.server, tasks).lines():
            log.info("%s %d: %s", kind, number, line)
