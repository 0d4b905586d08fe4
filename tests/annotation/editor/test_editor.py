"""The region editor's values in Python."""

from __future__ import annotations

import json
import math
import re

import gradio as gr
import numpy as np
import pytest

from annotation.editor import RegionEditor
from annotation.editor.editor import HTML, JS
from annotation.editor.schema import EditorData
from annotation.region import ID, MAX_POINTS, MAX_REGIONS, MAX_TEXT, ORIGINS
from spotter.language import LANGUAGES, speaking

SIZES = {"a": (400, 300)}
SQUARE = [[10, 10], [60, 10], [60, 30], [10, 30]]


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


@pytest.fixture
def editor() -> RegionEditor:
    return RegionEditor(size_of=SIZES.get)


def receive(editor: RegionEditor, value: dict) -> dict:
    """As gradio does: the JSON of the page through the data model, then to the handler."""
    return editor.preprocess(editor.data_model.model_validate(value, context={"validate_meta": True}))


def test_the_handler_gets_version_revision_and_regions(editor):
    got = receive(editor, payload(region()))
    assert (got["image_id"], got["version"], got["revision"]) == ("a", 2, 3)
    assert [(item["id"], item["points"], item["text"]) for item in got["regions"]] == [("w0", SQUARE, "word")]


def test_points_are_clamped_to_the_size_from_the_store(editor):
    """Not to the size that the browser sends."""
    wild = [[-1e300, -0.04], [1e300, 10.04], [400.06, 300.06], [12.345, 299.96]]
    got = receive(editor, payload(region(points=wild), width=99_999, height=99_999))
    assert got["regions"][0]["points"] == [[0, 0], [400, 10.0], [400, 300], [12.3, 300.0]]


def test_an_unknown_image_is_rejected(editor):
    with pytest.raises(gr.Error, match="photo is unknown"):
        receive(editor, payload(region(), image_id="b"))


def test_the_photo_never_comes_from_the_page(editor):
    assert "photo" not in receive(
        editor, payload(region(), photo={"path": "photo.jpg", "meta": {"_type": "gradio.FileData"}})
    )
    with pytest.raises(gr.Error, match="is invalid"):
        receive(editor, payload(photo={"path": "/etc/passwd", "meta": {"_type": "gradio.FileDat"}}))


def test_empty_values(editor):
    assert editor.preprocess(None) is None
    assert receive(editor, EditorData().model_dump()) is None
    assert editor.postprocess(None).model_dump() == EditorData().model_dump()


def test_a_photo_as_an_array_becomes_a_file(editor):
    value = payload(region(points=[[-5, 1], [500, 1.26], [500, 400]])) | {
        "photo": np.zeros((300, 400, 3), np.uint8)
    }
    data = editor.postprocess(value)
    assert data.photo.path.endswith(".jpeg")
    assert data.regions[0].points == [[0, 1], [400, 1.3], [400, 300]]


def test_updates_for_the_pill_and_for_suggestions_can_be_combined(editor):
    value = {"image_id": "a", "revision": 7}
    both = RegionEditor.state("saved", value, version=3) | RegionEditor.suggest(
        "a", [{"id": "w0", "text": "x", "score": 0.5}]
    )
    assert both["__type__"] == "update"
    assert both["pill"] == {
        "state": "saved",
        "message": "",
        "image_id": "a",
        "revision": 7,
        "version": 3,
        "unread": False,
    }
    assert [item["text"] for item in both["proposed"]["items"]] == ["x"]
    assert "value" not in both
    with pytest.raises(ValueError, match=r"finite|less than"):
        RegionEditor.suggest("a", [{"id": "w0", "text": "x", "score": math.nan}])


def test_the_templates_contain_no_placeholders():
    """No mark of Handlebars or of a template string: what is read is never part of a template."""
    for language in LANGUAGES:
        with speaking(language):
            editor = RegionEditor(size_of=lambda _: None)
            for text in (editor.html_template, editor.css_template):
                assert not re.search(r"\{\{|\}\}|\$\{|`|\\", text)
    assert "innerHTML" not in JS
    assert "insertAdjacentHTML" not in JS


def test_python_and_javascript_have_the_same_limits():
    limits = f"{{ regions: {MAX_REGIONS}, corners: {MAX_POINTS}, text: {MAX_TEXT} }}"
    assert f"const LIMITS = {limits};" in JS
    assert f'maxlength="{MAX_TEXT}"' in HTML
    schema = json.dumps(EditorData.model_json_schema())
    assert all(origin in schema for origin in ORIGINS)
    assert ID.pattern in schema


def test_an_update_is_cheap(editor):
    """gradio makes the component anew with each: no schema is made, and the script is not searched."""
    assert editor.api_info() is RegionEditor(size_of=SIZES.get).api_info()
    assert '"polygon"' in JS
    assert not hasattr(editor, "polygon")
