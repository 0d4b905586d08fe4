"""Settings of a view in the address."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
import pytest

from spotter.tabs.look_inside.frame import Frame
from spotter.tabs.look_inside.settings import MAX_LENGTH, accepted, script, settings_of
from spotter.tabs.look_inside.view import first_value
from spotter.tabs.look_inside.views.stages import StagesView
from spotter.tabs.look_inside.widgets import Slider


def query(view: str = "stages", **settings: Any) -> dict[str, str]:
    return {"view": view, "set": json.dumps(settings)}


def show(frame: Frame, trace, parameters: dict[str, str], prepared_for: str = "") -> dict:
    values = {component: first_value(component) for component in frame.inputs}
    shared = frame.shared
    values |= {shared.trace: trace, shared.word: 0, shared.truth: "", shared.picked: None}
    values[frame.prepared_for] = prepared_for
    return frame.show(values, query=parameters)


def test_a_view_starts_with_the_settings_of_the_address(frames, trace):
    frame = frames[StagesView]
    shown = show(frame, trace, query(stage=1, proposal=3, layers=["path"]))
    assert shown[frame.view.stage]["value"] == 1
    assert shown[frame.view.layers]["value"] == ["path"]
    assert "after stage 1 of" in shown[frame.view.picture][1]
    assert "proposal 3 is marked" in shown[frame.view.picture][1]


def test_settings_of_another_view_or_after_the_first_picture_change_nothing(frames, trace):
    frame = frames[StagesView]
    usual = show(frame, trace, {})[frame.view.picture][1]
    assert show(frame, trace, query("hmean", stage=1))[frame.view.picture][1] == usual
    assert show(frame, trace, query(stage=1), "another word")[frame.view.picture][1] == usual


@pytest.mark.parametrize("text", ["", "[]", "{", "1", "null", '"x"', "[" * 3000, "{" + "x" * MAX_LENGTH])
def test_what_is_no_settings_is_left_out(text):
    assert settings_of({"view": "stages", "set": text}, "stages") == {}


def test_every_view_takes_hostile_settings(frame, trace):
    for value in ("<img src=x onerror=hit>", -1e9, 1e9, [1], {"a": 1}, None, True, "x" * 3000):
        hostile = dict.fromkeys(frame.view.named_inputs(), value)
        show(frame, trace, query(frame.view.name, **hostile))


@pytest.mark.parametrize(
    ("component", "value", "expected"),
    [
        (Slider(1, 6), 3, 3),
        (Slider(1, 6), 99, 6),
        (Slider(1, 6), "3", None),
        (Slider(1, 6), float("nan"), None),
        (Slider(1, 6), True, None),
        (gr.Radio(["a", ("name", 2)]), 2, 2),
        (gr.Radio(["a"]), "b", None),
        (gr.Radio(["a"]), ["a"], None),
        (gr.CheckboxGroup(["a", "b"]), ["b", "b"], ["b"]),
        (gr.CheckboxGroup(["a", "b"]), ["c"], None),
        (gr.Checkbox(), True, True),
        (gr.Checkbox(), 1, None),
        (gr.Dropdown(["a"], allow_custom_value=True), "3, 4", "3, 4"),
        (gr.Dropdown(["a"]), "3, 4", None),
        (gr.Textbox(), "x" * (MAX_LENGTH + 1), None),
        (gr.JSON(), [1, 2], None),
    ],
)
def test_a_component_takes_what_its_user_could_choose(component, value, expected):
    assert accepted(component, value, {}) == expected


def test_a_slider_takes_as_much_as_the_photo_has():
    assert accepted(Slider(0, 99), 500, {"maximum": 599}) == 500


def test_the_script_names_the_inputs(frames):
    text = script("stages", frames[StagesView].view.named_inputs())
    assert '["stage", "layers", "proposal", "count"]' in text
    assert '!== "stages"' in text
