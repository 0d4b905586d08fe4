"""Finding the images of an annotation file."""

from __future__ import annotations

import unicodedata

from annotation.formats import image_files, import_from
from annotation.formats.entries import Entry
from annotation.formats.image_files import find_file, tell_apart


def test_files_are_found_inside_the_folders_only(tmp_path):
    (tmp_path / "in/images").mkdir(parents=True)
    for name in ("secret.jpg", "in/a.jpg", "in/images/b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    folder = tmp_path / "in"
    assert find_file("a.jpg", [None, folder]) == folder / "a.jpg"
    assert find_file("somewhere\\a.jpg", [folder]) == folder / "a.jpg"
    assert find_file("b.jpg", [folder]) == folder / "images/b.jpg"
    for name in ("", "..", "../secret.jpg", str(tmp_path / "secret.jpg"), "a" * 5000):
        assert find_file(name, [folder]) is None


def test_names_that_differ_in_case_or_encoding_are_found(tmp_path):
    name = "Müller.jpg"
    (tmp_path / unicodedata.normalize("NFD", name)).write_bytes(b"x")
    found = find_file(f"photos/{unicodedata.normalize('NFC', name)}", [tmp_path])
    assert found == tmp_path / unicodedata.normalize("NFD", name)
    assert find_file("MÜLLER.JPG", [tmp_path]) == found
    (tmp_path / "müller.jpg").write_bytes(b"y")
    assert find_file("MÜLLER.JPG", [tmp_path]) is None


def test_names_that_label_studio_has_changed_are_found(tmp_path):
    (tmp_path / "cb0618f6-a.jpg").write_bytes(b"x")
    assert find_file("a.jpg", [tmp_path]) == tmp_path / "cb0618f6-a.jpg"
    (tmp_path / "0a0a0a0a-a.jpg").write_bytes(b"y")
    assert find_file("a.jpg", [tmp_path]) is None


def test_subfolders_are_searched_if_only_one_has_it(tmp_path, monkeypatch):
    for name in ("2024/may/a.jpg", "2024/b.jpg", "2025/b.jpg", ".hidden/c.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (tmp_path / "in/2024/link.jpg").symlink_to(tmp_path / "secret.jpg")
    folder = tmp_path / "in"
    assert find_file("A.JPG", [None, folder]) == folder / "2024/may/a.jpg"
    assert find_file("2025/b.jpg", [folder]) == folder / "2025/b.jpg"
    for name in ("b.jpg", "c.jpg", "link.jpg", "secret.jpg"):
        assert find_file(name, [folder]) is None
    image_files.names_below.cache_clear()
    monkeypatch.setattr(image_files, "MAX_SEARCHED", 2)
    assert find_file("a.jpg", [folder]) is None


def test_images_of_the_same_name_are_told_apart(tmp_path):
    tell_apart([])
    files = [tmp_path / "a/1.jpg", tmp_path / "b/1.jpg", tmp_path / "b/2.jpg", tmp_path / "a/1.jpg", None]
    entries = [Entry("1.jpg" if file is None else file.name, file) for file in files]
    tell_apart(entries)
    assert [entry.name for entry in entries] == ["a_1.jpg", "b_1.jpg", "2.jpg", "a_1.jpg", "1.jpg"]


def test_photos_in_subfolders(store, case):
    report = import_from(store, "p", case("103") / "tasks.json", images=case("103") / "photos")
    assert report.images_added == report.regions_added == 1
