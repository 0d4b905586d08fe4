"""Lists of projects, photos and words."""

from __future__ import annotations

import pytest

from annotation.region import Region
from annotation.store.bin import delete_images
from annotation.store.listing import ListedPhoto, ListedProject, find_all, list_photos, list_projects
from annotation.store.project_changes import delete_project


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


@pytest.fixture
def project(store, picture):
    project = store.ensure_project("p")
    for i, name in enumerate(("img10.jpg", "img2.jpg", "img3.jpg")):
        store.add_image(project, picture(i), name)
    return project


def test_projects(store, project):
    store.set_state(1, "done", "ann")
    delete_images(store, [3], "ann")
    store.ensure_project("empty")
    delete_project(store, store.ensure_project("gone"), "ann")
    assert list_projects(store) == [ListedProject("empty", 0, 0), ListedProject("p", 2, 1)]


def test_no_projects(store):
    assert list_projects(store) == []


def test_photos(store, project):
    store.save_regions(2, 0, [Region(box(1, 1), "a"), Region(box(40, 1), "b")], "ann")
    delete_images(store, [3], "ann")
    at = store.image(2).changed_at
    changed = ListedPhoto("img2.jpg", "in work", 2, at, "ann")
    assert list(list_photos(store, project)) == [changed, ListedPhoto("img10.jpg", "new", 0, None, None)]
    assert list(list_photos(store, project, "in work")) == [changed]
    assert list(list_photos(store, project, "done")) == []


def test_photos_and_words_with_a_text(store, project):
    store.save_regions(2, 0, [Region(box(40, 1), "IMG"), Region(box(1, 1), "other")], "ann")
    delete_images(store, [3], "ann")
    found = [(hit.image_name, hit.text, polygon) for hit, polygon in find_all(store, project, "img")]
    assert found == [("img2.jpg", "", []), ("img10.jpg", "", []), ("img2.jpg", "IMG", box(40, 1))]
    assert list(find_all(store, project, "nothing")) == []
    assert list(find_all(store, project, "%")) == []
