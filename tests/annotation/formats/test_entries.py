"""Reading files, finding images, and regions in pixels."""

from __future__ import annotations

import pytest

from annotation.formats.entries import Entry, FormatError, find_file, pixel_reader, read_json, read_text
from annotation.region import RegionError

SQUARE = [[10, 10], [20, 10], [20, 20], [10, 20]]


def test_unreadable_files(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(FormatError, match="not UTF-8"):
        read_text(tmp_path / "a.txt")
    with pytest.raises(FormatError, match="cannot be read"):
        read_text(tmp_path / "missing.txt")


@pytest.mark.parametrize("text", ["", "[", "[NaN]", "[Infinity]", "[" * 100_000])
def test_invalid_json(text):
    with pytest.raises(FormatError, match=r"a\.json"):
        read_json(text, "a.json")


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


def test_the_name_of_an_entry_is_printable():
    assert Entry("a/\x1b[2J\ud800.jpg").name == "[2J.jpg"


def test_regions_in_pixels():
    assert pixel_reader([])(100, 50).regions == []
    inside = {"polygon": SQUARE, "text": "a"}
    parsed = pixel_reader([inside, inside], (100, 50))(100, 50)
    assert parsed.notes == []
    assert len({region.id for region in parsed.regions}) == 2
    assert parsed == pixel_reader([inside, inside])(100, 50)  # the same ids again
    with pytest.raises(RegionError, match="expects 100 x 50 pixels"):
        pixel_reader([inside], (100, 50))(50, 100)


def test_points_outside_the_image():
    slightly = pixel_reader([{"polygon": [[-3, 10], [20, 10], [20, 20]]}])(100, 50)
    assert slightly.regions[0].polygon[0] == [0, 10]
    assert "edge" in slightly.notes[0]
    with pytest.raises(RegionError, match="outside the image"):
        pixel_reader([{"polygon": [[-6, 10], [20, 10], [20, 20]]}])(100, 50)
