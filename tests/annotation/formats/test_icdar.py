"""Folders in the ICDAR 2015 format."""

from __future__ import annotations

from annotation.formats import export_to, import_from


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
    assert any("two" in note and "left out" in note for note in notes)
    assert any("hidden" in note for note in notes)
    assert any("' wide '" in note and "spaces" in note for note in notes)
    assert any("'40,257'" in note and "another text" in note for note in notes)
    assert "whole pixels" in notes[-1]
    assert [note.count("'*'") for note in notes if "difficult" in note] == [1]
    assert sorted(path.name for path in (tmp_path / "out/gt").iterdir()) == ["gt_photo.txt"]


def test_long_polygons_are_simplified(store, full, tmp_path):
    notes = export_to(store, full, tmp_path / "out", "icdar").notes
    assert any("instead of 24 points" in note for note in notes)
