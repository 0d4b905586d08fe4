"""Push and pull with a server in memory, and failures of a real socket.

`tests/label_studio/` does the same with a real Label Studio.
"""

from __future__ import annotations

import copy
import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest

from annotation.label_studio.client import Server, ServerError
from annotation.label_studio.export_tasks import to_results
from annotation.label_studio.labelling_config import CONFIG
from annotation.label_studio.sync import pull, push
from annotation.region import AnnotationError, Character, Region
from annotation.store.bin import delete_images, restore_images, skip_image
from annotation.store.store import Store

SECRET = "0123456789abcdef-secret"
READ = [Character(sign, 0.5) for sign in "cat"]
BOX = [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0], [10.0, 30.0]]
RECTANGLES = CONFIG.replace("PolygonLabels", "RectangleLabels")
CLASSES = (
    '<View><Image name="i" value="$image"/><Choices name="c" toName="i"><Choice value="a"/></Choices></View>'
)


class MemoryServer(Server):
    """A server that keeps everything in memory."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", SECRET)
        self.made: list[SimpleNamespace] = []
        self.rows: list[dict] = []
        self.files: dict[str, bytes] = {}
        self.fails_after: int | None = None  # uploads

    def find_project(self, name):
        return next((project for project in self.made if project.title == name), None)

    def project(self, project_id):
        return self.made[project_id - 1]

    def create_project(self, name, label_config=CONFIG):
        number = len(self.made) + 1
        self.made.append(
            SimpleNamespace(id=number, title=name, label_config=label_config, model_version=None)
        )
        return self.made[-1]

    def set_model_version(self, project_id, model_version):
        self.project(project_id).model_version = model_version

    def backend_titles(self, project_id):
        return {"a backend"}

    def tasks(self, project):
        return copy.deepcopy([row for row in self.rows if row["project"] == project.id])

    def add_task(self, project_id, task):
        row = copy.deepcopy(task) | {"id": len(self.rows) + 1, "project": project_id}
        annotations, row["annotations"] = row.get("annotations", []), []
        row.setdefault("predictions", [])
        self.rows.append(row)
        for annotation in annotations:
            self.add_annotation(row["id"], annotation)

    def update_data(self, task_id, data):
        self.rows[task_id - 1]["data"] = data

    def add_prediction(self, task_id, prediction):
        self.rows[task_id - 1]["predictions"].append(prediction)

    def add_annotation(self, task_id, annotation):
        blank = {"was_cancelled": False, "ground_truth": False, "lead_time": None, "updated_at": "2026-01-01"}
        made = blank | annotation | {"id": 10 * task_id + len(self.rows[task_id - 1]["annotations"])}
        self.rows[task_id - 1]["annotations"].append(copy.deepcopy(made))

    def update_annotation(self, annotation_id, annotation):
        for row in self.rows:
            for there in row["annotations"]:
                if there["id"] == annotation_id:
                    there |= copy.deepcopy(annotation) | {"lead_time": None}

    def upload(self, project_id, name, data):
        if self.fails_after is not None and len(self.files) >= self.fails_after:
            raise ServerError(f"{self.url} cannot be reached; is Label Studio running there?")
        self.files[f"/data/upload/{project_id}/{len(self.files):08x}-{name}"] = data
        return list(self.files)[-1]

    def download(self, address):
        if address not in self.files:
            return super().download(address)
        return self.files[address]

    def correct(self, task_id, **changes):
        """Edits a task's annotation as a person does in Label Studio."""
        annotation = self.rows[task_id - 1]["annotations"][0]
        annotation |= {"lead_time": 3.0, "created_username": " cid@example.org, 3"} | changes
        return annotation


@pytest.fixture
def server() -> MemoryServer:
    return MemoryServer()


def other_store(tmp_path):
    (tmp_path / "other").mkdir()
    return Store(f"sqlite:///{tmp_path}/other/b.db")


def shown(store, project="signs"):
    images = store.image_list(store.find_project(project))
    return [
        (i.name, i.sha256, i.state, store.regions(i.id), [p.regions for p in store.predictions(i.id)])
        for i in images
    ]


