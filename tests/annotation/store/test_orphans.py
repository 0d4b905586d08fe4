"""Files that belong to no photo."""

from __future__ import annotations

import os

from annotation.store.bin import delete_images
from annotation.store.orphans import DAY, remove_orphans

NOW = 2e9


def age(path, seconds: float):
    os.utime(path, (NOW - seconds,) * 2)
    return path


def test_an_empty_folder(store):
    assert remove_orphans(store) == 0


def test_photos_stay_those_in_the_bin_too(store, picture):
    project = store.ensure_project("p")
    images = [store.add_image(project, picture(seed), f"{seed}.jpg")[0] for seed in range(2)]
    delete_images(store, [images[0].id], "ann")
    paths = [age(store.image_path(image), 2 * DAY) for image in images]
    assert remove_orphans(store, NOW) == 0
    assert all(path.exists() for path in paths)


def test_what_has_no_photo_is_deleted_after_a_day(store, picture):
    folder = store.images.folder
    old = store.images.add(picture(1))
    fresh = store.images.add(picture(2))
    age(store.images.path(old.sha256, ".jpg"), 2 * DAY)
    age(store.images.path(fresh.sha256, ".jpg"), DAY / 2)
    part = folder / old.sha256[:2] / ".new-abc"
    part.touch()
    staging = folder / ".import-abc"
    staging.mkdir()
    (staging / "file").touch()
    other = folder / old.sha256[:2] / "notes.txt"
    other.touch()
    for path in (part, staging, other):
        age(path, 2 * DAY)
    assert remove_orphans(store, NOW) == 3
    left = {path.relative_to(folder).name for path in folder.rglob("*") if path.is_file()}
    assert left == {f"{fresh.sha256}.jpg", "notes.txt"}
