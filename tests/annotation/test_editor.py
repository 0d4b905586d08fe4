"""What the region editor's Python side lets in, and what it makes of it."""

from __future__ import annotations

import json
import math
import re

import gradio as gr
import numpy as np
import pytest

from annotation.editor import RegionEditor
from annotation.editor.editor import HERE, HTML, JS, EditorData
from annotation.region import ID, MAX_POINTS, MAX_REGIONS, MAX_TEXT, ORIGINS

SIZES = {"a": (400, 300)}
SQUARE = [[10, 10], [60, 10], [60, 30], [10, 30]]


@pytest.fixture
def editor():
    return RegionEditor(size_of=SIZES.get)


def region(**changes) -> dict:
    return {"id": "w0", "points": SQUARE, "text": "word"} | changes


def payload(*regions: dict, **changes) -> dict:
    return {
        "image_id": "a",
        "width": 400,
        "height": 300,
        "version": 2,
        "revision": 3,
        "regions": list(regions),
    } | changes


def take(editor: RegionEditor, value: dict) -> dict:
    """As gradio does: the JSON of the page through the data model, then to the handler."""
    return editor.preprocess(editor.data_model.model_validate(value, context={"validate_meta": True}))


def test_a_region_comes_through_whole(editor):
    whole = region(
        score=0.9,
        reading_score=0.8,
        characters=[{"text": "w", "score": 0.5}],
        illegible=True,
        difficult=True,
        locked=True,
        origin="person",
        suggestion={"text": "ward", "score": 0.4, "characters": [], "model": "nano"},
    )
    got = take(editor, payload(whole))
    assert got == {"image_id": "a", "version": 2, "revision": 3, "regions": [whole]}


@pytest.mark.parametrize(
    "bad", [math.nan, math.inf, -math.inf, "12", None, True, pytest.param(10**400, id="huge"), [1]]
)
def test_a_coordinate_is_a_finite_number(editor, bad):
    with pytest.raises(gr.Error, match=r"not taken: regions 1 points 2 1"):
        take(editor, payload(region(points=[[0, 0], [bad, 0], [5, 5]])))


@pytest.mark.parametrize(
    "changes",
    [
        {"points": SQUARE[:2]},
        {"points": [[i, i] for i in range(MAX_POINTS + 1)]},
        {"points": [[1, 2, 3], *SQUARE]},
        {"text": "x" * (MAX_TEXT + 1)},
        {"text": "\ud800"},
        {"text": None},
        {"score": 1.5},
        {"score": math.nan},
        {"reading_score": -0.1},
        {"characters": [{"text": "x" * 17, "score": 0.5}]},
        {"characters": [{"text": "x", "score": math.nan}]},
        {"characters": [{"text": "x", "score": 0.5}] * (MAX_TEXT + 1)},
        {"suggestion": {"text": "x" * (MAX_TEXT + 1), "score": 1}},
        {"suggestion": {"text": "x", "score": math.inf}},
        {"suggestion": {"text": "x", "html": "<b>"}},
        {"id": ""},
        {"id": "x" * 65},
        {"id": "<img src=x>"},
        {"id": "w0\n"},
        {"origin": "elsewhere"},
        {"colour": "red"},
    ],
)
def test_a_bad_region_is_refused_in_one_sentence(editor, changes):
    with pytest.raises(gr.Error) as refusal:
        take(editor, payload(region(**changes)))
    sentence = refusal.value.message
    assert re.fullmatch(r"The regions were not taken: [^\n]+\.", sentence)
    assert len(sentence) < 300


@pytest.mark.parametrize(
    "changes",
    [
        {"revision": -1},
        {"revision": 2**53},
        {"revision": 1.5},
        {"width": 0},
        {"image_id": "x" * 201},
        {"whatever": 1},
        {"regions": [region(id=f"w{i}") for i in range(MAX_REGIONS + 1)]},
        {"regions": [region(), region()]},
        {"regions": None},
    ],
)
def test_a_bad_document_is_refused(editor, changes):
    with pytest.raises(gr.Error, match="not taken"):
        take(editor, payload(**changes))


