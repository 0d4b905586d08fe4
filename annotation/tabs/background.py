"""Reads new images with the app's spotter while people work, one at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from contextvars import copy_context
from dataclasses import dataclass
from threading import Lock, Thread

from annotation.review import OPEN_STATES
from annotation.signals import read_with_signals
from annotation.store.database import as_program
from annotation.store.predictions import model_version
from annotation.store.store import Store
from annotation.tabs.visitor_stores import store_of_visitor
from spotter.tabs.shared.loading import Loader


@dataclass(frozen=True)
class ReadingProgress:
    """Images read since the background was last idle."""

    done: int = 0
    total: int = 0
    problem: str = ""  # of the last image that could not be read

    @property
    def is_busy(self) -> bool:
        return self.done < self.total


class BackgroundReader:
    """One for the whole app."""

    def __init__(self, store: Store, loader: Loader) -> None:
        self.store, self.loader = store, loader
        self.model_lock = Lock()  # also taken by handlers that read while a person waits
        self._waiting: deque[tuple[Store, int]] = deque()
        self._known: set[tuple[Store, int]] = set()
        self._progress = ReadingProgress()
        self._lock = Lock()

    @property
    def progress(self) -> ReadingProgress:
        with self._lock:
            return self._progress

    def add(self, image_ids: Iterable[int]) -> None:
        """Returns at once."""
        store = store_of_visitor(self.store)
        with self._lock:
            new = [(store, i) for i in dict.fromkeys(image_ids) if (store, i) not in self._known]
            self._waiting.extend(new)
            self._known.update(new)
            if not new:
                return
            if self._progress.is_busy:
                now = self._progress
                self._progress = ReadingProgress(now.done, now.total + len(new), now.problem)
                return
            self._progress = ReadingProgress(0, len(new))
        # In the language of who added them, as a problem is shown on the page.
        Thread(target=copy_context().run, args=(self._run,), daemon=True).start()

    def add_unread(self, project_id: int, version: str | None = None) -> None:
        """Adds all images of a project without a prediction, such as those left over when the app was closed.

        `version`: those without a prediction of this model version.
        """
        self.add(self.store.unpredicted_images(project_id, version))

    def read_again(self) -> None:
        """After other weights are served: adds what they have not read, of all projects.

        Only photos that people still work on; those that nobody has touched come first.
        """
        version = model_version(self.loader.spotter().card)
        with as_program():
            for state in OPEN_STATES:
                for project_id, _ in self.store.projects():
                    self.add(self.store.unpredicted_images(project_id, version, state))

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                image = self._waiting.popleft()
            problem = ""
            try:
                with as_program():
                    self._read(*image)
            except Exception as error:  # the other images are still read
                problem = str(error)
                logging.getLogger(__name__).exception("an image could not be read")
            with self._lock:
                self._known.discard(image)
                now = self._progress
                self._progress = ReadingProgress(now.done + 1, now.total, problem or now.problem)

    def _read(self, store: Store, image_id: int) -> None:
        spotter = self.loader.spotter()
        path = store.image_path(store.image(image_id))
        with self.model_lock:
            words, signals = read_with_signals(spotter, path)
        store.add_prediction(image_id, model_version(spotter.card), words, signals)
