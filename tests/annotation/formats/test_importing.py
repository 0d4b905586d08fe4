"""Imports: all or nothing, idempotent, and never over a person's work."""

from __future__ import annotations

import json
import os
import time

import pytest

from annotation.formats import FormatError, export_to, import_from
from annotation.region import Region


def box(x, y, w=20, h=10):
    return [[float(x), y], [x + w, y], [x + w, y + h], [x, y + h]]


def test_corrections_in_label_studio_are_diffed_by_id(store, saved, tmp_path):
    report = import_from(store, "p", exported(store, tmp_path, retype))
    assert (
        report.regions_added,
        report.regions_changed,
        report.regions_removed,
        report.regions_unchanged,
    ) == (
        1,
        1,
        1,
        0,
    )
    assert {r.id: r.text for r in store.regions(saved)} == {"r1": "ONE", "new": "two"}
    assert store.image(saved).state == "done"
    assert [r.source for r in store.history(saved, "r2")] == ["person", "import"]
    # Once more, after more work in Label Studio, with nobody at work here.
    path = tmp_path / "out/tasks.json"
    path.write_text(path.read_text().replace("ONE", "One"))
    report = import_from(store, "p", path)
    assert (report.regions_changed, report.kept_as_drafts) == (1, [])


def test_work_done_here_meanwhile_is_not_overwritten(store, saved, tmp_path):
    path = exported(store, tmp_path, retype)
    store.save_regions(saved, 1, [Region(box(10, 10), "mine", "r1")], "bob")
    report = import_from(store, "p", path)
    assert report.kept_as_drafts == ["photo.jpg"]
    assert [r.text for r in store.regions(saved)] == ["mine"]
    (draft,) = store.drafts(saved)
    assert {r.text for r in draft.regions} == {"ONE", "two"}
    assert any("waits" in line or "wait" in line for line in report.lines())


def test_an_export_of_another_database_does_not_overwrite(store, saved, other, picture, tmp_path):
    image = other.add_image(other.project("p"), picture(), "photo.jpg")[0].id
    for i in range(3):
        other.save_regions(image, i, [Region(box(10, 10), str(i), "x")], "cid")
    report = import_from(other, "p", exported(store, tmp_path))
    assert report.kept_as_drafts == ["photo.jpg"]
    assert [r.text for r in other.regions(image)] == ["2"]


def test_a_version_that_never_was_overwrites_nothing(store, saved, tmp_path):
    def change(task):
        task["data"]["version"] = 2**70
        retype(task)

    path = exported(store, tmp_path, change)
    assert import_from(store, "p", path).kept_as_drafts == ["photo.jpg"]
    assert [r.text for r in store.regions(saved)] == ["one", "two"]


def test_a_prediction_that_cannot_be_kept_is_said(store, image_id, tmp_path):
    other = RESULT | {"value": value([[1, 1], [50, 1], [50, 60]])}
    predictions = [{"model_version": "m", "result": [result]} for result in (RESULT, other)]
    content = {"data": {"image": "photo.jpg"}, "predictions": predictions, "annotations": [{"result": []}]}
    (tmp_path / "tasks.json").write_text(json.dumps([content]))
    for known in (1, 2):
        report = import_from(store, "p", tmp_path / "tasks.json")
        assert report.predictions_existing == known
        assert report.notes == [
            "photo.jpg: There is already another prediction of m; the file's was ignored."
        ]


def test_all_or_nothing(store, image_id, tmp_path):
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task(), task() | {"data": {"image": "elsewhere.jpg"}}]))
    with pytest.raises(FormatError, match=r"elsewhere\.jpg"):
        import_from(store, "p", path)
    assert store.regions(image_id) == []
    path.write_text(json.dumps([task()]))
    assert import_from(store, "p", path).regions_added == 1
    assert import_from(store, "p", path).kept_as_drafts == []


def test_what_a_killed_import_left_goes(store, saved, other, tmp_path):
    for name, age in (("old", 2 * 86400), ("running", 60)):
        folder = other.images.folder / f".import-{name}"
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(b"half")
        os.utime(folder, (time.time() - age,) * 2)
    export_to(store, store.find_project("p"), tmp_path / "out")
    import_from(other, "p", tmp_path / "out")
    assert [path.name for path in other.images.folder.glob(".import-*")] == [".import-running"]


def test_names_that_mean_two_images(store, picture, tmp_path):
    for i in range(2):
        store.add_image(store.project("p"), picture(i), "photo.jpg")
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task()]))
    with pytest.raises(FormatError, match="several"):
        import_from(store, "p", path)