def test_push_and_pull_into_an_empty_database(store, full, server, tmp_path):
    steps = []
    report = push(store, "signs", server, lambda *step: steps.append(step))
    assert report.lines()[0] == "images: 3 added, 0 already there"
    assert (report.predictions_added, report.annotations_added) == (2, 1)
    assert steps[0] == (0, 3, "é 0.jpg")
    assert steps[-1][:2] == (3, 3)
    assert server.made[0].model_version == "nano-1"
    with other_store(tmp_path) as empty:
        pulled = pull(empty, "signs", server)
        assert (pulled.images_added, pulled.predictions_added) == (3, 2)
        assert shown(empty) == shown(store)


def test_push_and_pull_are_idempotent(store, full, server):
    push(store, "signs", server)
    rows, before = copy.deepcopy(server.rows), shown(store)
    for _ in range(2):
        report = push(store, "signs", server)
        assert (report.images_existing, report.images_added, report.predictions_added) == (3, 0, 0)
        assert pull(store, "signs", server).images_existing == 3
    assert server.rows == rows
    assert shown(store) == before
    store.save_regions(full[0], 2, [replace(store.regions(full[0])[0], text="CATS")], "bob")
    pulled = pull(store, "signs", server)
    assert (pulled.outdated, pulled.kept_as_drafts, store.drafts()) == (1, [], [])
    assert push(store, "signs", server).annotations_changed == 1
    assert len(server.rows[0]["annotations"]) == 1
    assert server.rows[0]["data"]["version"] == 3


def test_an_interrupted_push_is_continued(store, full, server):
    server.fails_after = 1
    with pytest.raises(ServerError, match=r"1 of 3 images are pushed") as caught:
        push(store, "signs", server)
    assert str(caught.value).count(".") <= 5
    server.fails_after = None
    assert push(store, "signs", server).images_added == 2
    assert len(server.rows) == 3


def test_corrections_are_pulled_with_their_author(store, full, server):
    push(store, "signs", server)
    drawn = [Region(BOX, "new", "drawn-there"), replace(store.regions(full[0])[0], text="Cat")]
    server.correct(1, result=to_results(drawn, 200, 100))
    report = pull(store, "signs", server)
    assert (report.regions_added, report.regions_changed, report.kept_as_drafts) == (1, 1, [])
    assert [region.text for region in store.regions(full[0])] == ["new", "Cat"]
    image = store.image(full[0])
    assert (image.state, image.changed_by) == ("done", "cid@example.org (Label Studio)")
    # A later edit here is pushed.
    store.save_regions(full[0], image.version, store.regions(full[0])[:1], "bob")
    report = push(store, "signs", server)
    assert (report.annotations_changed, report.changed_remotely) == (1, [])
    assert pull(store, "signs", server).outdated == 0
    assert store.image(full[0]).state == "in work"  # nobody has submitted it there since


def test_conflicting_edits_are_not_lost(store, full, server):
    push(store, "signs", server)
    server.correct(1, result=to_results([replace(store.regions(full[0])[0], text="theirs")], 200, 100))
    store.save_regions(full[0], 2, [replace(store.regions(full[0])[0], text="mine")], "bob")
    for _ in range(2):
        report = push(store, "signs", server)
        assert report.changed_remotely == ["é 0.jpg"]
        assert "pull" in report.lines()[-1]
        assert pull(store, "signs", server).kept_as_drafts == ["é 0.jpg"]
    assert [region.text for region in store.regions(full[0])] == ["mine"]
    (draft,) = store.drafts(full[0])
    assert (draft.regions[0].text, draft.who) == ("theirs", "cid@example.org (Label Studio)")
    version = store.apply_draft(draft.id, 3, "bob")
    store.save_regions(full[0], version, [replace(store.regions(full[0])[0], text="both")], "bob")
    assert push(store, "signs", server).changed_remotely == []
    assert pull(store, "signs", server).kept_as_drafts == []


def test_unreadable_annotations_are_not_overwritten(store, full, server):
    push(store, "signs", server)
    server.correct(1, result=[{"type": "brush"}])
    store.save_regions(full[0], 2, [], "bob")
    assert push(store, "signs", server).changed_remotely == ["é 0.jpg"]
    assert server.rows[0]["annotations"][0]["result"] == [{"type": "brush"}]


