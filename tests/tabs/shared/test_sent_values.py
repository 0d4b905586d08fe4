"""Values that no page sends."""

from __future__ import annotations

import gradio as gr
import pytest

from spotter.tabs.shared.sent_values import LARGEST, SentValueError, check_selected, checked

NUMBER, SLIDER = gr.Number(), gr.Slider(0, 9, 1)
CHOICE, FREE = gr.Dropdown(["a", ("b", 1)]), gr.Dropdown(["a"], allow_custom_value=True)
GALLERY = gr.Gallery([("assets/samples/cat.jpg", "cat")])


@pytest.mark.parametrize(
    ("component", "value"),
    [
        (NUMBER, 1.5),
        (NUMBER, None),
        (SLIDER, 3),
        (gr.Checkbox(), False),
        (gr.Radio(["a"]), None),
        (gr.Radio(["a"], value="a"), "a"),
        (CHOICE, 1),
        (CHOICE, None),
        (FREE, "new"),
        (gr.Dropdown(["a"], multiselect=True), ["a"]),
        (gr.Textbox(), "text"),
        (gr.JSON(), {"any": []}),
    ],
)
def test_what_a_page_sends_stays(component, value):
    assert checked(component, value) == value


def test_no_text_is_an_empty_one():
    assert checked(gr.Textbox(), None) == ""


@pytest.mark.parametrize(
    ("component", "value"),
    [
        *((NUMBER, value) for value in (float("nan"), float("inf"), [1], "1", True, LARGEST + 1, 2**70)),
        (SLIDER, None),
        (SLIDER, {}),
        (gr.Checkbox(), "yes"),
        (gr.Checkbox(), None),
        (gr.Radio(["a"], value="a"), None),
        *((CHOICE, value) for value in ([1], {}, True, float("nan"))),
        *((FREE, value) for value in (1, {}, ["a"])),
    ],
)
def test_what_no_page_sends_is_refused(component, value):
    with pytest.raises(SentValueError):
        checked(component, value)


def test_a_picture_is_selected_by_its_number():
    check_selected(GALLERY, {"index": 0, "value": None})
    for sent in (
        None,
        0,
        {},
        {"index": 0},
        *({"index": i, "value": 0} for i in (-1, 1, True, "0", [0], None)),
    ):
        with pytest.raises(SentValueError):
            check_selected(GALLERY, sent)
    for target in (None, NUMBER):
        with pytest.raises(SentValueError):
            check_selected(target, {"index": 0, "value": None})
