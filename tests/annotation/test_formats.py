"""Annotations out of one database and into another one."""

from __future__ import annotations

import copy
import errno
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from annotation.__main__ import main
from annotation.formats import FORMATS, FormatError, export_to, import_from
from annotation.formats.entries import ExportItem
from annotation.formats.label_studio import choose_annotation, image_path, to_task, validate
from annotation.label_studio.labelling_config import has_our_controls
from annotation.region import Character, Region
from annotation.store.store import Store

CURVED = [[20 + 5 * i, 60 - (i % 4)] for i in range(12)] + [[75 - 5 * i, 75.5 - (i % 3)] for i in range(12)]


def box(x, y, w=20, h=10):
    return [[float(x), y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, y, text):
    return Region(
        box(x, y), text, score=0.5, reading_score=0.75, characters=[Character(c, 0.75) for c in text]
    )


@pytest.fixture
def other(tmp_path):
    (tmp_path / "other").mkdir()
    with Store(f"sqlite:///{tmp_path}/other/b.db") as opened:
        yield opened


@pytest.fixture
def full(store, picture):
    """A project with a corrected, an approved, an untouched, an empty and an unseen image."""
    project = store.project("p")
    ids = []
    for i, name in enumerate(["straße 1.jpg", "straße 1.png", "turned.jpg", "empty.webp", "unseen.jpg"]):
        form = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[name[-3:].replace("ebp", "webp")]
        ids.append(
            store.add_image(project, picture(i, form=form, orientation=6 if i == 2 else None), name)[0].id
        )
    for image in ids[:4]:
        store.add_prediction(
            image,
            "nano-1",
            [word(10, 10, "cat"), word(60, 10, "dog"), word(10, 30, "cow")] if image != ids[3] else [],
        )
    store.add_prediction(ids[0], "nano-2", [word(10, 10, "car"), word(60, 10, "dog")])
    cat, dog = store.regions(ids[0])
    mine = Region([[float(x), float(y)] for x, y in CURVED], 'Ñandú, "咖啡店" 1,2', difficult=True)
    fog = Region(box(100, 60), "", illegible=True)
    store.save_regions(
        ids[0], store.image(ids[0]).version, [Region(cat.polygon, "CAT", cat.id), dog, mine, fog], "ann"
    )
    store.save_regions(ids[1], 1, store.regions(ids[1])[:2], "ann")
    store.set_state(ids[1], "done", "ann")
    store.set_state(ids[1], "approved", "bob")
    store.set_state(ids[3], "done", "ann")
    return project


def content(store, project_name="p"):
    """All that a person sees, by image hash."""
    found = {}
    for image in store.image_list(store.find_project(project_name)):
        found[image.sha256] = (
            image.name,
            image.state,
            image.width,
            image.height,
            store.regions(image.id),
            [(p.model_version, p.score, p.regions) for p in store.predictions(image.id)],
        )
    return found


@pytest.mark.parametrize("out", ["out", "out.json"])
def test_label_studio_into_an_empty_database(store, full, other, tmp_path, out):
    report = export_to(store, full, tmp_path / out)
    assert (report.images, report.notes) == (5, [])
    came = import_from(other, "p", tmp_path / out)
    assert (came.images_added, came.predictions_added, came.kept_as_drafts, came.notes) == (5, 5, [], [])
    assert content(other) == content(store)
    again = import_from(other, "p", tmp_path / out)
    assert (again.images_added, again.images_existing, again.predictions_added) == (0, 5, 0)
    assert (again.regions_added, again.regions_changed, again.regions_removed) == (0, 0, 0)
    assert content(other) == content(store)


def test_tasks_pass_label_studio_s_check_and_ours(store, full, tmp_path):
    export_to(store, full, tmp_path / "out")
    tasks = json.loads((tmp_path / "out/tasks.json").read_text(encoding="utf-8"))
    assert len(tasks) == 5
    assert validate(tasks) == []
    assert has_our_controls((tmp_path / "out/labelling-configuration.xml").read_text())
    for task in tasks:
        assert (tmp_path / "out" / image_path(task["data"]["image"])).is_file()
    assert [len(task["annotations"]) for task in tasks].count(0) == 2  # nobody has touched these
    bad = copy.deepcopy(
        next(task for task in tasks if task["annotations"] and task["annotations"][0]["result"])
    )
    for spoil in (
        {"from_name": "words"},
        {"value": {"points": [[1, 1], [2, 2], [150, 3]], "polygonlabels": ["Text"]}},
    ):
        spoilt = copy.deepcopy(bad)
        spoilt["annotations"][0]["result"][0] |= spoil
        assert validate([spoilt]) != []
    foreign = copy.deepcopy(bad)
    label = foreign["annotations"][0]["result"][0]
    value = {"points": label["value"]["points"], "closed": True, "choices": ["blurred"]}
    flags = label | {"from_name": "flags", "type": "choices", "value": value}
    foreign["annotations"][0]["result"].append(flags)
    assert validate([foreign]) != []  # only the SDK knows the choices


@pytest.mark.parametrize("form", ["icdar", "ppocrlabel", "coco"])
def test_other_forms_keep_words(store, full, other, tmp_path, form):
    report = export_to(store, full, tmp_path / "out", form)
    assert report.images == 3
    assert report.notes[0] == "images left out, because nobody has worked on them: 2"
    came = import_from(other, "p", tmp_path / "out", form)
    assert came.images_added == 3
    mine, theirs = content(store), content(other)
    for sha256, (_, state, *_, regions, _) in theirs.items():
        assert state == "done"
        expected = [(r.text, r.illegible) for r in mine[sha256][4]]
        assert [(r.text, r.illegible) for r in regions] == expected
        if form != "icdar":
            assert [r.polygon for r in regions] == [r.polygon for r in mine[sha256][4]]
            assert [r.difficult for r in regions] == [r.difficult for r in mine[sha256][4]]
        assert all(r.locked and r.origin == "import" for r in regions)
    if form == "icdar":
        assert any("instead of 24 points" in note for note in report.notes)
        assert any("difficult" in note for note in report.notes)


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


@pytest.mark.parametrize("form", FORMATS)
def test_empty_and_taken_places(store, image_id, tmp_path, form):
    with pytest.raises(FormatError, match="no image"):
        export_to(store, store.project("nothing"), tmp_path / "out", form)
    assert not (tmp_path / "out").exists()
    store.set_state(image_id, "done", "ann")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("x")
    with pytest.raises(FormatError, match="already exists"):
        export_to(store, store.project("p"), tmp_path / "out", form)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    export_to(store, store.project("p"), tmp_path / "deep/out", form)
    assert (tmp_path / "deep/out").is_dir()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def exported(store, tmp_path, change=lambda task: None):
    """Tasks as Label Studio gives them back after a person submitted them."""
    export_to(store, store.project("p"), tmp_path / "out")
    path = tmp_path / "out/tasks.json"
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for number, task in enumerate(tasks):
        task["id"] = number + 1
        for annotation in task["annotations"]:
            annotation |= {
                "id": 7,
                "completed_by": 1,
                "was_cancelled": False,
                "updated_at": "2026-01-01T00:00:00Z",
            }
        change(task)
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


@pytest.fixture
def saved(store, image_id):
    store.save_regions(
        image_id, 0, [Region(box(10, 10), "one", "r1"), Region(box(60, 10), "two", "r2")], "ann"
    )
    return image_id


def retype(task):
    results = task["annotations"][0]["result"]
    next(r for r in results if r["id"] == "r1" and r["type"] == "textarea")["value"]["text"] = ["ONE"]
    task["annotations"][0]["result"] = [r for r in results if r["id"] != "r2"] + [
        r | {"id": "new", "value": r["value"] | {"points": [[50, 50], [60, 50], [60, 60]]}}
        for r in results
        if r["id"] == "r2"
    ]


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


def test_several_and_cancelled_annotations(store, saved, tmp_path):
    def change(task):
        first = task["annotations"][0]
        newer = copy.deepcopy(first) | {"updated_at": "2026-02-01T00:00:00Z"}
        cancelled = {"was_cancelled": True, "result": [], "updated_at": "2026-03-01T00:00:00Z"}
        retype({"annotations": [newer]})
        task["annotations"] = [newer, first, cancelled]
        task["drafts"] = [{"result": []}]

    report = import_from(store, "p", exported(store, tmp_path, change))
    assert "ONE" in [r.text for r in store.regions(saved)]
    assert len(report.notes) == 3
    assert all(note.startswith("photo.jpg: ") for note in report.notes)


def test_ground_truth_counts_more_than_newer():
    notes = []
    assert choose_annotation([], notes) is None
    one, two = {"id": 1, "ground_truth": True, "updated_at": "1"}, {"id": 2, "updated_at": "2"}
    assert choose_annotation([one, two], notes) is one
    assert choose_annotation([one | {"was_cancelled": True}, two], notes) is two
    assert choose_annotation([one | {"was_cancelled": True}], notes) is None
    assert "ground truth" in notes[0]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/data/local-files/?d=images/a%20b.jpg", "images/a b.jpg"),
        ("/data/upload/3/ab12cd34-a.jpg", "/data/upload/3/ab12cd34-a.jpg"),
        ("https://host/x/a%2Bb.jpg?token=1", "/x/a+b.jpg"),
        ("data:image/png;base64,AAAA", "."),
        ("a.jpg", "a.jpg"),
    ],
)
def test_addresses_of_images(url, path):
    assert str(image_path(url)) == path


