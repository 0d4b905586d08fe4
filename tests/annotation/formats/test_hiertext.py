"""HierText's JSON."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FormatError, import_from

BOX = [[10, 10], [40, 10], [40, 20], [10, 20]]
LOW = [[10, 40], [40, 40], [40, 50], [10, 50]]


def write(folder, picture, *paragraphs, name="train.jsonl", **values):
    (folder / "0a1b.jpg").write_bytes(picture())
    item = {"image_id": "0a1b", "image_width": 200, "image_height": 100, "paragraphs": list(paragraphs)}
    content = {"info": {"date": "release"}, "annotations": [item | values]}
    (folder / name).write_text(json.dumps(content))
    return folder / name


def line(*words):
    return {"vertices": BOX, "text": "the line", "legible": True, "words": list(words)}


def word(text="word", vertices=BOX, legible=True):
    return {"vertices": vertices, "text": text, "legible": legible, "handwritten": False, "vertical": False}


def regions(store):
    (image,) = store.image_list(store.find_project("p"))
    return image.name, image.state, store.regions(image.id)


def test_no_paragraphs(store, picture, tmp_path):
    report = import_from(store, "p", write(tmp_path, picture))
    assert (report.images_added, report.notes, regions(store)) == (1, [], ("0a1b.jpg", "done", []))


@pytest.mark.parametrize("name", ["train.jsonl", "validation.json"])
def test_the_words_are_imported(store, picture, tmp_path, name):
    paragraph = {"vertices": BOX, "legible": True, "lines": [line(word(), word("x", LOW, legible=False))]}
    write(tmp_path, picture, paragraph, name=name)
    assert import_from(store, "p", tmp_path).notes == []
    image, state, found = regions(store)
    assert (image, state) == ("0a1b.jpg", "done")
    assert [(r.text, r.illegible, r.locked, r.polygon) for r in found] == [
        ("word", False, True, BOX),
        ("", True, True, LOW),
    ]


def test_illegible_paragraphs_and_lines_without_words(store, picture, tmp_path):
    blurred = {"vertices": LOW, "legible": False, "lines": []}
    write(tmp_path, picture, blurred, {"vertices": BOX, "legible": True, "lines": [line()]})
    import_from(store, "p", tmp_path)
    assert [(r.text, r.illegible) for r in regions(store)[2]] == [("", True), ("the line", False)]


def test_an_invalid_word_leaves_the_others(store, picture, tmp_path):
    bad = [word(vertices=[[1, 1], [2, 2]]), word(vertices="x"), word(text=7)]
    path = write(tmp_path, picture, {"vertices": BOX, "lines": [line(word(), *bad)]})
    report = import_from(store, "p", path)
    assert [r.text for r in regions(store)[2]] == ["word"]
    assert [fault.split(":")[0] for fault in report.faults] == [
        f"train.jsonl (0a1b.jpg), word {i}" for i in (2, 3, 4)
    ]


@pytest.mark.parametrize(
    "values", [{"paragraphs": 7}, {"paragraphs": ["a"]}, {"paragraphs": [{"lines": {}}]}, {"image_id": 1}]
)
def test_invalid_images_are_refused(store, picture, tmp_path, values):
    values = {"paragraphs": [{"lines": [7]}]} if values == {"paragraphs": [{"lines": {}}]} else values
    with pytest.raises(FormatError, match=r"train\.jsonl"):
        import_from(store, "p", write(tmp_path, picture, **values))
