"""Which images `python -m spotter` reads, and what it calls them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from spotter.images import MAX_PAGES
from spotter.inputs import MAX_NAMED, describe_left_out, find_images, name_images, name_inputs, split_pages
from spotter.reading import drawing_path


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "a").mkdir()
    Image.new("RGB", (8, 6)).save(tmp_path / "a/photo.jpg")
    return tmp_path


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ([], []),
        (["/x/photo.jpg"], ["photo.jpg"]),
        (["/x/a/p.jpg", "/x/b/p.jpg"], ["a/p.jpg", "b/p.jpg"]),
        (["/x/a/p.jpg", "/y/a/p.jpg", "/x/b/p.jpg"], ["x/a/p.jpg", "y/a/p.jpg", "b/p.jpg"]),
        (["/p.jpg", "/a/p.jpg", "/a/a/p.jpg"], ["p.jpg", "a/p.jpg", "a/a/p.jpg"]),
        (["/x/p.jpg", "/x/p.png"], ["p.jpg", "p.png"]),
    ],
)
def test_names_are_short_and_unique(files, names):
    assert name_images([Path(file) for file in files]) == names
    assert len({drawing_path(Path("out"), name) for name in names}) == len(files)


def test_each_image_is_found_once(folder):
    inputs = [folder / "a", folder / "a/photo.jpg", folder / "a/../a/photo.jpg"]
    assert find_images(inputs) == ([folder / "a/photo.jpg"], [])


def test_nothing_is_left_out(folder):
    assert describe_left_out([]) == describe_left_out([folder / "a", folder / "a/photo.jpg"]) == []


def test_what_is_left_out_is_named(folder):
    for name in ("notes.txt", "IMG_1.HEIC", "scan.PDF", ".hidden"):
        (folder / "a" / name).write_text("")
    (folder / "a/more").mkdir()
    assert describe_left_out([folder / "a"]) == [
        f"{folder}/a: Left out, not images by their names: notes.txt.",
        f"{folder}/a: Left out, folders inside, which --recursive reads: more.",
    ]
    for i in range(MAX_NAMED + 2):
        (folder / f"a/{i}.txt").write_text("")
    assert describe_left_out([folder / "a"])[0].endswith(": 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 others.")


def test_no_pages_and_one(folder):
    assert split_pages([], []) == ([], [])
    photos, notes = split_pages([folder / "a/photo.jpg", folder / "none.jpg"], ["photo.jpg", "none.jpg"])
    assert [(photo.page, photo.name) for photo in photos] == [(1, "photo.jpg"), (1, "none.jpg")]
    assert notes == []


def test_pages_are_photos_of_their_own(folder):
    scan = [Image.new("L", (8, 6)) for _ in range(MAX_PAGES + 2)]
    scan[0].save(folder / "two.tif", save_all=True, append_images=scan[1:2])
    scan[0].save(folder / "many.tif", save_all=True, append_images=scan[1:])
    photos, notes = split_pages([folder / "two.tif"], ["b/two.tif"])
    assert [(photo.page, photo.name) for photo in photos] == [
        (1, "b/two-page-1.tif"),
        (2, "b/two-page-2.tif"),
    ]
    assert notes == []
    photos, notes = split_pages([folder / "many.tif"], ["many.tif"])
    assert len(photos) == MAX_PAGES
    assert notes == [f"{folder}/many.tif: Only its first {MAX_PAGES} pages are read; split the file."]


def test_folders_inside_are_walked(folder):
    (folder / "a/deep/er").mkdir(parents=True)
    (folder / "a/.git").mkdir()
    (folder / "a/loop").symlink_to(folder / "a")
    for name in ("deep/er/photo.png", ".git/hidden.png", "deep/notes.txt"):
        (folder / "a" / name).touch()
    paths, errors = find_images([folder / "a"], recursive=True)
    assert (name_inputs(paths, [folder / "a"], True), errors) == (["deep/er/photo.png", "photo.jpg"], [])
    assert name_inputs(paths, [folder / "a", folder], True) == ["photo.png", "photo.jpg"]
    assert describe_left_out([folder / "a"], recursive=True) == [
        f"{folder}/a: Left out, not images by their names: deep/notes.txt.",
        f"{folder}/a: Left out, links to folders: loop.",
    ]
