"""Deleting for good: after 30 days, or when a person empties the bin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from annotation.region import Region
from annotation.store import purge
from annotation.store.bin import delete_images, list_bin
from annotation.store.project_changes import delete_project, deleted_projects
from annotation.store.purge import BATCH, BIN_TIME, empty_bin, erase_images, erase_project, purge_expired
from annotation.store.sent import note_sent
from annotation.store.tables import Base, ProjectRow

BOX = [[1, 1], [50, 1], [50, 50]]


def rows(store) -> dict[str, int]:
    with store.read() as session:
        return {
            t.name: session.scalar(select(func.count()).select_from(t)) for t in Base.metadata.sorted_tables
        }


def files(store) -> set[str]:
    return {path.stem for path in store.images.folder.rglob("*.jpg")}


def add(store, picture, project="p", seed=0):
    """A photo with a row in every table."""
    image = store.add_image(store.ensure_project(project), picture(seed, (60, 60)), f"{seed}.jpg")[0]
    store.add_prediction(image.id, "m1", [Region(BOX, "model's")])
    store.save_regions(image.id, 1, [Region(BOX, "NOVA")], "ann")
    with pytest.raises(Exception, match="draft"):
        store.save_regions(image.id, 1, [Region(BOX, "bob's")], "bob")
    store.set_state(image.id, "done", "ann")
    note_sent(store, "http://server/1", [image.id])
    return image


def test_an_empty_bin(store):
    project = store.ensure_project("p")
    assert empty_bin(store, project) == purge_expired(store) == erase_images(store, []) == 0
    assert erase_project(store, project) == 0
    assert store.projects() == [(project, "p")]  # it had not been deleted


def test_the_bin_is_emptied_by_a_person(store, picture):
    kept, other = add(store, picture), add(store, picture, "other")  # the same file
    before = rows(store)
    image = add(store, picture, seed=1)
    delete_images(store, [image.id, other.id], "ann")
    assert erase_images(store, [kept.id]) == 0  # not in the bin
    assert empty_bin(store, kept.project_id) == 1
    assert files(store) == {kept.sha256}
    assert rows(store) == before | {"reviews": before["reviews"] + 1}  # the other one is in the other bin
    assert empty_bin(store, other.project_id) == 1
    assert files(store) == {kept.sha256}  # still used
    assert [region.text for region in store.regions(kept.id)] == ["NOVA"]


def test_one_photo_is_deleted_for_good(store, picture):
    first, second = (add(store, picture, seed=seed) for seed in range(2))
    delete_images(store, [first.id, second.id], "ann")
    assert erase_images(store, [first.id]) == 1
    assert [deleted.image.id for deleted in list_bin(store, first.project_id)] == [second.id]
    assert files(store) == {second.sha256}


def test_after_30_days(store, picture):
    image = add(store, picture)
    delete_images(store, [image.id], "ann")
    now = datetime.now(UTC)
    assert purge_expired(store) == purge_expired(store, now + BIN_TIME - timedelta(minutes=1)) == 0
    assert purge_expired(store, now + BIN_TIME + timedelta(minutes=1)) == 1
    assert files(store) == set()
    assert not {name for name, number in rows(store).items() if number} - {"projects"}


def test_what_was_restored_and_deleted_again_has_30_days_more(store, picture, monkeypatch):
    image = add(store, picture)
    now = datetime.now(UTC)
    delete_images(store, [image.id], "ann")
    store.add_image(image.project_id, store.image_path(image))  # restores it
    assert purge_expired(store, now + 2 * BIN_TIME) == 0

    class Later(datetime):
        @classmethod
        def now(cls, zone=None):
            return now + BIN_TIME

    monkeypatch.setattr("annotation.store.bin.datetime", Later)
    delete_images(store, [image.id], "ann")
    assert purge_expired(store, now + BIN_TIME + timedelta(minutes=1)) == 0
    assert purge_expired(store, now + 2 * BIN_TIME) == 1


def test_a_deleted_project_goes_after_30_days(store, picture):
    first, other = add(store, picture), add(store, picture, "other", seed=1)
    delete_project(store, first.project_id, "ann")
    assert purge_expired(store) == 0
    assert len(deleted_projects(store)) == 1
    assert purge_expired(store, datetime.now(UTC) + BIN_TIME) == 1
    assert (files(store), deleted_projects(store)) == ({other.sha256}, [])
    with store.read() as session:
        assert list(session.scalars(select(ProjectRow.name))) == ["other"]


def test_more_photos_than_one_transaction_deletes(store, picture, monkeypatch):
    monkeypatch.setattr(purge, "BATCH", 2)
    ids = [add(store, picture, seed=seed).id for seed in range(5)]
    delete_images(store, ids, "ann")
    assert empty_bin(store, store.find_project("p")) == 5
    assert files(store) == set()
    assert BATCH > 2


def test_a_photo_that_is_uploaded_while_its_file_is_removed(store, picture, monkeypatch):
    image = add(store, picture)
    delete_images(store, [image.id], "ann")
    write_file = store.images.add

    def add_and_purge(source):
        stored = write_file(source)
        monkeypatch.setattr(store.images, "add", write_file)
        empty_bin(store, image.project_id)
        return stored

    monkeypatch.setattr(store.images, "add", add_and_purge)
    again, added = store.add_image(image.project_id, picture(0, (60, 60)))
    assert (added, again.sha256) == (True, image.sha256)
    assert store.image_path(again).is_file()


def test_a_purge_that_is_killed_between_rows_and_files(store, picture, monkeypatch):
    image = add(store, picture)
    delete_images(store, [image.id], "ann")

    with monkeypatch.context() as patch:
        patch.setattr(purge, "_remove_files", lambda store: None)
        empty_bin(store, image.project_id)
    assert files(store) == {image.sha256}
    purge_expired(store)
    assert files(store) == set()
    assert rows(store)["removed_files"] == 0
