"""Folders in the form of ICDAR's competitions."""

from __future__ import annotations

import pytest

from annotation.formats import FormatError, export_to, import_from
from annotation.region import Region

CORNERS = [[100, 100], [250, 100], [250, 150], [100, 150]]
SECOND = [[300, 300], [500, 300], [500, 350], [300, 350]]
LINE = "1,1,50,1,50,20,1,20,word\n"


def imported(store):
    """(state, [(text, illegible, polygon), ...]) of the only image."""
    (image,) = store.image_list(store.find_project("p"))
    return image.state, [(r.text, r.illegible, r.polygon) for r in store.regions(image.id)]


@pytest.mark.parametrize(
    ("number", "state", "expected"),
    [
        ("20", "done", [("NOVA", False, CORNERS), ("BAKERY", False, SECOND)]),
        ("21", "done", [("NOVA", False, CORNERS), ("30, 5", False, SECOND)]),
        (
            "22",
            "done",
            [
                ("NOVA", False, CORNERS),
                ("ثوار", False, SECOND),
                ("", True, [[10, 10], [20, 10], [20, 20], [10, 20]]),
            ],
        ),
        (
            "25",
            "done",
            [("NOVA", False, [[100, 100], [175, 95], [250, 100], [250, 150], [175, 146], [100, 150]])],
        ),
        ("26", "done", [("NOVA", False, [[100.5, 100], [250.5, 100], [250.5, 150], [100.5, 150]])]),
        ("27", "done", [("NOVA", False, CORNERS)]),
        ("28", "done", [("NOVA", False, CORNERS)]),
        ("29", "done", [("NOVA", False, CORNERS)]),
        ("32", "done", [('"NOVA, 24 H"', False, CORNERS)]),
        ("33", "done", [("NOVA", False, CORNERS)]),
        ("34", "done", [("NOVA", False, CORNERS)]),
        ("36", "in work", [("", False, CORNERS), ("", False, SECOND)]),
        ("38", "done", [("“NOVA”", False, CORNERS)]),
        ("39", "done", [("NOVA", False, CORNERS), ("1,888,555", False, SECOND)]),
    ],
)
def test_variants_from_the_field(store, case, number, state, expected):
    report = import_from(store, "p", case(number))
    assert imported(store) == (state, expected)
    assert report.faults == []


def test_polygons_of_more_than_16_points(store, case):
    import_from(store, "p", case("30"))
    assert [(text, len(polygon)) for text, _, polygon in imported(store)[1]] == [("NOVA", 18)]


def test_turned_rectangles_of_td500(store, case):
    report = import_from(store, "p", case("37"))
    state, [(text, _, polygon)] = imported(store)
    assert (state, text, len(polygon)) == ("in work", "", 4)
    assert "MSRA-TD500" in report.notes[0]


def test_endings_in_upper_case(store, case):
    assert import_from(store, "p", case("35")).images_added == 2


def test_yolo_is_refused_by_name(store, case):
    with pytest.raises(FormatError, match="in the form of YOLO"):
        import_from(store, "p", case("64"))


def test_each_image_without_ground_truth_and_each_file_without_image_is_named(store, picture, tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.jpg").write_bytes(picture())
    for name in ("a", "x"):
        (tmp_path / f"gt_{name}.txt").write_text(LINE)
    report = import_from(store, "p", tmp_path)
    assert report.images_added == 1
    assert [fault.split(";")[0] for fault in report.faults] == [
        "b.jpg has no ground truth file",
        "c.jpg has no ground truth file",
        "gt_x.txt has no image",
    ]


def test_an_invalid_line_is_named_and_the_others_are_read(store, picture, tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture())
    (tmp_path / "a.txt").write_text(LINE + "1,2,3,word\n" + LINE.replace("50", "900"))
    report = import_from(store, "p", tmp_path)
    assert [fault.split(":")[0] for fault in report.faults] == ["a.txt, line 2", "a.txt, line 3"]
    assert imported(store)[0] == "in work"


def test_folders_with_other_names_and_images_elsewhere(store, picture, tmp_path):
    for name in ("ch4_training_images", "ch4_transcription_gt", "elsewhere"):
        (tmp_path / "set" / name).mkdir(parents=True)
    (tmp_path / "set/ch4_training_images/img_1.jpg").write_bytes(picture(1))
    (tmp_path / "set/elsewhere/img_1.jpg").write_bytes(picture(2))
    (tmp_path / "set/ch4_transcription_gt/gt_img_1.txt").write_text(LINE)
    assert import_from(store, "p", tmp_path / "set").images_added == 1
    assert import_from(store, "p", tmp_path / "set", images=tmp_path / "set/elsewhere").images_added == 1


def test_files_in_place_of_folders(tmp_path, store):
    (tmp_path / "a.txt").write_text(LINE)
    with pytest.raises(FormatError, match="import the folder"):
        import_from(store, "p", tmp_path / "a.txt", "icdar")
    with pytest.raises(FormatError, match="has no images"):
        import_from(store, "p", tmp_path, "icdar")


def test_points_just_outside_are_moved_and_reported(store, picture, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    (tmp_path / "images/photo.jpg").write_bytes(picture())
    (tmp_path / "gt/gt_photo.txt").write_text(
        "-3,1,50,1,50,20,-3,20,a\n1,50,50,50,50,60,1,60,###\n", encoding="utf-8-sig"
    )
    report = import_from(store, "p", tmp_path, "icdar")
    assert report.notes == ["photo.jpg: Points slightly outside the image were moved to its edge."]
    (image,) = store.image_list(store.ensure_project("p"))
    assert [(r.text, r.illegible, r.polygon[0]) for r in store.regions(image.id)] == [
        ("a", False, [0, 1]),
        ("", True, [1, 50]),
    ]


def test_lost_content_is_reported(store, awkward, tmp_path):
    notes = export_to(store, awkward, tmp_path / "out", "icdar").notes
    assert set(notes) == {
        "images that are not done, which this format cannot tell from those that are: 1 (photo.jpg)",
        "texts with line breaks, left out: 1 (photo.jpg 'two\\nlines')",
        "texts of illegible regions, which became ###: 1 (photo.jpg 'hidden')",
        "texts that lost the spaces around them: 1 (photo.jpg ' wide ')",
        "outlines rounded to whole pixels: 1 (photo.jpg ' wide ')",
        "regions that lost the flag difficult: 1 (photo.jpg '*')",
        "texts that would be read as other texts, left out: 1 (photo.jpg '40,257')",
    }
    assert sorted(path.name for path in (tmp_path / "out/gt").iterdir()) == ["gt_photo.txt"]


def test_long_polygons_are_simplified(store, full, tmp_path):
    notes = export_to(store, full, tmp_path / "out", "icdar").notes
    assert any(note.startswith("outlines simplified to at most 16 points: 1") for note in notes)


def test_texts_that_an_import_takes_for_something_else_are_reported(store, image_id, tmp_path):
    five = [[1, 1], [20, 1], [30, 10], [20, 20], [1, 20]]
    words = [Region([[1, 50], [20, 50], [20, 60], [1, 60]], "four"), Region(five, "1955")]
    store.save_regions(image_id, 0, words, "ann")
    note = export_to(store, store.find_project("p"), tmp_path / "out", "icdar").notes[-1]
    assert "ambiguous" in note
    assert note.endswith(": 1 (photo.jpg '1955' as '1,20,1955')")
