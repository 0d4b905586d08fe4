"""PPOCRLabel's Label.txt."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FormatError, export_to, import_from
from annotation.formats.turning import along_note
from annotation.region import Region

BOX = [[1.0, 1.0], [20.0, 1.0], [20.0, 10.0], [1.0, 10.0]]


def imported(store):
    """(name, state, [(text, locked), ...]) of each image."""
    return [
        (image.name, image.state, [(r.text, r.locked) for r in store.regions(image.id)])
        for image in store.image_list(store.find_project("p"))
    ]


@pytest.mark.parametrize(
    ("number", "expected", "note"),
    [
        ("03", [("a.jpg", "done", [("Total", True), ("9.50", True)])], "key_cls: answer, question"),
        ("04", [("a.jpg", "done", [("NOVA", True)]), ("b.jpg", "in work", [("NOVA", False)])], ""),
        ("05", [("a.jpg", "new", [("NOVA", False)])], ""),
        ("06", [("a.jpg", "in work", [("待识别", False), ("TEMPORARY", False)])], "placeholders"),
        ("09", [("a_1.jpg", "done", [("ONE", True)]), ("b_1.jpg", "done", [("TWO", True)])], ""),
        ("10", [("a.jpg", "done", [("NOVA", True)])], "words that were ignored: 'NOVA 2'"),
        ("12", [("a.jpg", "done", [("12", True), ("", True)])], "numbers in the file: 12"),
        ("18", [("a.jpg", "done", [("TWICE", True)])], "Label.txt, line 1 is an older line"),
    ],
)
def test_files_from_the_field(store, case, number, expected, note):
    report = import_from(store, "p", case(number))
    assert imported(store) == expected
    assert note in " ".join(report.notes)
    assert report.faults == []


def test_windows_paths_and_a_byte_order_mark(store, case):
    assert import_from(store, "p", case("01")).regions_added == 3


def test_the_cache_of_the_model_as_a_file(store, case):
    import_from(store, "p", case("05") / "Cache.cach")
    assert imported(store) == [("a.jpg", "new", [("NOVA", False)])]


def test_names_with_accents_encoded_as_on_macos(store, case):
    assert import_from(store, "p", case("14")).images_added == 1


def test_deleted_photos_are_all_named(store, case):
    report = import_from(store, "p", case("02"))
    assert [name for name, *_ in imported(store)] == ["a.jpg", "b.jpg"]
    assert ["deleted1.jpg" in report.faults[0], "deleted2.jpg" in report.faults[1]] == [True, True]


def test_an_invalid_word_is_left_out(store, case):
    report = import_from(store, "p", case("07"))
    assert report.faults == ["Label.txt, line 2, word 1: the polygon has 2 points; it needs 3 to 200."]
    assert imported(store) == [("a.jpg", "done", [("NOVA", True)]), ("b.jpg", "in work", [])]


@pytest.mark.parametrize(
    ("number", "file", "message"),
    [
        ("11", "Label.txt", "not UTF-8 text; open it in an editor with its encoding"),
        ("13", "rec_gt.txt", "does not say where the words are"),
        ("17", "Label.txt", "line 1: the words are written as Python, not as JSON"),
    ],
)
@pytest.mark.parametrize("form", [None, "ppocrlabel"])
def test_refused_files(store, case, number, file, message, form):
    with pytest.raises(FormatError, match=message):
        import_from(store, "p", case(number) / file, form)


def test_a_folder_without_a_list(store, tmp_path):
    with pytest.raises(FormatError, match=r"neither Label\.txt nor Cache\.cach"):
        import_from(store, "p", tmp_path, "ppocrlabel")


def test_lost_content_is_reported(store, image_id, tmp_path):
    assert export_lines(store, image_id, tmp_path / "one", Region(BOX, "fine")) == []
    words = [
        Region(BOX, "hidden", illegible=True),
        Region(BOX, "*"),
        Region(BOX, ""),
        Region(BOX, "TEMPORARY"),
        Region(BOX, "it is false"),
        Region(BOX, "", illegible=True, difficult=True),
    ]
    notes = export_lines(store, image_id, tmp_path / "all", *words)
    assert [note.rpartition(": 1")[2] for note in notes] == [
        " (photo.jpg 'hidden')",
        " (photo.jpg '*')",
        " (photo.jpg)",
        " (photo.jpg 'TEMPORARY')",
        " (photo.jpg 'it is false')",
        " (photo.jpg)",
    ]
    assert '"" in Label.txt' in notes[2]


def export_lines(store, image_id, out, *words) -> list[str]:
    store.save_regions(image_id, store.image(image_id).version, words, "ann")
    return export_to(store, store.find_project("p"), out, "ppocrlabel").notes


def test_photos_that_are_done_are_checked(store, full, tmp_path, other):
    """fileState.txt names them as Label.txt does: PPOCRLabel compares folder and name."""
    export_to(store, full, tmp_path / "out", "ppocrlabel")
    checked = (tmp_path / "out/fileState.txt").read_text(encoding="utf-8").splitlines()
    states = [image for image in store.image_list(full) if image.state in ("done", "approved")]
    assert len(checked) == len(states) == 2
    keys = [line.partition("\t")[0] for line in (tmp_path / "out/Label.txt").read_text().splitlines()]
    assert [line in [f"{key}\t1" for key in keys] for line in checked] == [True, True]
    import_from(other, "p", tmp_path / "out")
    images = {image.sha256: image.state for image in other.image_list(other.find_project("p"))}
    assert sorted(images.values()) == ["done", "done", "in work"]
    assert all(images[image.sha256] == "done" for image in states)


def test_one_line_per_image(store, awkward, tmp_path):
    export_to(store, awkward, tmp_path / "out", "ppocrlabel")
    name, words = (tmp_path / "out/Label.txt").read_text(encoding="utf-8").split("\t")
    assert name == "out/photo.jpg"
    assert [word["transcription"] for word in json.loads(words)][:3] == ["two\nlines", "fine", "###"]


def test_regions_on_a_photo_that_is_turned_by_exif(store, case):
    report = import_from(store, "p", case("08b"))
    assert "turned by EXIF" in report.notes[0]
    assert imported(store)[0][1] == "in work"
    report = import_from(store, "p", case("08b"), coordinates="stored")
    assert [report.regions_changed, report.notes] == [1, [f"phone.jpg: {along_note()}"]]
    (image,) = store.image_list(store.find_project("p"))
    (region,) = store.regions(image.id)
    assert sorted(region.polygon) == [[650.0, 100.0], [650.0, 250.0], [700.0, 100.0], [700.0, 250.0]]
    report = import_from(store, "q", case("08"))
    assert report.notes == [f"phone.jpg: {along_note()}"]
