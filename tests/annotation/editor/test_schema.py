"""Validation of what a page sends to the region editor."""

from __future__ import annotations

import json
import math
import re

import gradio as gr
import pytest

from annotation.editor.schema import EditorData
from annotation.region import MAX_POINTS, MAX_REGIONS, MAX_TEXT

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


def parse(value: dict) -> EditorData:
    """As gradio does with the JSON of the page."""
    return EditorData.model_validate(value, context={"validate_meta": True})


def test_a_valid_region_is_unchanged():
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
    assert parse(payload(whole)).regions[0].model_dump() == whole


@pytest.mark.parametrize(
    "bad", [math.nan, math.inf, -math.inf, "12", None, True, pytest.param(10**400, id="huge"), [1]]
)
def test_coordinates_that_are_not_finite_numbers_are_rejected(bad):
    with pytest.raises(gr.Error, match=r"was not saved: regions 1 points 2 1 "):
        parse(payload(region(points=[[0, 0], [bad, 0], [5, 5]])))


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
def test_an_invalid_region_is_rejected_in_one_sentence(changes):
    with pytest.raises(gr.Error) as refusal:
        parse(payload(region(**changes)))
    sentence = refusal.value.message
    assert re.fullmatch(r"The edit is invalid and was not saved: [^\n]+\.", sentence)
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
def test_an_invalid_document_is_rejected(changes):
    with pytest.raises(gr.Error, match="is invalid"):
        parse(payload(**changes))


def test_regions_travel_as_one_string():
    data = parse(payload() | {"regions": json.dumps([region()])})
    assert [(r.id, r.points) for r in data.regions] == [("w0", SQUARE)]
    sent = data.model_dump()["regions"]
    assert isinstance(sent, str)
    assert parse(payload() | {"regions": sent}) == data
    assert EditorData().model_dump()["regions"] == "[]"


@pytest.mark.parametrize("text", ["", "[", "{}", "1", "[NaN]", "[" * 100_000, '[{"id": "a"}]', "[1] x"])
def test_a_string_without_regions_is_rejected(text):
    with pytest.raises(gr.Error, match=r"was not saved: regions [^\n]{1,200}\."):
        parse(payload() | {"regions": text})


def test_the_maximum_size_is_accepted():
    points = [[i % 400, i // 2] for i in range(MAX_POINTS)]
    many = [region(id=f"w{i}", points=points if i == 0 else SQUARE, text="") for i in range(MAX_REGIONS)]
    many[1]["text"] = "x" * MAX_TEXT
    got = parse(payload(*many)).regions
    assert len(got) == MAX_REGIONS
    assert len(got[0].points) == MAX_POINTS


def test_control_characters_become_spaces():
    assert parse(payload(region(text="a\x00b\nc\x7f"))).regions[0].text == "a b c "


def test_points_are_clamped_and_rounded():
    outside = parse(payload(region(points=[[-1e300, -0.04], [1e300, 10.04], [12.345, 299.96]]))).regions[0]
    assert outside.clamped(400, 300).points == [[0, 0], [400, 10.0], [12.3, 300.0]]
