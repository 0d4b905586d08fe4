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
    (image,) = store.image_list(store.ensure_project("p"))
    assert [(r.text, r.illegible) for r in store.regions(image.id)] == [("one", False), ("two", True)]


def test_everything_visible_is_exported(store, awkward, other, tmp_path):
    assert export_to(store, awkward, tmp_path / "out", "coco").notes == []
    import_from(other, "p", tmp_path / "out", "coco")
    (image,) = store.image_list(awkward)
    (copy,) = other.image_list(other.find_project("p"))
    assert [r.content for r in other.regions(copy.id)] == [r.content for r in store.regions(image.id)]
