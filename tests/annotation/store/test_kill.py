"""A kill -9 in the middle of any write loses at most the edit in flight."""

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
from annotation.store.store import Store

KILLS = 24
PROCESSES = multiprocessing.get_context("forkserver")  # a child starts in milliseconds


def save_without_end(url: str, image_id: int, told) -> None:
    """All regions of a version carry its number."""
    with Store(url) as store:
        version = store.image(image_id).version
        while True:
            count = 20 + version % 3
            polygons = [[[i, 0], [i + 5, 0], [i + 5, 5]] for i in range(count)]
            regions = [
                {"id": f"r{i}", "polygon": p, "text": str(version + 1)} for i, p in enumerate(polygons)
            ]
            version = store.save_regions(image_id, version, regions, "writer")
            told.send(version)


def take_pictures_without_end(url: str, folder: str, told) -> None:
    with Store(url) as store:
        project = store.project("p")
        number = store.image_count(project)
        while True:
            path = f"{folder}/{number}.bmp"
            Image.fromarray(np.full((300, 300, 3), number % 256, np.uint8)).save(path)
            store.add_image(project, path)
            number += 1
            told.send(number)


def predict_without_end(url: str, image_id: int, told) -> None:
    """All words of a version carry its number."""
    with Store(url) as store:
        number = len(store.predictions(image_id))
        while True:
            number += 1
            polygons = [[[i, 0.0], [i + 5, 0.0], [i + 5, 5.0]] for i in range(20)]
            words = [Region(polygon, str(number), score=0.9) for polygon in polygons]
            store.add_prediction(image_id, f"m{number}", words)
            told.send(number)


def import_without_end(url: str, folder: str, told) -> None:
    """Every file brings a picture with two words."""
    with Store(url) as store:
        number = store.image_count(store.project("p"))
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
            told.send(number)


def kill_while(write: Callable, *arguments, chance: random.Random) -> int:
    """Starts a writer, waits for a few of its reports and a moment more, kills it; its last report."""
    mine, its = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=write, args=(*arguments, its), daemon=True)
    process.start()
    its.close()
    last = 0
    try:
        for _ in range(chance.randint(1, 3)):
            assert mine.poll(60), "the writer does not write"
            last = mine.recv()
        time.sleep(chance.uniform(0, 0.03))
    finally:
        process.kill()
        process.join()
    assert process.exitcode == -9
    try:
        while mine.poll():
            last = mine.recv()
    except EOFError:
        pass
    return last


@pytest.fixture(scope="module", autouse=True)
def preload():
    PROCESSES.set_forkserver_preload(["annotation.formats"])


def test_kill_while_saving(tmp_path, picture):
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        image_id = store.add_image(store.project("p"), picture(), "a.jpg")[0].id
    chance = random.Random(0)
    in_flight = 0
    for _ in range(KILLS):
        reported = kill_while(save_without_end, url, image_id, chance=chance)
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
    assert in_flight  # at least once it died before an edit was through


def test_kill_while_taking_pictures(tmp_path):
    """Every image of the project has its file, whole."""
    url = f"sqlite:///{tmp_path}/a.db"
    chance = random.Random(1)
    for _ in range(KILLS // 4):
        reported = kill_while(take_pictures_without_end, url, str(tmp_path), chance=chance)
        with Store(url) as store:
            images = store.image_list(store.find_project("p"))
            assert len(images) in (reported, reported + 1)
            for image in images:
                again, added = store.add_image(image.project_id, store.image_path(image))
                assert (added, again.id) == (False, image.id)


def test_kill_while_predicting(tmp_path, picture):
    """A prediction and the regions that come from it are there together, or not at all."""
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        image_id = store.add_image(store.project("p"), picture(), "a.jpg")[0].id
    chance = random.Random(2)
    for _ in range(KILLS // 4):
        reported = kill_while(predict_without_end, url, image_id, chance=chance)
        with Store(url) as store:
            predictions = store.predictions(image_id)
            number = len(predictions)
            assert number in (reported, reported + 1)
            assert {len(prediction.regions) for prediction in predictions} == {20}
            assert [region.text for region in store.regions(image_id)] == [str(number)] * 20


def test_kill_while_importing(tmp_path):
    """A file comes in whole, with its picture, or not at all."""
    url = f"sqlite:///{tmp_path}/a.db"
    chance = random.Random(3)
    for _ in range(KILLS // 4):
        reported = kill_while(import_without_end, url, str(tmp_path), chance=chance)
        with Store(url) as store:
            images = store.image_list(store.find_project("p"))
            assert len(images) in (reported, reported + 1)
            for image in images:
                assert store.image_path(image).is_file()
                number = image.name.removesuffix(".png")
                assert [region.text for region in store.regions(image.id)] == [number] * 2
