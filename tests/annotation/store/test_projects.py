"""Projects and the lists of their images."""

from __future__ import annotations

import hashlib

import pytest

from annotation.region import AnnotationError


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x07b"])
def test_invalid_project_names(store, name):
    with pytest.raises(AnnotationError):
        store.ensure_project(name)


def test_images_are_sorted_by_natural_order(store, picture):
    project = store.ensure_project("p")
    for i, name in enumerate(["img10.jpg", "img2.jpg", "IMG1.jpg", "img_3.jpg", "éclair.jpg", "zebra.jpg"]):
        store.add_image(project, picture(i), name)
    expected = ["IMG1.jpg", "img2.jpg", "img10.jpg", "img_3.jpg", "zebra.jpg", "éclair.jpg"]
    assert [image.name for image in store.image_list(project)] == expected
    assert [image.name for image in store.image_list(project, limit=1, offset=1)] == ["img2.jpg"]
    assert store.image_list(project, state="done") == []


def test_images_are_found_by_either_hash(store, picture):
    data = picture(orientation=6)
    image, _ = store.add_image(store.ensure_project("p"), data, "a.jpg")
    assert store.find_image(image.sha256) == image
    assert store.find_image(hashlib.sha256(data).hexdigest()) == image
    for sha256 in ("0" * 64, "\ud800", ""):
        assert store.find_image(sha256) is None


def test_images_without_a_prediction(store, picture):
    project = store.ensure_project("p")
    first, second = (store.add_image(project, picture(i), f"{i}.jpg")[0].id for i in range(2))
    store.add_prediction(first, "m1", [])
    assert store.unpredicted_images(project) == [second]
    assert store.unpredicted_images(project, "m1") == [second]
    assert store.unpredicted_images(project, "m2") == [first, second]
    assert store.unpredicted_images(store.ensure_project("empty")) == []
