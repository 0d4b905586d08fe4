"""A process killed at a random moment of saving, so also within a commit, loses at most the edit in progress.

See tests/annotation/test_kill.py for other changes.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sqlite3
import time
from collections.abc import Callable

import pytest

from annotation.store.store import Store

KILLS = int(os.environ.get("KILLS", "8"))
PROCESSES = multiprocessing.get_context("forkserver")  # a child starts in milliseconds


def save_forever(url: str, image_id: int, reports) -> None:
    """The text of all regions is the number of the version."""
    with Store(url) as store:
        version = store.image(image_id).version
        while True:
            count = 20 + version % 3
            polygons = [[[i, 0], [i + 5, 0], [i + 5, 5]] for i in range(count)]
            regions = [
                {"id": f"r{i}", "polygon": p, "text": str(version + 1)} for i, p in enumerate(polygons)
            ]
            version = store.save_regions(image_id, version, regions, "writer")
            reports.send(version)


def kill_while(write: Callable, *arguments, rng: random.Random) -> int:
    """Starts a writer, kills it a moment after a few of its reports, and returns its last report."""
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=write, args=(*arguments, sender), daemon=True)
    process.start()
    sender.close()
    last = 0
    try:
        for _ in range(rng.randint(1, 3)):
            assert receiver.poll(60), "the writer does not write"
            last = receiver.recv()
        time.sleep(rng.uniform(0, 0.03))
    finally:
        process.kill()
        process.join()
    assert process.exitcode == -9
    try:
        while receiver.poll():
            last = receiver.recv()
    except EOFError:
        pass
    return last


@pytest.fixture(scope="module", autouse=True)
def preload():
    PROCESSES.set_forkserver_preload(["annotation.store.store"])


def test_kill_while_saving(tmp_path, picture):
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        image_id = store.add_image(store.ensure_project("p"), picture(), "a.jpg")[0].id
    rng = random.Random(0)
    for _ in range(KILLS):
        reported = kill_while(save_forever, url, image_id, rng=rng)
        with sqlite3.connect(tmp_path / "a.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        with Store(url) as store:
            version = store.image(image_id).version
            assert version in (reported, reported + 1)
            assert {region.text for region in store.regions(image_id)} == {str(version)}
            assert len(store.regions(image_id)) == 20 + (version - 1) % 3
            assert {r.version for r in store.history(image_id)} == set(range(1, version + 1))