def test_the_most_that_is_allowed_is_taken(editor):
    points = [[i % 400, i // 2] for i in range(MAX_POINTS)]
    many = [region(id=f"w{i}", points=points if i == 0 else SQUARE, text="") for i in range(MAX_REGIONS)]
    many[1]["text"] = "x" * MAX_TEXT
    got = take(editor, payload(*many))["regions"]
    assert len(got) == MAX_REGIONS
    assert len(got[0]["points"]) == MAX_POINTS


def test_points_are_clamped_to_the_image_python_knows(editor):
    """Not to the size the browser speaks of."""
    wild = [[-1e300, -0.04], [1e300, 10.04], [400.06, 300.06], [12.345, 299.96]]
    got = take(editor, payload(region(points=wild), width=99_999, height=99_999))
    assert got["regions"][0]["points"] == [[0, 0], [400, 10.0], [400, 300], [12.3, 300.0]]


def test_an_unknown_image_is_refused(editor):
    with pytest.raises(gr.Error, match="photo is not known"):
        take(editor, payload(region(), image_id="b"))


def test_the_photo_never_comes_from_the_page(editor):
    assert "photo" not in take(
        editor, payload(region(), photo={"path": "photo.jpg", "meta": {"_type": "gradio.FileData"}})
    )
    with pytest.raises(gr.Error, match="not taken"):
        take(editor, payload(photo={"path": "/etc/passwd", "meta": {"_type": "gradio.FileDat"}}))


def test_control_characters_become_spaces(editor):
    assert take(editor, payload(region(text="a\x00b\nc\x7f")))["regions"][0]["text"] == "a b c "


def test_nothing_is_nothing(editor):
    assert editor.preprocess(None) is None
    assert take(editor, EditorData().model_dump()) is None
    assert editor.postprocess(None).model_dump() == EditorData().model_dump()


def test_a_photo_as_an_array_becomes_a_file(editor):
    value = payload(region(points=[[-5, 1], [500, 1.26], [500, 400]])) | {
        "photo": np.zeros((300, 400, 3), np.uint8)
    }
    data = editor.postprocess(value)
    assert data.photo.path.endswith(".jpeg")
    assert data.regions[0].points == [[0, 1], [400, 1.3], [400, 300]]


def test_updates_carry_the_state_and_the_suggestions(editor):
    value = {"image_id": "a", "revision": 7}
    both = RegionEditor.state("saved", value, version=3) | RegionEditor.suggest(
        "a", [{"id": "w0", "text": "x", "score": 0.5}]
    )
    assert both["__type__"] == "update"
    assert both["pill"] == {"state": "saved", "message": "", "image_id": "a", "revision": 7, "version": 3}
    assert [item["text"] for item in both["proposed"]["items"]] == ["x"]
    assert "value" not in both
    with pytest.raises(ValueError, match=r"finite|less than"):
        RegionEditor.suggest("a", [{"id": "w0", "text": "x", "score": math.nan}])


def test_the_templates_are_static():
    """No mark of Handlebars or of a template string: what is read is never part of a template."""
    for text in (HTML, (HERE / "editor.css").read_text(encoding="utf-8")):
        assert not re.search(r"\{\{|\$\{|`|\\", text)
    assert "innerHTML" not in JS
    assert "insertAdjacentHTML" not in JS


def test_both_sides_have_the_same_limits():
    limits = f"{{ regions: {MAX_REGIONS}, corners: {MAX_POINTS}, text: {MAX_TEXT} }}"
    assert f"const LIMITS = {limits};" in JS
    assert f'maxlength="{MAX_TEXT}"' in HTML
    schema = json.dumps(EditorData.model_json_schema())
    assert all(origin in schema for origin in ORIGINS)
    assert ID.pattern in schema