def test_images_are_found_by_name_too(store, saved, tmp_path):
    def change(task):
        task["data"] = {"image": "/data/upload/3/ab12cd34-photo.jpg"}
        retype(task)

    path = exported(store, tmp_path, change)
    for image in (tmp_path / "out/images").iterdir():
        image.unlink()
    report = import_from(store, "p", path)
    assert report.kept_as_drafts == ["photo.jpg"]  # without a version nobody knows what a person did since
    assert report.images_existing == 1


POINTS = [[1, 1], [50, 1], [50, 50]]
RESULT = {
    "id": "a",
    "from_name": "label",
    "to_name": "image",
    "type": "polygonlabels",
    "value": {"points": POINTS, "polygonlabels": ["Text"]},
}


CHOICES = {"id": "a", "from_name": "flags", "to_name": "image", "type": "choices"}


def task(**changes):
    return {"data": {"image": "photo.jpg"}, "annotations": [{"result": [RESULT | changes]}]}


def value(points):
    return {"points": points, "polygonlabels": ["Text"]}


BAD_TASKS = {
    "broken": "[{",
    "number": "3",
    "minimal": json.dumps([{"image": "photo.jpg", "label": []}]),
    "no image": json.dumps([{"data": {"text": "x"}}]),
    "nan": json.dumps([task(value=value([[float("nan"), 1], [2, 2], [3, 1]]))]),
    "infinite": json.dumps([task(value=value([[float("inf"), 1], [2, 2], [3, 1]]))]),
    "huge": json.dumps([task(value=value([[1e300, 1], [2, 2], [3, 1]]))]),
    "outside": json.dumps([task(value=value([[150, 1], [2, 2], [3, 1]]))]),
    "turned": json.dumps([task(image_rotation=90)]),
    "foreign": json.dumps([task(type="choices", value={"choices": ["cat"]})]),
    "many": json.dumps(
        [
            {
                "data": {"image": "photo.jpg"},
                "annotations": [{"result": [RESULT | {"id": f"r{i}"} for i in range(10_000)]}],
            }
        ]
    ),
    "hash": json.dumps([task() | {"data": {"image": "photo.jpg", "sha256": "0" * 64}}]),
    "missing": json.dumps([task() | {"data": {"image": "elsewhere.jpg"}}]),
    "results": json.dumps([{"data": {"image": "photo.jpg"}, "annotations": [{"result": "x"}]}]),
    "annotations": json.dumps([{"data": {"image": "photo.jpg"}, "annotations": "x"}]),
    "unturned": json.dumps([task(original_width=100, original_height=200)]),
    "no task": "[]",
    "choices": json.dumps(
        [{**task(), "annotations": [{"result": [RESULT, CHOICES | {"value": {"choices": 5}}]}]}]
    ),
    "long number": json.dumps([task(value=value([[10**400, 1], [2, 2], [3, 1]]))]),
    "long rotation": json.dumps(
        [task(type="rectangle", value=dict.fromkeys(("x", "y", "width"), 1) | {"height": 10**400})]
    ),
    "no address": json.dumps([task() | {"data": {"image": "http://[photo.jpg"}}]),
    "long name": json.dumps([task() | {"data": {"image": "a" * 5000}}]),
    "escape": json.dumps([task() | {"data": {"image": "elsewhere.jpg", "name": "\x1b[2J\ud800.jpg"}}]),
    "not utf-8": b"[\xff\xfe]",
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("beside", [True, False], ids=["picture beside", "picture in the project"])
@pytest.mark.parametrize("name", BAD_TASKS)
def test_a_bad_file_changes_nothing(tmp_path, picture, capsys, name, beside):
    url = f"sqlite:///{tmp_path}/a.db"
    (tmp_path / "in").mkdir()
    path = tmp_path / "in/tasks.json"
    content = BAD_TASKS[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if beside:
        (tmp_path / "in/photo.jpg").write_bytes(picture())
    else:
        with Store(url) as store:
            store.add_image(store.project("default"), picture(), "photo.jpg")
    before = sorted(tmp_path.rglob("*"))
    # A good task before the bad one must not come in either.
    assert main(["import", str(path), "--database", url]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err[:-1].isprintable()
    assert captured.err.endswith(".\n") or captured.err.endswith(").\n")
    assert len(captured.err) < 300
    assert [p for p in sorted(tmp_path.rglob("*")) if not p.name.endswith(("-wal", "-shm"))] == before
    if not beside:
        with Store(url) as store:
            (image,) = store.image_list(store.find_project("default"))
            assert (image.version, store.regions(image.id), store.drafts()) == (0, [], [])


def test_names_that_no_database_takes(store, image_id, tmp_path):
    """Lone surrogates, a zero byte, a whole number beyond 64 bits: what is not needed is left out of them."""
    image = store.image(image_id)
    data = {"image": "photo.jpg", "added": image.added.isoformat(), "version": 2**70}
    bad = task() | {"data": data | {"sha256": "\ud800"}}
    (tmp_path / "tasks.json").write_text(json.dumps([bad]))
    with pytest.raises(FormatError, match="hash"):
        import_from(store, "p", tmp_path / "tasks.json")
    words = {"model_version": "a\0\ud800b" * 99, "score": 10**400, "result": [RESULT]}
    annotation = {"id": 1, "completed_by": {"email": "ann\0\ud800" * 99}, "result": [RESULT]}
    sizes = {"original_width": 10**400, "original_height": 1}
    good = {"data": data, "predictions": [words], "annotations": [annotation]}
    for result in (words["result"], annotation["result"]):
        result[0] = RESULT | sizes
    (tmp_path / "tasks.json").write_text(json.dumps([good]))
    report = import_from(store, "p", tmp_path / "tasks.json")
    assert (report.predictions_added, report.regions_removed) == (1, 0)
    (prediction,) = store.predictions(image_id)
    assert prediction.model_version.startswith("abab")
    assert len(prediction.model_version) <= 200
    assert store.image(image_id).changed_by.startswith("annann")


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


def test_paths_do_not_lead_out(store, tmp_path, picture):
    (tmp_path / "secret.jpg").write_bytes(picture())
    (tmp_path / "in").mkdir()
    for name in ("../secret.jpg", str(tmp_path / "secret.jpg"), "/data/local-files/?d=../secret.jpg"):
        (tmp_path / "in/tasks.json").write_text(json.dumps([task() | {"data": {"image": name}}]))
        with pytest.raises(FormatError, match="neither"):
            import_from(store, "p", tmp_path / "in")


def coco(image, *annotations):
    images = [{"id": 1, "file_name": "photo.jpg"} | image]
    return json.dumps({"images": images, "annotations": annotations})


ICDAR = "1,1,50,1,50,20,1,20,"
BAD_FILES = {
    "icdar": {"gt/gt_photo.txt": "1,2,3,word\n"},
    "icdar without images": {"gt/gt_other.txt": ICDAR + "a"},
    "ppocrlabel": {"Label.txt": "photo.jpg [{}]\n"},
    "ppocrlabel points": {"Label.txt": 'photo.jpg\t[{"transcription": "a", "points": [[1, 1], [2, 2]]}]'},
    "ppocrlabel nan": {
        "Label.txt": 'photo.jpg\t[{"transcription": "a", "points": [[NaN, 1], [2, 2], [3, 1]]}]'
    },
    "ppocrlabel text": {"Label.txt": 'photo.jpg\t[{"transcription": 7, "points": [[1, 1], [2, 2], [3, 1]]}]'},
    "ppocrlabel empty": {"Label.txt": "\n"},
    "ppocrlabel name": {"Label.txt": "a" * 5000 + "\t[]\n"},
    "icdar far": {"gt/gt_photo.txt": "9" * 5000 + ",1,50,1,50,20,1,20,a"},
    "coco name": {"annotations.json": coco({"file_name": "a" * 5000})},
    "coco": {"annotations.json": "[]"},
    "coco image": {"annotations.json": coco({}, {"image_id": 2})},
    "coco size": {"annotations.json": coco({"width": 9, "height": 9})},
    "coco odd": {"annotations.json": coco({}, {"image_id": 1, "segmentation": [[1, 2, 3]]})},
    "coco far": {"annotations.json": coco({}, {"image_id": 1, "segmentation": [[1, 2, 3, 4, 900, 1]]})},
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_of_other_forms(store, tmp_path, picture, name):
    folder = tmp_path / "in"
    (folder / "gt").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "images/photo.jpg").write_bytes(picture())
    for file, text in BAD_FILES[name].items():
        (folder / file).write_text(text)
    with pytest.raises(FormatError):
        import_from(store, "p", folder, name.split()[0])
    assert store.projects() == []


TWICE = '{"transcription": "a", "points": [[1, 1], [9, 1], [9, 9]]}, ' * 2


@pytest.mark.parametrize(
    ("form", "file", "text"),
    [
        ("icdar", "gt/gt_photo.txt", ICDAR + "word\n60,1,90,1,90,20,60,20,###\n"),
        ("ppocrlabel", "Label.txt", f"images/photo.jpg\t[{TWICE[:-2]}]\n"),
        (
            "coco",
            "annotations.json",
            coco({}, {"image_id": 1, "segmentation": [[1, 1, 9, 1, 9, 9]], "text": "a"}),
        ),
        ("label-studio", "tasks.json", json.dumps([task(id=None)])),
        ("label-studio", "tasks.json", json.dumps([task(id="no id!")])),
        ("label-studio", "tasks.json", json.dumps([task(id=7)])),
    ],
)
def test_files_without_ids_can_be_imported_again(store, tmp_path, picture, form, file, text):
    (tmp_path / "gt").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images/photo.jpg").write_bytes(picture())
    (tmp_path / file).write_text(text)
    import_from(store, "p", tmp_path, form)
    (image,) = store.image_list(store.find_project("p"))
    again = import_from(store, "p", tmp_path, form)
    assert (again.regions_added, again.regions_changed, again.regions_removed) == (0, 0, 0)
    assert again.regions_unchanged == len(store.regions(image.id)) > 0
    # Nor does it stand in the way of what a person made of it since.
    mine = [region.to_json() | {"text": "mine"} for region in store.regions(image.id)]
    store.save_regions(image.id, store.image(image.id).version, mine, "ann")
    again = import_from(store, "p", tmp_path, form)
    assert (again.outdated, again.kept_as_drafts) == (1, [])
    assert {region.text for region in store.regions(image.id)} == {"mine"}


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


def test_points_just_outside_are_said(store, picture, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    (tmp_path / "images/photo.jpg").write_bytes(picture())
    (tmp_path / "gt/gt_photo.txt").write_text(
        "-3,1,50,1,50,20,-3,20,a\n1,50,50,50,50,60,1,60,###\n", encoding="utf-8-sig"
    )
    report = import_from(store, "p", tmp_path, "icdar")
    assert report.notes == ["photo.jpg: Points slightly outside the image were moved to its edge."]
    (image,) = store.image_list(store.project("p"))
    assert [(r.text, r.illegible, r.polygon[0]) for r in store.regions(image.id)] == [
        ("a", False, [0, 1]),
        ("", True, [1, 50]),
    ]


def test_command_line(tmp_path, picture, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", "out"]) == 1
    assert capsys.readouterr().err == "There is no such database.\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in/photo.jpg").write_bytes(picture())
    (tmp_path / "in/tasks.json").write_text(json.dumps([task()]))
    assert main(["import", "in/tasks.json"]) == 0
    assert "images: 1 added" in capsys.readouterr().out
    assert (tmp_path / "annotation.db").is_file()
    for form in FORMATS:
        assert main(["export", form, "--format", form]) == 0
        assert main(["import", form, "--format", form, "--database", f"sqlite:///{form}.db"]) == 0
        assert capsys.readouterr().err == ""
    assert main(["export", "coco", "--format", "coco"]) == 1
    assert main(["export", "x", "--project", "nobody's"]) == 1
    assert main(["import", "in/tasks.json", "--images", "nowhere"]) == 1
    assert main(["import", "nowhere"]) == 1
    assert main(["import", "in/tasks.json", "--database", "nonsense"]) == 1
    assert capsys.readouterr().err.count("\n") == 5
    with pytest.raises(SystemExit) as caught:
        main(["import", "in", "--format", "voc"])
    assert caught.value.code == 2


@pytest.mark.parametrize("command", ["import", "export"])
@pytest.mark.parametrize("trouble", ["torn", "locked", "full"])
def test_trouble_of_the_machine_is_one_sentence(
    store, image_id, tmp_path, capsys, monkeypatch, command, trouble
):
    """A torn database, another program that does not let go of it, a full disk."""

    def fail(*_, **__):
        if trouble == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        said = "database disk image is malformed" if trouble == "torn" else "database is locked"
        raise OperationalError("SELECT secret", {}, sqlite3.OperationalError(said))

    (tmp_path / "tasks.json").write_text(json.dumps([task()]))
    (tmp_path / "photo.jpg").write_bytes(store.image_path(store.image(image_id)).read_bytes())
    monkeypatch.setattr("annotation.store.store.Store.read", fail)
    url = f"sqlite:///{tmp_path}/{'new' if command == 'import' else 'annotation'}.db"
    path = tmp_path / ("tasks.json" if command == "import" else "out")
    assert main([command, str(path), "--database", url]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "secret" not in captured.err
    assert not (tmp_path / "new.db").exists()
    assert not (tmp_path / "out").exists()


def test_names_of_any_kind_on_any_terminal(tmp_path, picture):
    (tmp_path / "咖啡.jpg").write_bytes(picture())
    (tmp_path / "tasks.json").write_text(json.dumps([{"data": {"image": "咖啡.jpg"}}]))
    done = subprocess.run(
        [sys.executable, "-m", "annotation", "import", tmp_path, "--database", f"sqlite:///{tmp_path}/a.db"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u5496\\u5561.jpg: It has no annotation." in done.stdout


def test_a_task_for_a_server_gets_its_address(store, saved):
    opened = store.open_image(saved)
    made = to_task(
        ExportItem("images/photo.jpg", opened.image, opened.regions, []), "/data/upload/1/x-photo.jpg"
    )
    assert made["data"]["image"] == "/data/upload/1/x-photo.jpg"
    assert made["data"]["version"] == 1
    assert made["predictions"] == []
