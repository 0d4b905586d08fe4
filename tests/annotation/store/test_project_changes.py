"""Renaming, deleting and restoring projects."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError, Region
from annotation.store.bin import delete_images
from annotation.store.project_changes import (
    delete_project,
    deleted_projects,
    rename_project,
    restore_project,
)
from annotation.store.records import NotFoundError

BOX = [[1, 1], [50, 1], [50, 50]]


def test_a_project_is_renamed(store, image_id):
    project = store.find_project("p")
    store.ensure_project("other")
    assert rename_project(store, project, "  street \n signs ") == "street signs"
    assert rename_project(store, project, "street signs") == "street signs"
    assert store.find_project("street signs") == store.image(image_id).project_id == project
    for name in ("", " ", "x" * 201, "bell\a"):
        with pytest.raises(AnnotationError, match="1 to 200 characters"):
            rename_project(store, project, name)
    with pytest.raises(AnnotationError, match="already a project 'other'"):
        rename_project(store, project, "other")
    with pytest.raises(NotFoundError):
        rename_project(store, 77, "x")


def test_a_deleted_project_is_nowhere_and_can_be_restored(store, image_id, picture):
    project, other = store.find_project("p"), store.ensure_project("other")
    second = store.add_image(project, picture(1))[0].id
    delete_images(store, [second], "ann")
    store.save_regions(image_id, 0, [Region(BOX, "NOVA")], "ann")
    before = store.open_image(image_id)
    assert deleted_projects(store) == []
    delete_project(store, project, "bob")
    assert store.projects() == [(other, "other")]
    assert store.find_image(before.image.sha256) is None
    (deleted,) = deleted_projects(store)
    assert (deleted.id, deleted.name, deleted.images, deleted.who) == (project, "p", 1, "bob")
    for call in (
        lambda: store.image(image_id),
        lambda: store.add_image(project, picture()),
        lambda: delete_project(store, project, "bob"),
    ):
        with pytest.raises(NotFoundError, match="bob deleted it"):
            call()
    with pytest.raises(NotFoundError, match="no project 'p'"):
        store.find_project("p")
    assert restore_project(store, project) == "p"
    assert store.open_image(image_id) == before
    assert deleted_projects(store) == []
    with pytest.raises(NotFoundError, match="not in the bin"):
        restore_project(store, project)


def test_the_name_of_a_deleted_project_is_free(store, image_id, picture):
    old = store.find_project("p")
    delete_project(store, old, "ann")
    new = store.ensure_project("p")
    assert new != old
    assert store.add_image(new, picture())[1]
    store.ensure_project("p (2)")
    assert restore_project(store, old) == "p (3)"
    assert [image.id for image in store.image_list(old)] == [image_id]
