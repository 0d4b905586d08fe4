"""Imports: what is invalid is left out; idempotent, and never over a person's work."""

from __future__ import annotations

import json
import os
import time

import pytest

from annotation.formats import FormatError, export_to, import_from
from annotation.region import Region


def box(x, y, w=20, h=10):
    return [[float(x), y], [x + w, y], [x + w, y + h], [x, y + h]]


@pytest.mark.parametrize("name", ["pipe", "tasks.json", "Label.txt", "regions.csv", "page.xml"])
@pytest.mark.parametrize("form", [None, "coco"])
def test_a_pipe_is_not_waited_for(store, tmp_path, name, form):
    os.mkfifo(tmp_path / name)
    with pytest.raises(FormatError, match=name):
        import_from(store, "p", tmp_path / name, form)
    assert store.projects() == []


def test_corrections_are_compared_by_region_id(store, saved, exported, retype, tmp_path):
    report = import_from(store, "p", exported(retype))
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
    # Again, after further edits in Label Studio only.
    path = tmp_path / "out/tasks.json"
    path.write_text(path.read_text().replace("ONE", "One"))
    report = import_from(store, "p", path)
    assert (report.regions_changed, report.kept_as_drafts) == (1, [])


def test_newer_local_edits_are_not_overwritten(store, saved, exported, retype):
    path = exported(retype)
    store.save_regions(saved, 1, [Region(box(10, 10), "mine", "r1")], "bob")
    report = import_from(store, "p", path)
    assert report.kept_as_drafts == ["photo.jpg"]
    assert [r.text for r in store.regions(saved)] == ["mine"]
    (draft,) = store.drafts(saved)
    assert {r.text for r in draft.regions} == {"ONE", "two"}
    assert "saved as a draft" in report.lines()[-1]


def test_an_export_of_another_database_does_not_overwrite(store, saved, exported, other, picture):
    image = other.add_image(other.ensure_project("p"), picture(), "photo.jpg")[0].id
    for i in range(3):
        other.save_regions(image, i, [Region(box(10, 10), str(i), "x")], "cid")
    report = import_from(other, "p", exported())
    assert report.kept_as_drafts == ["photo.jpg"]
    assert [r.text for r in other.regions(image)] == ["2"]


def test_a_version_that_never_existed_overwrites_nothing(store, saved, exported, retype):
    def change(task):
        task["data"]["version"] = 2**70
        retype(task)

    assert import_from(store, "p", exported(change)).kept_as_drafts == ["photo.jpg"]
    assert [r.text for r in store.regions(saved)] == ["one", "two"]


def test_another_prediction_of_the_same_version_is_reported(store, image_id, task, tmp_path):
    tasks = task(), task(value={"points": [[1, 1], [50, 1], [50, 60]], "polygonlabels": ["Text"]})
    predictions = [{"model_version": "m", "result": one["annotations"][0]["result"]} for one in tasks]
    content = {"data": {"image": "photo.jpg"}, "predictions": predictions, "annotations": [{"result": []}]}
    (tmp_path / "tasks.json").write_text(json.dumps([content]))
    for existing in (1, 2):
        report = import_from(store, "p", tmp_path / "tasks.json")
        assert report.predictions_existing == existing
        assert report.notes == [
            "photo.jpg: There is already another prediction of m; the file's was ignored."
        ]


def test_an_invalid_item_does_not_refuse_the_others(store, image_id, task, tmp_path):
    path = tmp_path / "tasks.json"
    missing = [task() | {"data": {"image": f"{name}.jpg"}} for name in ("one", "two")]
    path.write_text(json.dumps([missing[0], task(), missing[1]]))
    report = import_from(store, "p", path)
    assert report.regions_added == len(store.regions(image_id)) == 1
    assert ["one.jpg" in report.faults[0], "two.jpg" in report.faults[1]] == [True, True]
    start = report.lines().index("invalid and left out: 2")
    assert report.lines()[start + 1 : start + 3] == report.faults


def test_strict_is_all_or_nothing(store, image_id, task, tmp_path):
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task(), task() | {"data": {"image": "elsewhere.jpg"}}]))
    with pytest.raises(FormatError, match=r"elsewhere\.jpg"):
        import_from(store, "p", path, strict=True)
    assert store.regions(image_id) == []
    path.write_text(json.dumps([task()]))
    assert import_from(store, "p", path, strict=True).regions_added == 1
    assert import_from(store, "p", path, strict=True).kept_as_drafts == []


def test_all_faults_are_named_if_nothing_is_valid(store, tmp_path):
    (tmp_path / "Label.txt").write_text("f/one.jpg\t[]\nno tab\nf/two.jpg\t[]\n")
    with pytest.raises(FormatError) as caught:
        import_from(store, "p", tmp_path)
    assert str(caught.value).splitlines() == [
        "Nothing was imported, 3 items are invalid:",
        "Label.txt, line 2: expected a file name, a tab and a list of words.",
        "Label.txt, line 1: The image one.jpg is neither in the project nor next to the file.",
        "Label.txt, line 3: The image two.jpg is neither in the project nor next to the file.",
    ]
    assert store.projects() == []


def test_invalid_regions_do_not_replace_those_of_a_known_image(store, image_id, tmp_path):
    store.save_regions(image_id, 0, [Region(box(1, 1), "mine", "r1")], "ann")
    bad = '[{"transcription": "a", "points": [[1, 1]]}]'
    (tmp_path / "Label.txt").write_text(f"photo.jpg\t{bad}\n")
    with pytest.raises(FormatError, match="line 1, word 1: the polygon has 1 points"):
        import_from(store, "p", tmp_path)
    assert [region.text for region in store.regions(image_id)] == ["mine"]


def test_an_image_with_an_invalid_region_is_not_done(store, picture, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture())
    good = '{"transcription": "a", "points": [[1, 1], [9, 1], [9, 9]]}'
    bad = '{"transcription": "b", "points": [[1, 1], [9, 1], [9, 900]]}'
    (tmp_path / "Label.txt").write_text(f"photo.jpg\t[{good}, {bad}]\n")
    report = import_from(store, "p", tmp_path)
    assert len(report.faults) == report.regions_added == 1
    (image,) = store.image_list(store.find_project("p"))
    assert image.state == "in work"


def test_files_of_a_killed_import_are_deleted(store, saved, other, tmp_path):
    for name, age in (("old", 2 * 86400), ("running", 60)):
        folder = other.images.folder / f".import-{name}"
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(b"half")
        os.utime(folder, (time.time() - age,) * 2)
    export_to(store, store.find_project("p"), tmp_path / "out")
    import_from(other, "p", tmp_path / "out")
    assert [path.name for path in other.images.folder.glob(".import-*")] == [".import-running"]


def test_an_ambiguous_image_name_is_refused(store, picture, task, tmp_path):
    for i in range(2):
        store.add_image(store.ensure_project("p"), picture(i), "photo.jpg")
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task()]))
    with pytest.raises(FormatError, match="several"):
        import_from(store, "p", path)
