"""The bin is emptied once a day."""

from __future__ import annotations

from annotation.region import AnnotationError
from annotation.tabs import daily_purge
from annotation.tabs.daily_purge import DailyPurge


def test_once_a_day(store, monkeypatch):
    purged: list = []
    swept: list = []
    monkeypatch.setattr(daily_purge, "purge_expired", purged.append)
    monkeypatch.setattr(daily_purge, "remove_orphans", swept.append)
    purge = DailyPurge(store)
    threads = [purge.start() for _ in range(3)]
    assert threads[1:] == [None, None]
    threads[0].join()
    assert purged == swept == [store]
    monkeypatch.setattr(daily_purge, "DAY", 0)
    again = DailyPurge(store)
    for _ in range(2):
        again.start().join()
    assert len(purged) == 3


def test_a_busy_database_is_tried_again_later(store, monkeypatch):
    def fail(store):
        raise AnnotationError("The database cannot be used now.")

    monkeypatch.setattr(daily_purge, "purge_expired", fail)
    thread = DailyPurge(store).start()
    thread.join()
    assert not thread.is_alive()
