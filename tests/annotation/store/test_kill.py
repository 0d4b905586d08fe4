"""A process killed while it writes loses at most the edit in progress."""

from __future__ import annotations

import json
import multiprocessing
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotation.formats import import_from
from annotation.region import Region
from annotation.store import purge
from annotation.store.bin import delete_images, list_bin
from annotation.store.store import Store

KILLS = 24
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


def add_images_forever(url: str, folder: str, reports) -> None:
    with Store(url) as store:
        project = store.ensure_project("p")
        number = store.image_count(project)
        while True:
            path = f"{folder}/{number}.bmp"
            Image.fromarray(np.full((300, 300, 3), number % 256, np.uint8)).save(path)
            store.add_image(project, path)
            number += 1
            reports.send(number)


def predict_forever(url: str, image_id: int, reports) -> None:
    """The text of all words is the number of the model version."""
    with Store(url) as store:
        number = len(store.predictions(image_id))
        while True:
            number += 1
            polygons = [[[i, 0.0], [i + 5, 0.0], [i + 5, 5.0]] for i in range(20)]
            words = [Region(polygon, str(number), score=0.9) for polygon in polygons]
            store.add_prediction(image_id, f"m{number}", words)
            reports.send(number)


def import_forever(url: str, folder: str, reports) -> None:
    """Every file has an image with two words."""
    with Store(url) as store:
        number = store.image_count(store.ensure_project("p"))
        while True:
            Image.fromarray(np.full((40, 40, 3), number % 256, np.uint8)).save(f"{folder}/{number}.png")
            regions = [
                {
                    "id": i,
                    "image_id": 1,
                    "segmentation": [[1, y, 9, y, 9, y + 5]],
                    "text": str(number),
                }
                for i, y in enumerate((5, 20))
            ]
            images = [{"id": 1, "file_name": f"{number}.png", "width": 40, "height": 40}]
            path = Path(f"{folder}/{number}.json")
            path.write_text(json.dumps({"images": images, "annotations": regions}))
            import_from(store, "p", path, "coco")
            number += 1
            reports.send(number)


def empty_the_bin(url: str, reports) -> None:
    """Deletes the photos in the bin of the project for good, one by one."""
    with Store(url) as store:
        for number, deleted in enumerate(list_bin(store, store.find_project("p")), start=1):
            purge.erase_images(store, [deleted.image.id])
            reports.send(number)
        time.sleep(60)


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
    PROCESSES.set_forkserver_preload(["annotation.formats"])


def test_kill_while_saving(tmp_path, picture):
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        image_id = store.add_image(store.ensure_project("p"), picture(), "a.jpg")[0].id
    rng = random.Random(0)
    in_flight = 0
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
        in_flight += version == reported
    assert in_flight > 0  # at least once it was killed before an edit was saved


def test_kill_while_adding_images(tmp_path):
    """Every image of the project has its complete file."""
    url = f"sqlite:///{tmp_path}/a.db"
    rng = random.Random(1)
    for _ in range(KILLS // 4):
        reported = kill_while(add_images_forever, url, str(tmp_path), rng=rng)
        with Store(url) as store:
            images = store.image_list(store.find_project("p"))
            assert len(images) in (reported, reported + 1)
            for image in images:
                again, added = store.add_image(image.project_id, store.image_path(image))
                assert (added, again.id) == (False, image.id)


def test_kill_while_predicting(tmp_path, picture):
    """A prediction and its regions are saved together, or not at all."""
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        image_id = store.add_image(store.ensure_project("p"), picture(), "a.jpg")[0].id
    rng = random.Random(2)
    for _ in range(KILLS // 4):
        reported = kill_while(predict_forever, url, image_id, rng=rng)
        with Store(url) as store:
            predictions = store.predictions(image_id)
            number = len(predictions)
            assert number in (reported, reported + 1)
            assert {len(prediction.regions) for prediction in predictions} == {20}
            assert [region.text for region in store.regions(image_id)] == [str(number)] * 20


def test_kill_while_importing(tmp_path):
    """A file is imported completely, with its image, or not at all."""
    url = f"sqlite:///{tmp_path}/a.db"
    rng = random.Random(3)
    for _ in range(KILLS // 4):
        reported = kill_while(import_forever, url, str(tmp_path), rng=rng)
        with Store(url) as store:
            images = store.image_list(store.find_project("p"))
            assert len(images) in (reported, reported + 1)
            for image in images:
                assert store.image_path(image).is_file()
                number = image.name.removesuffix(".png")
                assert [region.text for region in store.regions(image.id)] == [number] * 2


def test_kill_while_emptying_the_bin(tmp_path):
    """A photo is gone with its file or in the bin with its file; no file is left over."""
    url = f"sqlite:///{tmp_path}/a.db"
    rng = random.Random(4)
    for number in range(KILLS // 4):
        with Store(url) as store:
            project = store.ensure_project("p")
            for i in range(30):
                Image.fromarray(np.full((20, 20 + number, 3), i, np.uint8)).save(tmp_path / "photo.png")
                store.add_image(project, tmp_path / "photo.png")
            ids = [image.id for image in store.image_list(project)]
            delete_images(store, ids[1:], "ann")
        kill_while(empty_the_bin, url, rng=rng)
        with Store(url) as store:
            binned = [deleted.image for deleted in list_bin(store, project)]
            assert 0 < len(binned) < len(ids) - 1
            (kept,) = store.image_list(project)
            assert all(store.image_path(image).is_file() for image in [kept, *binned])
            purge.purge_expired(store)
            assert len(list(store.images.folder.rglob("*.png"))) == 1 + len(binned)
            purge.empty_bin(store, project)
            assert store.image_path(kept).is_file()
