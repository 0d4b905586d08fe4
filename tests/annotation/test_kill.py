"""Killed before any of its writes, a change is there completely or not at all, and can be made again.

A write is a statement of the database, its commit, or a change of the file system: each operation is counted
through once, and then killed before each of them, or before KILLS of them, spread evenly.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine, event

from annotation.formats import export_to, import_from
from annotation.region import Region
from annotation.store import bulk, purge
from annotation.store.bin import delete_images, list_bin, restore_images
from annotation.store.project_changes import rename_project
from annotation.store.store import Store
from annotation.store.turning import turn_image
from annotation.upload import upload

KILLS = int(os.environ.get("KILLS", "4"))  # per operation
WRITES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "shutil.copyfile")
ALL = sys.maxsize
PROCESSES = multiprocessing.get_context("forkserver")


def polygon(place: int) -> list[list[float]]:
    return [[place, 0.0], [place + 5, 0.0], [place + 5, 5.0]]


def save(store: Store, folder: Path) -> None:
    regions = [{"id": f"r{i}", "polygon": polygon(i), "text": "new"} for i in range(5)]
    store.save_regions(1, store.image(1).version, regions, "bob")


def add(store: Store, folder: Path) -> None:
    store.add_image(1, folder / "new.png", "new.png", "ann")


def predict(store: Store, folder: Path) -> None:
    store.add_prediction(2, "new", [Region(polygon(30), "new", score=0.9)])


def replace(store: Store, folder: Path) -> None:
    changes = bulk.plan_replacement(store, 1, "word", "replaced")
    if changes:
        bulk.execute(store, changes, "bob")


def turn(store: Store, folder: Path) -> None:
    if store.image_list(1)[0].id == 1:  # the turned photo takes its place
        turn_image(store, 1, 1, "ann")


def delete(store: Store, folder: Path) -> None:
    delete_images(store, [1, 2], "ann")


def restore(store: Store, folder: Path) -> None:
    restore_images(store, [3], "ann")


def erase(store: Store, folder: Path) -> None:
    if list_bin(store, 1):
        purge.erase_images(store, [3])
    purge.purge_expired(store)  # once a day: the files of what was erased


def rename(store: Store, folder: Path) -> None:
    rename_project(store, 1, "renamed")


def take_in(store: Store, folder: Path) -> None:
    import_from(store, "p", folder / "coco.json", "coco")


def take_in_archive(store: Store, folder: Path) -> None:
    assert not upload(store, 1, [str(folder / "photos.zip")], lambda *_: None).refused


def export(store: Store, folder: Path) -> None:
    if not (folder / "out").exists():
        export_to(store, 1, folder / "out", "coco")


# Whether it is one transaction; others go on where they were.
OPERATIONS: dict[Callable[[Store, Path], None], bool] = {
    save: True,
    add: True,
    predict: True,
    replace: True,
    turn: True,
    delete: True,
    restore: True,
    erase: False,
    rename: True,
    take_in: False,
    take_in_archive: False,
    export: False,
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A database with two photos and one in the bin, and files to import."""
    folder = tmp_path_factory.mktemp("prepared")
    with Store(f"sqlite:///{folder}/a.db") as store:
        project = store.ensure_project("p")
        for number in range(1, 4):
            Image.new("RGB", (60, 40), (number, 0, 0)).save(folder / "photo.png")
            image, _ = store.add_image(project, folder / "photo.png", f"{number}.png")
            words = [{"id": f"r{i}", "polygon": polygon(i), "text": f"word {i}"} for i in range(3)]
            store.save_regions(image.id, image.version, words, "ann")
        delete_images(store, [3], "ann")
    Image.new("RGB", (60, 40), (9, 0, 0)).save(folder / "new.png")
    images = [{"id": 1, "file_name": "new.png", "width": 60, "height": 40}]
    words = [{"id": 1, "image_id": 1, "segmentation": [[1, 5, 9, 5, 9, 9]], "text": "imported"}]
    (folder / "coco.json").write_text(json.dumps({"images": images, "annotations": words}))
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for number in (10, 11):
            Image.new("RGB", (60, 40), (number, 0, 0)).save(folder / "photo.png")
            archive.write(folder / "photo.png", f"{number}.png")
    return folder


def die_before(number: int, reports) -> None:
    """This process kills itself before a write; `number`: how many it does first."""
    done = 0

    def count(*_: object) -> None:
        nonlocal done
        reports.send(done)
        if done == number:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    def audit(name: str, arguments: tuple) -> None:
        if name in WRITES or (name == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            count()

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    sys.addaudithook(audit)


def work(name: str, folder: Path, number: int, reports) -> None:
    operation = next(one for one in OPERATIONS if one.__name__ == name)
    with Store(f"sqlite:///{folder}/a.db") as store:
        die_before(number, reports)
        operation(store, folder)


def run(operation: Callable, prepared: Path, folder: Path, number: int) -> int:
    """In a copy of what is prepared, by another process; the writes that it did or would have done next."""
    shutil.copytree(prepared, folder)
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=work, args=(operation.__name__, folder, number, sender))
    process.start()
    sender.close()
    done = -1
    while True:
        try:
            done = receiver.recv()
        except EOFError:
            break
    process.join()
    assert process.exitcode == (0 if number == ALL else -signal.SIGKILL)
    return done


def seen(store: Store) -> list:
    """What people see of a database, without times and people."""
    found: list = [name for _, name in store.projects()]
    deleted = [(each.image, True) for each in list_bin(store, 1)]
    images = [(image, False) for image in store.image_list(1)] + deleted
    for image, is_deleted in sorted(images, key=lambda each: (each[0].name, each[1])):
        file = store.image_path(image)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == image.sha256
        regions = [(region.text, region.polygon) for region in store.regions(image.id)]
        known = (image.name, is_deleted, image.sha256, image.state, image.version)
        found.append((*known, regions, len(store.predictions(image.id)), len(store.history(image.id))))
    return found


def files(folder: Path) -> list[str]:
    """Of the exported folder."""
    return sorted(str(path.relative_to(folder)) for path in (folder / "out").rglob("*"))


@pytest.fixture(scope="module", autouse=True)
def preload():
    PROCESSES.set_forkserver_preload(["tests.annotation.test_kill"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_killed_before_a_write(operation, prepared, tmp_path):
    with Store(f"sqlite:///{prepared}/a.db") as store:
        before = seen(store)
    count = run(operation, prepared, tmp_path / "all", ALL) + 1
    assert count > 1
    with Store(f"sqlite:///{tmp_path}/all/a.db") as store:
        after = seen(store)
    assert after != before or operation is export
    for number in sorted({i * count // KILLS for i in range(KILLS)}):
        folder = tmp_path / str(number)
        assert run(operation, prepared, folder, number) == number
        with sqlite3.connect(folder / "a.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
        with Store(f"sqlite:///{folder}/a.db") as store:
            found = seen(store)
            assert found in (before, after) or not OPERATIONS[operation], number
            assert files(folder) in ([], files(tmp_path / "all"))
            if found != after or not OPERATIONS[operation]:
                operation(store, folder)  # once more
            assert seen(store) == after, number
            assert files(folder) == files(tmp_path / "all")
            purge.purge_expired(store)
        shutil.rmtree(folder)