def test_an_annotation_without_regions_is_an_edit(store, full, server):
    push(store, "signs", server)
    server.correct(1, result=[])
    store.save_regions(full[0], 2, [replace(store.regions(full[0])[0], text="mine")], "bob")
    assert push(store, "signs", server).changed_remotely == ["é 0.jpg"]
    assert pull(store, "signs", server).kept_as_drafts == ["é 0.jpg"]
    assert [draft.regions for draft in store.drafts(full[0])] == [[]]


def test_several_and_cancelled_annotations(store, full, server):
    push(store, "signs", server)
    for changes in (
        {"was_cancelled": True, "result": []},
        {"updated_at": "2027", "result": [], "lead_time": 1},
    ):
        server.add_annotation(1, changes)
    server.rows[1]["drafts"] = [{"result": []}]
    report = pull(store, "signs", server)
    assert [note.split(": ")[0] for note in report.notes] == ["é 0.jpg", "é 0.jpg", "é 1.jpg"]
    assert store.regions(full[0]) == []


def test_a_task_that_was_created_on_the_server(store, server, picture):
    project = server.create_project("signs", RECTANGLES)
    address = server.upload(project.id, "photo.jpg", picture(orientation=6))
    value = {"x": 10, "y": 10, "width": 20, "height": 10, "rotation": 0}
    base = {"id": "a", "original_width": 100, "original_height": 200, "image_rotation": 0}
    result = [
        base | {"type": "rectanglelabels", "value": value | {"rectanglelabels": ["Text"]}},
        base | {"type": "textarea", "value": value | {"text": ["咖啡"]}},
    ]
    server.add_task(project.id, {"data": {"image": address}, "annotations": [{"result": result}]})
    for other in ("http://10.0.0.1/a.jpg", "file:///etc/passwd", "/api/users"):
        server.add_task(project.id, {"data": {"image": other}})
    server.add_task(project.id, {"data": {"text": "no image"}})
    report = pull(store, "signs", server)
    assert report.images_added == 1
    assert sum("left out" in note for note in report.notes) == 4
    (image,) = store.image_list(store.find_project("signs"))
    assert (image.name, image.width, image.height) == ("photo.jpg", 100, 200)
    assert [(r.text, r.polygon[2]) for r in store.regions(image.id)] == [("咖啡", [30, 40])]
    assert pull(store, "signs", server).images_added == 0


def test_incompatible_and_missing_projects_change_nothing(store, full, server):
    with pytest.raises(ServerError, match="no project 'signs'"):
        pull(store, "signs", server)
    server.create_project("signs", CLASSES)
    before = shown(store)
    for command in (push, pull):
        with pytest.raises(ServerError, match="labelling configuration"):
            command(store, "signs", server)
    assert (server.rows, shown(store)) == ([], before)
    store.ensure_project("empty")
    for name in ("empty", "nobody's"):
        with pytest.raises(AnnotationError):
            push(store, name, server)
    assert len(server.made) == 1


def test_an_invalid_annotation_changes_nothing_here(store, full, server):
    push(store, "signs", server)
    points = {"points": [[1, 1], [170, 1], [1, 2]], "polygonlabels": ["Text"]}
    server.correct(1, result=[{"id": "a", "type": "polygonlabels", "value": points}])
    before = shown(store)
    report = pull(store, "signs", server)
    (fault,) = report.faults
    assert "é 0" in fault
    assert "outside" in fault
    assert shown(store) == before


