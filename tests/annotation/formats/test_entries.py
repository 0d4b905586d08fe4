"""Reading files, finding images, and regions in pixels."""

from __future__ import annotations

import pytest

from annotation.formats.entries import (
    Entry,
    FormatError,
    note_missing_texts,
    pixel_reader,
    read_json,
    read_text,
)
from annotation.region import RegionError

SQUARE = [[10, 10], [20, 10], [20, 20], [10, 20]]


def test_unreadable_files(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(FormatError, match="not UTF-8"):
        read_text(tmp_path / "a.txt")
    with pytest.raises(FormatError, match="cannot be read"):
        read_text(tmp_path)


def test_a_file_that_a_folder_lacks(tmp_path):
    with pytest.raises(FormatError, match=rf"{tmp_path.name} has no tasks\.json; is it of another format\?"):
        read_text(tmp_path / "tasks.json")


@pytest.mark.parametrize("text", ["", "[", "[NaN]", "[Infinity]", "[" * 100_000])
def test_invalid_json(text):
    with pytest.raises(FormatError, match=r"a\.json"):
        read_json(text, "a.json")


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


@pytest.mark.parametrize("size", [(50, 25), (200, 100), (301, 150), (33, 17)])
def test_regions_of_a_scaled_image(size):
    parsed = pixel_reader([{"polygon": [[10, 10], [12, 10], [12, 12]], "text": "a"}], size)(100, 50)
    assert parsed.regions[0].polygon[0] == pytest.approx([1000 / size[0], 500 / size[1]], abs=0.01)
    assert parsed.notes == [
        f"The file expects {size[0]} x {size[1]} pixels, but the upright image has 100 x 50; "
        "the regions were scaled."
    ]


def test_points_outside_the_image():
    slightly = pixel_reader([{"polygon": [[-3, 10], [20, 10], [20, 20]]}])(100, 50)
    assert slightly.regions[0].polygon[0] == [0, 10]
    assert "edge" in slightly.notes[0]


def test_an_invalid_region_is_left_out_and_named():
    far = {"polygon": [[-6, 10], [20, 10], [20, 20]]}
    named = {"polygon": SQUARE, "text": 7, "where": "word 3"}
    parsed = pixel_reader([far, {"polygon": SQUARE}, named])(100, 50)
    assert [region.polygon for region in parsed.regions] == [SQUARE]
    assert parsed.faults == [
        "region 1: a point lies 6 percent outside the image.",
        "word 3: the text must be a string.",
    ]


def test_an_image_without_any_text_is_not_done():
    entry = Entry("a.jpg", state="done")
    note_missing_texts(entry, [{"text": "", "illegible": False}, {"text": "", "illegible": True}])
    assert (entry.state, entry.notes) == ("in work", ["Regions without a text: 1."])
    entry = Entry("a.jpg", state="done")
    note_missing_texts(entry, [{"text": "", "illegible": False}, {"text": "a", "illegible": False}])
    assert (entry.state, entry.notes) == ("done", ["Regions without a text: 1."])
