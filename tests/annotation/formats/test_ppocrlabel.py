"""PPOCRLabel's Label.txt."""

from __future__ import annotations

from annotation.formats import export_to
from annotation.region import Region


def box(x, y, w=20, h=10):
    return [[float(x), y], [x + w, y], [x + w, y + h], [x, y + h]]


def test_what_a_form_cannot_hold_is_said(store, image_id, tmp_path):
    regions = [
        Region(box(1, 1), "two\nlines"),
        Region(box(50, 1), "fine"),
        Region(box(1, 50), "hidden", illegible=True),
        Region(box(30.4, 50), " wide "),
        Region(box(60, 50), "*", difficult=True),
        Region(box(90, 50), "", illegible=True, difficult=True),
        Region([[100, 1], [120, 1], [120, 20]], "40,257"),
    ]
    store.save_regions(image_id, 0, regions, "ann")
    report = export_to(store, store.project("p"), tmp_path / "out", "icdar")
    assert any("two" in note and "left out" in note for note in report.notes)
    assert any("hidden" in note for note in report.notes)
    assert any("' wide '" in note and "spaces" in note for note in report.notes)
    assert any("'40,257'" in note and "another text" in note for note in report.notes)
    assert "whole pixels" in report.notes[-1]
    assert [note.count("'*'") for note in report.notes if "difficult" in note] == [1]
    notes = export_to(store, store.project("p"), tmp_path / "paddle", "ppocrlabel").notes
    assert [note.split(":")[1].split()[0] for note in notes] == ["'hidden'", "'*'", "''"]
    assert export_to(store, store.project("p"), tmp_path / "coco", "coco").notes == []
    assert sorted(path.name for path in (tmp_path / "out/gt").iterdir()) == ["gt_photo.txt"]
