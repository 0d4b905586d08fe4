"""Once a day, in the background: deletes what has been in the bin for 30 days, and files without a photo."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Lock, Thread

from annotation.store.orphans import remove_orphans
from annotation.store.purge import purge_expired
from annotation.store.store import Store
from annotation.tabs.error_messages import EXPECTED

DAY = 24 * 3600  # seconds


class DailyPurge:
    """`start` may be called as often as one likes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._next = 0.0  # time.monotonic

    def start(self) -> Thread | None:
        """The thread, if a day has passed since the last one."""
        with self._lock:
            if time.monotonic() < self._next:
                return None
            self._next = time.monotonic() + DAY
        thread = Thread(target=self._run, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        with suppress(*EXPECTED):  # tried again the next day
            purge_expired(self._store)
            remove_orphans(self._store)
