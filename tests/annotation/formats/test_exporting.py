"""Exports: the whole folder or nothing, which images, and the 21 odd texts in every format."""

from __future__ import annotations

import re

import pytest

from annotation.formats import EXPORTS, FORMATS, FormatError, export_to, import_from
from annotation.formats.exporting import file_names
from annotation.region import Region
from annotation.store.bin import delete_images
from annotation.store.records import NotFoundError
from annotation.store.selection import Selection, parse_selection

BOX = [[1.0, 1.0], [20.0, 1.0], [20.0, 10.0], [1.0, 10.0]]
# What does not come back as it was, of conftest.ODD_TEXTS.
LOST = {
    "label-studio": [],
    "coco": [],
    "csv": [],
    "ppocrlabel": ["###", "*"],
    "icdar": ["###", "two\nlines", "carriage\rreturn", "1,888,555", "1,888,555 x", " wide "],
    "page-xml": [" wide ", "bell\x07"],
}


def counted(notes) -> int:
    """The sum of the counts in notes such as "texts with line breaks, left out: 2 (...)"."""
    return sum(int(re.search(r": (\d+)( \(|$)", note)[1]) for note in notes)


@pytest.mark.parametrize("form", EXPORTS)
def test_an_empty_project_and_an_existing_target_are_refused(store, image_id, tmp_path, form):
    with pytest.raises(FormatError, match="no image"):
        export_to(store, store.ensure_project("nothing"), tmp_path / "out", form)
    assert not (tmp_path / "out").exists()
    store.set_state(image_id, "done", "ann")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("x")
    with pytest.raises(FormatError, match="already exists") as refusal:
        export_to(store, store.ensure_project("p"), tmp_path / "out", form)
    assert str(tmp_path) not in str(refusal.value)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    export_to(store, store.ensure_project("p"), tmp_path / "deep/out", form)
    assert (tmp_path / "deep/out").is_dir()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_formats_that_can_only_be_imported_are_refused(store, image_id, tmp_path):
    with pytest.raises(FormatError, match="art cannot be written; expected one of label-studio, coco"):
        export_to(store, store.ensure_project("p"), tmp_path / "out", "art")


def test_file_names_are_portable_and_unique(store, picture):
    project = store.ensure_project("p")
    for i, name in enumerate(["a?b.jpg", "A_B.png", "-x.jpg", "....jpg"]):
        store.add_image(project, picture(i), name)
    names = [name.rpartition(".")[0] for name in file_names(store.image_list(project)).values()]
    assert len({name.casefold() for name in names}) == 4
    assert not any(name.startswith("-") or "?" in name or not name.strip(".") for name in names)


@pytest.mark.parametrize("form", LOST)
def test_odd_texts_come_back_or_are_reported(store, odd, other, picture, tmp_path, form):
    report = export_to(store, odd, tmp_path / "out", form)
    if form == "csv":
        other.add_image(other.ensure_project("p"), picture(), "photo.jpg")
    import_from(other, "p", tmp_path / "out")
    (image,) = other.image_list(other.find_project("p"))
    (original,) = store.image_list(odd)
    texts = [region.text for region in other.regions(image.id)]
    expected = [region.text for region in store.regions(original.id)]
    assert [text for text in expected if text not in texts] == LOST[form]
    assert [text for text in texts if text not in expected] in ([], ["", ""], ["wide"], ["wide", "bell"])
    assert counted(report.notes) == len(LOST[form])


def test_all_formats_that_are_read_and_written_have_a_round_trip():
    assert LOST.keys() == EXPORTS.keys() & FORMATS.keys()


@pytest.mark.parametrize("form", EXPORTS)
def test_filters(store, full, tmp_path, form):
    """`full` has photos that are new (2), in work, done and approved; ann did these three."""
    report = export_to(store, full, tmp_path / "out", form, parse_selection(["done", "approved"], "ann", ""))
    assert report.images == 2
    assert report.lines()[1] == (
        "only images that are: done or approved, last changed or marked as done by ann"
    )
    assert export_to(store, full, tmp_path / "new", form, Selection(states=("new",))).images == 2
    with pytest.raises(FormatError, match=r"No image fits the filter \(new, .* by bob\); nothing was"):
        export_to(store, full, tmp_path / "none", form, Selection(states=("new",), by="bob"))
    with pytest.raises(NotFoundError, match="zoe has not worked in this project; these have: ann, bob"):
        export_to(store, full, tmp_path / "none", form, Selection(by="zoe"))
    assert not (tmp_path / "none").exists()


def test_skipped_and_deleted_images_never_leave(store, picture, tmp_path):
    project = store.ensure_project("p")
    ids = [store.add_image(project, picture(i), f"{i}.jpg")[0].id for i in range(3)]
    store.set_state(ids[0], "done", "ann")
    store.set_state(ids[1], "skipped", "ann")
    delete_images(store, ids[2:], "ann")
    report = export_to(store, project, tmp_path / "out")
    assert report.images == 1
    assert report.notes == ["images left out because they were skipped: 1"]
    assert [path.name for path in (tmp_path / "out/images").iterdir()] == ["0.jpg"]


def test_a_missing_file_leaves_the_others(store, full, tmp_path):
    first, *others = store.image_list(full)
    store.image_path(first).unlink()
    report = export_to(store, full, tmp_path / "out")
    assert report.images == len(others)
    assert report.notes == [f"images left out because their stored file is missing: 1 ({first.name})"]
    for image in others:
        store.image_path(image).unlink()
    with pytest.raises(FormatError, match="missing"):
        export_to(store, full, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_progress(store, full, tmp_path):
    seen = []
    export_to(store, full, tmp_path / "out", progress=lambda *step: seen.append(step))
    assert [(done, total) for done, total, _ in seen] == [(i, 5) for i in range(5)]


def test_many_equal_losses_are_one_line(store, image_id, tmp_path):
    words = [Region([[x, y + 12 * i] for x, y in BOX], f"line\n{i}") for i in range(5)]
    store.save_regions(image_id, 0, words, "ann")
    store.set_state(image_id, "done", "ann")
    (note,) = export_to(store, store.find_project("p"), tmp_path / "out", "icdar").notes
    assert note == (
        "texts with line breaks, left out: 5 "
        "(photo.jpg 'line\\n0', photo.jpg 'line\\n1', photo.jpg 'line\\n2', ...)"
    )


@pytest.mark.parametrize(("format_name", "is_said"), [("icdar", True), ("page-xml", True), ("coco", False)])
def test_new_images_are_told_from_those_that_are_done_or_the_report_says_that_they_are_not(
    store, full, tmp_path, format_name, is_said
):
    notes = export_to(store, full, tmp_path / "out", format_name, Selection(states=("new",))).notes
    expected = "images that are not done, which this format cannot tell from those that are: 2"
    assert any(note.startswith(expected) for note in notes) == is_said
