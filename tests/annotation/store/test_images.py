"""Images in the store."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
from PIL import Image

from annotation.store.images import dhash, display_name, distinct_names, natural_sort_key
from annotation.store.records import NotFoundError
from spotter.images import ImageError


def test_images_are_stored_by_their_hash(store, picture, tmp_path):
    project = store.ensure_project("p")
    data = picture()
    image, added = store.add_image(project, data, "../../etc/C:\\photos\\my photo.jpg")
    assert (added, image.name, image.width, image.height, image.state) == (
        True,
        "my photo.jpg",
        200,
        100,
        "new",
    )
    path = store.image_path(image)
    assert path.read_bytes() == data
    assert hashlib.sha256(data).hexdigest() == image.sha256 == path.stem
    assert path.is_relative_to(tmp_path / "annotation.images")
    again, added = store.add_image(project, data, "other.jpg")
    assert (added, again) == (False, image)
    elsewhere, added = store.add_image(store.ensure_project("q"), data, "other.jpg")
    assert added
    assert store.image_path(elsewhere) == path
    assert store.image_count(project) == 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_is_applied(store, picture, form, orientation):
    image, _ = store.add_image(store.ensure_project("p"), picture(form=form, orientation=orientation), "a")
    assert (image.width, image.height) == ((100, 200) if orientation in (6, 8) else (200, 100))
    with Image.open(store.image_path(image)) as stored:
        assert stored.size == (image.width, image.height)
        assert not stored.getexif()
        expected = ("JPEG", ".jpg") if form == "JPEG" else ("PNG", ".png")
        assert (stored.format, image.extension) == expected
    # The stored file keeps its hash when it is exported and imported.
    again, added = store.add_image(store.ensure_project("p"), store.image_path(image))
    assert (added, again) == (False, image)


@pytest.mark.parametrize(("form", "extension"), [("PDF", ".png"), ("GIF", ".png")])
def test_other_files_are_encoded(store, picture, form, extension):
    image, _ = store.add_image(store.ensure_project("p"), picture(form=form), "a")
    assert image.extension == extension


@pytest.mark.parametrize(("brightest", "keeps_its_bytes"), [(4095, False), (65535, True)])
def test_a_photo_that_browsers_would_show_dark_is_stored_bright(store, brightest, keeps_its_bytes):
    pixels = np.full((100, 200, 3), brightest, np.uint16)
    data = cv2.imencode(".png", pixels)[1].tobytes()
    image, _ = store.add_image(store.ensure_project("p"), data, "a.png")
    assert (store.image_path(image).read_bytes() == data) is keeps_its_bytes
    with Image.open(store.image_path(image)) as stored:
        assert stored.convert("RGB").getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([], []),
        (["x/a.jpg"], ["a.jpg"]),
        (["x/1.jpg", "y\\1.jpg", "2.jpg"], ["x_1.jpg", "y_1.jpg", "2.jpg"]),
        (["x/1.jpg", "1.jpg"], ["x_1.jpg", "1.jpg"]),
        (["p/a/1.jpg", "q/a/1.jpg", "q/b/1.jpg"], ["p_a_1.jpg", "q_a_1.jpg", "b_1.jpg"]),
    ],
)
def test_the_same_name_in_several_folders(paths, names):
    assert distinct_names(paths) == names


def test_invalid_images_are_refused(store, tmp_path):
    project = store.ensure_project("p")
    for source in (b"", b"no image", tmp_path, tmp_path / "missing.jpg"):
        with pytest.raises(ImageError):
            store.add_image(project, source)
    with pytest.raises(NotFoundError):
        store.add_image(99, Image.new("RGB", (5, 5)).tobytes("jpeg", "RGB"), "a.jpg")
    assert store.image_list(project) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.jpg", "a.jpg"),
        ("../../etc/C:\\photos\\my photo.jpg", "my photo.jpg"),
        ("\x1b[2J.jpg", "[2J.jpg"),
        ("x" * 300 + ".jpg", "x" * 190 + ".jpg"),
        ("", "image"),
        ("..", "image"),
    ],
)
def test_display_names(name, shown):
    assert display_name(name) == shown


def test_natural_sort_key():
    names = ["IMG1.jpg", "img2.jpg", "img010.jpg", "img10a.jpg", "img_3.jpg"]
    assert sorted(reversed(names), key=natural_sort_key) == names


def test_similar_images_have_similar_hashes():
    gradient = np.linspace(0, 255, 64 * 64, dtype=np.uint8).reshape(64, 64, 1).repeat(3, 2)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    bits = [(dhash(gradient) ^ dhash(other)) & (2**64 - 1) for other in (gradient[:62], noise)]
    assert bits[0].bit_count() < 10 < bits[1].bit_count()
