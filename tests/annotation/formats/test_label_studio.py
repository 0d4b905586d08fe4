"""Label Studio tasks as a format."""

from __future__ import annotations

import copy
import json

import pytest

from annotation.__main__ import main
from annotation.formats import FormatError, export_to, import_from
from annotation.formats.entries import ExportItem
from annotation.label_studio.export_tasks import to_task, validate
from annotation.label_studio.labelling_config import has_our_controls
from annotation.label_studio.task_images import image_path
from annotation.store.store import Store

RESULT = {
    "id": "a",
    "from_name": "label",
    "to_name": "image",
    "type": "polygonlabels",
    "value": {"points": [[1, 1], [50, 1], [50, 50]], "polygonlabels": ["Text"]},
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


@pytest.mark.parametrize("out", ["out", "out.json"])
def test_round_trip_into_an_empty_database(store, full, other, tmp_path, content, out):
    report = export_to(store, full, tmp_path / out)
    assert (report.images, report.notes) == (5, [])
    report = import_from(other, "p", tmp_path / out)
    assert (report.images_added, report.predictions_added) == (5, 5)
    assert (report.kept_as_drafts, report.notes) == ([], [])
    assert content(other) == content(store)
    again = import_from(other, "p", tmp_path / out)
    assert (again.images_added, again.images_existing, again.predictions_added) == (0, 5, 0)
    assert (again.regions_added, again.regions_changed, again.regions_removed) == (0, 0, 0)
    assert content(other) == content(store)


def test_exported_tasks_are_valid(store, full, tmp_path):
    export_to(store, full, tmp_path / "out")
    tasks = json.loads((tmp_path / "out/tasks.json").read_text(encoding="utf-8"))
    assert len(tasks) == 5
    assert validate(tasks) == []
    assert has_our_controls((tmp_path / "out/labelling-configuration.xml").read_text())
    for task in tasks:
        assert (tmp_path / "out" / image_path(task["data"]["image"])).is_file()
    assert [len(task["annotations"]) for task in tasks].count(0) == 2  # nobody has edited these


def test_invalid_tasks_are_reported(store, saved):
    opened = store.open_image(saved)
    valid = to_task(ExportItem("images/photo.jpg", opened.image, opened.regions, []))
    assert validate([valid]) == []
    outside = {"points": [[1, 1], [2, 2], [150, 3]], "polygonlabels": ["Text"]}
    for change in ({"from_name": "words"}, {"value": outside}):
        invalid = copy.deepcopy(valid)
        invalid["annotations"][0]["result"][0] |= change
        assert validate([invalid]) != []
    label = valid["annotations"][0]["result"][0]
    flags = {"points": label["value"]["points"], "closed": True, "choices": ["blurred"]}
    valid["annotations"][0]["result"].append(
        label | {"from_name": "flags", "type": "choices", "value": flags}
    )
    assert validate([valid]) != []  # only the SDK checks the choices


@pytest.mark.parametrize("next_to_file", [True, False], ids=["next to the file", "in the project"])
@pytest.mark.parametrize("name", BAD_TASKS)
def test_an_invalid_file_changes_nothing(tmp_path, picture, capsys, name, next_to_file):
    url = f"sqlite:///{tmp_path}/a.db"
    (tmp_path / "in").mkdir()
    path = tmp_path / "in/tasks.json"
    content = BAD_TASKS[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if next_to_file:
        (tmp_path / "in/photo.jpg").write_bytes(picture())
    else:
        with Store(url) as store:
            store.add_image(store.ensure_project("default"), picture(), "photo.jpg")
    before = sorted(tmp_path.rglob("*"))
    assert main(["import", str(path), "--database", url]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err[:-1].isprintable()
    assert captured.err.endswith(".\n")
    assert len(captured.err) < 500
    assert [p for p in sorted(tmp_path.rglob("*")) if not p.name.endswith(("-wal", "-shm"))] == before
    if not next_to_file:
        with Store(url) as store:
            (image,) = store.image_list(store.find_project("default"))
            assert (image.version, store.regions(image.id), store.drafts()) == (0, [], [])


def test_values_that_no_database_accepts_are_refused_or_cleaned(store, image_id, tmp_path):
    """Lone surrogates, a zero byte, integers beyond 64 bits."""
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


def test_several_and_cancelled_annotations(store, saved, exported, retype):
    def change(task):
        first = task["annotations"][0]
        newer = copy.deepcopy(first) | {"updated_at": "2026-02-01T00:00:00Z"}
        cancelled = {"was_cancelled": True, "result": [], "updated_at": "2026-03-01T00:00:00Z"}
        retype({"annotations": [newer]})
        task["annotations"] = [newer, first, cancelled]
        task["drafts"] = [{"result": []}]

    report = import_from(store, "p", exported(change))
    assert "ONE" in [r.text for r in store.regions(saved)]
    assert len(report.notes) == 3
    assert all(note.startswith("photo.jpg: ") for note in report.notes)


def test_images_are_found_by_name_too(store, saved, exported, retype, tmp_path):
    def change(task):
        task["data"] = {"image": "/data/upload/3/ab12cd34-photo.jpg"}
        retype(task)

    path = exported(change)
    for image in (tmp_path / "out/images").iterdir():
        image.unlink()
    report = import_from(store, "p", path)
    assert report.kept_as_drafts == ["photo.jpg"]  # without a version, any later edit may be new
    assert report.images_existing == 1


def test_image_paths_stay_in_the_folder(store, tmp_path, picture):
    (tmp_path / "secret.jpg").write_bytes(picture())
    (tmp_path / "in").mkdir()
    for name in ("../secret.jpg", str(tmp_path / "secret.jpg"), "/data/local-files/?d=../secret.jpg"):
        (tmp_path / "in/tasks.json").write_text(json.dumps([task() | {"data": {"image": name}}]))
        with pytest.raises(FormatError, match="neither"):
            import_from(store, "p", tmp_path / "in")


def test_a_task_for_a_server_has_its_url(store, saved):
    opened = store.open_image(saved)
    task = to_task(
        ExportItem("images/photo.jpg", opened.image, opened.regions, []), "/data/upload/1/x-photo.jpg"
    )
    assert task["data"]["image"] == "/data/upload/1/x-photo.jpg"
    assert task["data"]["version"] == 1
    assert task["predictions"] == []
