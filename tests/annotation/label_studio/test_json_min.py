"""Records of JSON-MIN as Label Studio writes them, made into tasks."""

from __future__ import annotations

import pytest

from annotation.label_studio.json_min import is_record, to_tasks
from annotation.label_studio.tasks import from_results

SIZE = {"original_width": 200, "original_height": 100}
BOX = {"x": 10, "y": 10, "width": 20, "height": 10, "rotation": 0}
LOW = BOX | {"y": 50}
POLYGON = {"points": [[10, 80], [30, 80], [30, 90]], "closed": True}


def record(**values) -> dict:
    about = {"annotator": 1, "annotation_id": 5, "created_at": "2026-01-01", "lead_time": 3.2}
    return {"id": 7, "image": "/data/upload/1/1a2b3c4d-a.jpg"} | values | about


def texts(value: dict) -> list[str]:
    """The texts of the regions of a record, which is all there is to say about it."""
    ((task, notes),) = to_tasks([value])
    assert notes == []
    found = from_results(task["annotations"][0]["result"], 200, 100, "import")
    assert (found.notes, found.faults) == ([], [])
    return [region.text for region in found.regions]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (record(), True),
        ({"id": 1, "ocr": "a.jpg", "bbox": [BOX]}, True),
        ({"id": 1, "image": "a.jpg"}, False),
        ({"id": 1, "image": "a.jpg", "captions": ["a", "b"]}, False),
        ({"image": "a.jpg", "bbox": [BOX]}, False),
        (record(image=3), False),
        (record(data={"image": "a.jpg"}), False),
        ([], False),
    ],
)
def test_what_is_a_record(value, expected):
    assert is_record(value) is expected


def test_nothing():
    assert to_tasks([]) == []


def test_one_text():
    value = record(label=[BOX | SIZE | {"rectanglelabels": ["Text"]}], transcription="NOVA")
    assert texts(value) == ["NOVA"]


def test_texts_are_assigned_in_order():
    shapes = [
        shape | SIZE | {"polygonlabels": ["Text"]}
        for shape in (POLYGON, {"points": [[1, 1], [9, 1], [9, 9]]})
    ]
    assert texts(record(label=shapes, transcription=["one", "two"])) == ["one", "two"]
    assert texts(record(label=shapes[::-1], transcription=["two", "one"])) == ["two", "one"]


def test_the_template_for_ocr_with_a_label_per_shape():
    value = record(bbox=[BOX, LOW], label=[BOX | {"labels": ["Text"]}, LOW | {"labels": ["Text"]}])
    assert texts(value | {"transcription": ["one", "two"]}) == ["one", "two"]


def test_a_text_of_several_lines_keeps_them():
    lines = LOW | {"text": ["b", "c"]}
    ((task, _),) = to_tasks([record(bbox=[BOX, LOW], transcription=["a", lines])])
    found = from_results(task["annotations"][0]["result"], 200, 100, "import")
    assert [region.text for region in found.regions] == ["a", "b c"]


def test_another_name_of_the_text_is_found_if_there_is_one():
    assert texts(record(bbox=[BOX, LOW], words=["a", "b"])) == ["a", "b"]
    assert texts(record(bbox=[BOX, LOW], words=["a", "b"], remarks=["c", "d"])) == ["", ""]


@pytest.mark.parametrize(
    "value",
    [
        record(bbox=[BOX, LOW], transcription="NOVA"),
        record(bbox=[BOX], transcription=["NOVA", "BAR"]),
        record(bbox=[BOX], poly=[POLYGON], transcription=["NOVA", "BAR"]),
        record(transcription="NOVA"),
    ],
)
def test_texts_that_fit_no_region_for_sure_are_named(value):
    ((task, (note,)),) = to_tasks([value])
    assert "'NOVA'" in note
    assert not any(result["type"] == "textarea" for result in task["annotations"][0]["result"])


def test_shapes_that_are_not_read_keep_the_order_of_the_texts():
    ellipse = {"x": 5, "y": 5, "radiusX": 2, "radiusY": 3, "ellipselabels": ["Text"]}
    boxes = [BOX | {"rectanglelabels": ["Text"]}, ellipse, LOW | {"rectanglelabels": ["Text"]}]
    ((task, _),) = to_tasks([record(label=boxes, transcription=["a", "b", "c"])])
    found = from_results(task["annotations"][0]["result"], 200, 100, "import")
    assert [region.text for region in found.regions] == ["a", "c"]
    assert "'ellipselabels', 'textarea', text 'b'" in found.notes[0]


def test_flags_are_named():
    ((_, (note,)),) = to_tasks([record(bbox=[BOX], transcription="a", flags="illegible")])
    assert note == "Its flags were left out, as their regions are unknown: illegible."


def test_annotations_of_one_task_belong_together():
    first, second = record(bbox=[BOX], transcription="a"), record(bbox=[BOX], transcription="b")
    second |= {"annotator": "ann@example.org", "updated_at": "2026-02-02"}
    ((task, _),) = to_tasks([first, second])
    assert [a["completed_by"] for a in task["annotations"]] == [1, {"email": "ann@example.org"}]
    assert [a["updated_at"] for a in task["annotations"]] == [None, "2026-02-02"]


def test_a_task_without_annotation():
    value = {"id": 7, "image": "a.jpg", "annotator": "", "annotation_id": None}
    assert to_tasks([value]) == [({"id": 7, "data": {"image": "a.jpg"}, "annotations": []}, [])]


def test_a_state_and_a_version_of_ours_do_not_count():
    ((task, _),) = to_tasks([record(name="é.jpg", sha256="ab", state="done", version=3, added="2026")])
    assert task["data"] == {"image": "/data/upload/1/1a2b3c4d-a.jpg", "name": "é.jpg", "sha256": "ab"}
