"""Counts and examples of what an export could not represent."""

from __future__ import annotations

from annotation.formats.export_notes import MAX_EXAMPLES, MAX_TEXT, ExportNotes
from annotation.region import Region


def test_nothing_and_one():
    notes = ExportNotes()
    assert notes.lines() == []
    notes.add("words cut out")
    assert notes.lines() == ["words cut out: 1"]


def test_many_are_counted_with_examples(store, image_id):
    notes, image = ExportNotes(), store.image(image_id)
    for text in ("a\nb", "x" * 100, "", "c", "d"):
        notes.add_region("texts, left out", image, Region([[0, 0], [9, 0], [9, 9]], text))
    notes.add("images, left out", "a.jpg")
    first, second = notes.lines()
    assert first == f"texts, left out: 5 (photo.jpg 'a\\nb', photo.jpg '{'x' * MAX_TEXT}', photo.jpg, ...)"
    assert first.count("photo.jpg") == MAX_EXAMPLES
    assert second == "images, left out: 1 (a.jpg)"
