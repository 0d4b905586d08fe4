"""COCO-style JSON."""

from __future__ import annotations

import json

from annotation.formats import export_to, import_from


def test_coco_text_and_textocr(store, picture, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture())
    annotations = [
        {"image_id": "a", "points": [1, 1, 20, 1, 20, 20, 1, 20], "utf8_string": "one"},
        {
            "image_id": "a",
            "segmentation": [[1, 30, 20, 30, 20, 50], [50, 50, 55, 50, 55, 55]],
            "utf8_string": "two",
            "legibility": "illegible",
        },
        {"image_id": "a", "segmentation": {"counts": "xx", "size": [9, 9]}},
    ]
    content = {"images": [{"id": "a", "file_name": "x/photo.jpg"}], "annotations": annotations}
    (tmp_path / "c.json").write_text(json.dumps(content))
    report = import_from(store, "p", tmp_path / "c.json", "coco")
    assert len(report.notes) == 2
    (image,) = store.image_list(store.project("p"))
    assert [(r.text, r.illegible) for r in store.regions(image.id)] == [("one", False), ("two", True)]


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