JSON, HTML = {"Content-Type": "application/json"}, {"Content-Type": "text/html"}
ANSWERS = {
    "token": (401, JSON, json.dumps({"detail": SECRET}).encode(), 0, "does not accept the token"),
    "forbidden": (403, JSON, b"{}", 0, "may not"),
    "another server": (200, HTML, b"<html>hello</html>", 0, "does not answer as Label Studio"),
    "another json": (200, JSON, b"[1]", 0, "does not answer as Label Studio"),
    "no such page": (404, HTML, b"gone", 0, "is it Label Studio"),
    "broken": (400, JSON, b"{}", 0, "error 400"),
    "slow": (200, JSON, b"{}", 3, "did not answer within 1 seconds"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_failure_gives_one_sentence(store, full, odd_server, caplog, name):
    caplog.set_level(logging.DEBUG)
    *odd_server.answers[""], sentence = ANSWERS[name]
    before = shown(store)
    for command in (push, pull):
        with pytest.raises(ServerError) as caught:
            command(store, "signs", Server(odd_server.url, SECRET, timeout=1))
        assert sentence in str(caught.value)
        assert SECRET not in f"{caught.value!r}{caught.value.__cause__!r}"
        assert "\n" not in str(caught.value)
    assert shown(store) == before
    assert SECRET not in caplog.text
    assert {authorization for _, authorization in odd_server.seen} == {f"Token {SECRET}"}


def test_the_token_is_not_in_the_database(store, full, server, tmp_path):
    push(store, "signs", server)
    pull(store, "signs", server)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def delete_task(server, number):
    """As a person does in Label Studio."""
    server.rows[number]["project"] = None


def test_a_photo_deleted_on_the_server_is_not_sent_again(store, full, server):
    assert push(store, "signs", server).deleted_remotely == []
    delete_task(server, 0)
    report = push(store, "signs", server)
    assert (report.images_added, report.images_existing, len(server.rows)) == (0, 2, 3)
    assert report.deleted_remotely == ["é 0.jpg"]
    assert "1 photo was deleted in Label Studio and is not sent: é 0.jpg. To send" in report.lines()[-1]
    assert store.image(full[0]).state == "in work"  # nothing is deleted here
    delete_task(server, 1)
    assert "2 photos were deleted in Label Studio and are" in push(store, "signs", server).lines()[-1]


def test_a_photo_deleted_on_the_server_is_sent_again_when_asked(store, full, server):
    push(store, "signs", server)
    delete_task(server, 2)
    assert push(store, "signs", server, resend=True).images_added == 1
    assert push(store, "signs", server).images_existing == 3
    delete_task(server, 3)
    assert push(store, "signs", server).deleted_remotely == ["é 2.jpg"]


def test_a_new_project_on_the_server_gets_everything(store, full, server):
    push(store, "signs", server)
    server.rows.clear()
    server.made[0].title = "old"
    assert push(store, "signs", server).images_added == 3


def test_a_pulled_photo_that_is_deleted_on_the_server_is_not_pushed(store, full, server, tmp_path):
    push(store, "signs", server)
    with other_store(tmp_path) as other:
        pull(other, "signs", server)
        delete_task(server, 0)
        assert push(other, "signs", server).deleted_remotely == ["é 0.jpg"]


def test_many_deleted_photos_are_not_all_named(store, full, server, monkeypatch):
    monkeypatch.setattr("annotation.label_studio.sync.MAX_NAMES", 1)
    push(store, "signs", server)
    server.rows.clear()
    assert "not sent: é 0.jpg and others. To" in push(store, "signs", server).lines()[-1]


def test_a_photo_in_the_bin_is_neither_pushed_nor_pulled(store, full, server):
    delete_images(store, full[:1], "ann")
    assert push(store, "signs", server).images_added == 2
    restore_images(store, full[:1], "ann")
    push(store, "signs", server)
    delete_images(store, full[:2], "ann")
    before = copy.deepcopy(server.rows)
    assert push(store, "signs", server).images_existing == 1
    assert server.rows == before
    report = pull(store, "signs", server)
    assert report.notes[-1].startswith("2 photos are in the bin of the project and left out")
    assert report.images_added == 0
    assert [image.id for image in store.image_list(store.find_project("signs"))] == full[2:]
    for row in server.rows:  # it has to be recognised by its content
        del row["data"]["sha256"]
    report = pull(store, "signs", server)
    assert report.images_added == 0
    assert sum("is in the bin of the project" in fault for fault in report.faults) == 2


def test_a_skipped_photo_is_not_pushed(store, full, server):
    skip_image(store, full[0], "blurred", "ann")
    report = push(store, "signs", server)
    assert (report.images_added, report.lines()[-1]) == (2, "skipped photos, which are not sent: 1")
    for image_id in full[1:]:
        skip_image(store, image_id, "blurred", "ann")
    with pytest.raises(AnnotationError, match="no images to push"):
        push(store, "signs", server)
