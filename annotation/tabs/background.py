"""Reads new images with the app's spotter while people work, one at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock, Thread

from sqlalchemy import select

from annotation.signals import trace_signals
from annotation.store.predictions import model_version
from annotation.store.store import Store
from annotation.store.tables import ImageRow, PredictionRow
from spotter.tabs.shared.loading import Loader


@dataclass(frozen=True)
class Reading:
    """How far the background is since it last had nothing to do."""

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
        self.model = Lock()  # who reads for a waiting person takes it too
        self._waiting: deque[int] = deque()
        self._known: set[int] = set()
        self._state = Reading()
        self._lock = Lock()

    @property
    def state(self) -> Reading:
        with self._lock:
            return self._state

    def add(self, image_ids: Iterable[int]) -> None:
        """Returns at once."""
        with self._lock:
            new = [i for i in dict.fromkeys(image_ids) if i not in self._known]
            self._waiting.extend(new)
            self._known.update(new)
            if not new:
                return
            if self._state.is_busy:
                self._state = Reading(self._state.done, self._state.total + len(new), self._state.problem)
                return
            self._state = Reading(0, len(new))
        Thread(target=self._run, daemon=True).start()

    def add_unread(self, project_id: int, version: str | None = None) -> None:
        """All images of a project that no model has seen, such as those left over when the app was closed;
        with `version` all that this model has not seen."""
        seen = select(PredictionRow.image_id).where(PredictionRow.image_id == ImageRow.id)
        if version is not None:
            seen = seen.where(PredictionRow.model_version == version)
        query = select(ImageRow.id).where(ImageRow.project_id == project_id, ~seen.exists())
        with self.store.read() as session:
            self.add(session.scalars(query.order_by(ImageRow.id)).all())

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                image_id = self._waiting.popleft()
            problem = ""
            try:
                self._read(image_id)
            except Exception as error:  # the other images are read all the same
                problem = str(error)
                logging.getLogger(__name__).exception("an image was not read")
            with self._lock:
                self._known.discard(image_id)
                state = self._state
                self._state = Reading(state.done + 1, state.total, problem or state.problem)

    def _read(self, image_id: int) -> None:
        spotter = self.loader.spotter()
        path = self.store.image_path(self.store.image(image_id))
        with self.model:
            trace = spotter.trace(path)
        self.store.add_prediction(image_id, model_version(spotter.card), trace.words, trace_signals(trace))
