"""The store as a whole."""

from __future__ import annotations

import threading

import pytest

from annotation.region import Region
from annotation.store.records import NotFoundError
from annotation.store.store import Store, open_store
from spotter.types import Character


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, y, text, score=0.9):
    characters = [Character(c, 0.7) for c in text]
    return Region(box(x, y), text, score=score, reading_score=0.8, characters=characters)


def test_empty(store, tmp_path):
    assert store.projects() == []
    assert store.drafts() == []
    project = store.ensure_project("p")
    assert store.image_list(project) == []
    assert store.ensure_project(" p ") == project == store.find_project("p")
    for call in (store.image, store.open_image, lambda i: store.save_regions(i, 0, [], "a")):
        with pytest.raises(NotFoundError):
            call(1)
    with pytest.raises(NotFoundError):
        store.find_project("q")


def test_concurrent_uploads_of_the_same_image(store, database, picture):
    data, found = picture(), []

    def add(number):
        with Store(database, images=store.images.folder) as other:
            found.append(other.add_image(other.ensure_project("together"), data, "a.jpg")[0].id)

    threads = [threading.Thread(target=add, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_everything_is_there_after_reopening(database, picture, tmp_path):
    with Store(database, images=tmp_path) as store:
        image = store.add_image(store.ensure_project("p"), picture(), "a.jpg")[0]
        store.add_prediction(image.id, "m1", [word(10, 10, "Ñandú 咖啡店 🙂")])
        store.save_regions(image.id, 1, [*store.regions(image.id), Region(box(1, 50), "<b>")], "ann")
        before = store.open_image(image.id)
    with Store(database, images=tmp_path) as store:
        assert store.open_image(image.id) == before


def test_the_default_store_is_in_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with open_store() as store:
        assert store.images.folder == tmp_path / "data/swintextspotter/annotation.images"
    with open_store(f"sqlite:///{tmp_path}/words.db") as store:
        assert store.images.folder == tmp_path / "words.images"
