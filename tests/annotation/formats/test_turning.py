"""Regions on photos that EXIF turns: as seen upright, or as drawn on the stored photo."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageOps

from annotation.formats import import_from
from annotation.formats.entries import Entry
from annotation.formats.turning import TURNS, along_note, turn_along
from annotation.region import ParsedRegions

WIDE = [[100, 10], [180, 10], [180, 30], [100, 30]]  # fits 200 x 100 pixels, not 100 x 200
TALL = [[10, 100], [30, 100], [30, 180], [10, 180]]  # the other way round
BOTH = [[10, 20], [40, 20], [40, 30], [10, 30]]


def write(folder, picture, orientation: int, *polygons) -> None:
    """Photos of 200 x 100 stored pixels."""
    lines = []
    for i, polygon in enumerate(polygons):
        (folder / f"{i}.jpg").write_bytes(picture(i, orientation=orientation))
        lines.append(f"{i}.jpg\t" + json.dumps([{"transcription": "word", "points": polygon}]) + "\n")
    (folder / "Label.txt").write_text("".join(lines))


def boxes(store) -> list[list[float]]:
    """left, top, right, bottom of the region of each image, [] if it has none."""
    found = []
    for image in store.image_list(store.find_project("p")):
        points = [point for region in store.regions(image.id) for point in region.polygon]
        xs, ys = zip(*points, strict=True) if points else ((), ())
        found.append([min(xs), min(ys), max(xs), max(ys)] if points else [])
    return found


def test_no_entries_and_upright_photos(store, picture, tmp_path):
    turn_along([])
    turn_along([Entry("a.jpg"), Entry("b.jpg", tmp_path / "missing.jpg", read=lambda w, h: ParsedRegions())])
    write(tmp_path, picture, 1, WIDE)
    assert import_from(store, "p", tmp_path).notes == []
    assert boxes(store) == [[100, 10, 180, 30]]


@pytest.mark.parametrize("orientation", TURNS)
def test_regions_turn_as_the_pixels_do(orientation):
    stored = np.zeros((6, 8, 3), np.uint8)
    stored[1, 2] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(stored).save(buffer, "PNG", exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(buffer)))
    (row,), (column,) = np.nonzero(upright[..., 0])
    assert TURNS[orientation](2.5, 1.5, 8, 6) == (column + 0.5, row + 0.5)


def test_what_fits_only_the_stored_photo_is_turned_along(store, picture, tmp_path):
    write(tmp_path, picture, 6, WIDE)
    assert import_from(store, "p", tmp_path).notes == [f"0.jpg: {along_note()}"]
    assert boxes(store) == [[70, 100, 90, 180]]


def test_what_fits_only_the_upright_photo_stays(store, picture, tmp_path):
    write(tmp_path, picture, 6, TALL)
    assert import_from(store, "p", tmp_path).notes == []
    assert boxes(store) == [[10, 100, 30, 180]]


@pytest.mark.parametrize(
    ("polygons", "expected"),
    [
        ([BOTH], ["unclear"]),
        ([BOTH, WIDE], ["along", "along"]),
        ([BOTH, TALL], ["kept", "kept"]),
        ([BOTH, WIDE, TALL], ["unclear", "along", "kept"]),
        ([BOTH, WIDE, WIDE, TALL], ["along", "along", "along", "kept"]),
    ],
)
def test_the_majority_decides_where_both_fit(store, picture, tmp_path, polygons, expected):
    write(tmp_path, picture, 6, *polygons)
    kinds = dict.fromkeys(range(len(polygons)), "kept")
    for note in import_from(store, "p", tmp_path).notes:
        kinds[int(note[0])] = "along" if along_note() in note else "unclear"
    assert list(kinds.values()) == expected
    assert boxes(store)[0] == ([70, 10, 80, 40] if expected[0] == "along" else [10, 20, 40, 30])


@pytest.mark.parametrize(
    ("coordinates", "expected"), [("upright", [10, 20, 40, 30]), ("stored", [70, 10, 80, 40])]
)
def test_what_is_given_counts(store, picture, tmp_path, coordinates, expected):
    write(tmp_path, picture, 6, BOTH)
    import_from(store, "p", tmp_path, coordinates=coordinates)
    assert boxes(store) == [expected]


def test_a_turn_by_half_is_unclear(store, picture, tmp_path):
    write(tmp_path, picture, 3, WIDE)
    (note,) = import_from(store, "p", tmp_path).notes
    assert "may have been drawn before" in note
    (image,) = store.image_list(store.find_project("p"))
    assert image.state == "in work"


def test_a_size_in_the_file_decides(store, picture, tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture(orientation=6))
    for size, box in (((200, 100), [70, 10, 80, 40]), ((100, 200), [10, 20, 40, 30])):
        content = {
            "images": [{"id": 1, "file_name": "a.jpg", "width": size[0], "height": size[1]}],
            "annotations": [
                {"id": 1, "image_id": 1, "segmentation": [[10, 20, 40, 20, 40, 30, 10, 30]], "text": "word"}
            ],
        }
        (tmp_path / "annotations.json").write_text(json.dumps(content))
        import_from(store, "p", tmp_path)
        assert boxes(store) == [box]
