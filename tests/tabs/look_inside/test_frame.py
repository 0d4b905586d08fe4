"""Every view draws, says when there is nothing to draw, and keeps or resets what the user has set."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr
import pytest

from spotter.explain.polygon_text import words_read
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.frame import Frame, no_trace, no_words
from spotter.tabs.look_inside.view import Values, first_value
from spotter.tabs.look_inside.views.stages import StagesView
from spotter.tracing.trace_cache import trace_id

AFTER_RUN = ("two-stage-crop", "two-stage-curve", "two-stage-heat")  # need CRAFT and the CRNN
COMPARED = ("conversion-pair", "two-level-pair")  # need second weights
OPTIONAL = (*AFTER_RUN, *COMPARED)  # pictures that are not always there


def page_values(frame: Frame, trace, word: int | None = 0, truth: str | None = None) -> Values:
    """What the page sends first: the inputs have the values they were created with."""
    shared = frame.shared
    if truth is None:
        truth = words_read(trace, 0) if trace else ""
    values = {component: first_value(component) for component in frame.inputs}
    return values | {shared.trace: trace, shared.word: word, shared.truth: truth, shared.picked: None}


def test_a_view_fills_every_output(frame, trace):
    for word in (0, len(trace.words) - 1):
        shown = frame.show(page_values(frame, trace, word))
        assert shown[frame.body]["visible"] is True
        for component in frame.view.outputs:
            value = shown[component]
            assert value is not None or component.elem_id in OPTIONAL, component
            component.postprocess(value)  # what the page gets


def test_pictures_have_alternative_text(frame, trace):
    shown = frame.show(page_values(frame, trace))
    figures = [component for component in frame.view.outputs if isinstance(component, Figure)]
    assert figures
    for figure in figures:
        assert figure.elem_id in OPTIONAL or len(shown[figure][1]) > 10


def test_all_updates_are_declared_as_outputs(frame, trace):
    for shown in (frame.show(page_values(frame, trace)), frame.show(page_values(frame, None))):
        assert set(shown) <= set(frame.outputs)


def test_an_event_sent_before_the_first_drawing_changes_nothing_after_it(frame, trace):
    """The event that follows the loading of a photo, when its visitor is at the next view already."""
    values = page_values(frame, trace)
    drawn = frame.show(values)[frame.drawn_for]
    assert set(frame.show(values | {frame.drawn_for: drawn})) == {frame.drawn_for}
    assert frame.body in frame.show(values | {frame.drawn_for: drawn}, reset=True)
    assert frame.body in frame.show(values | {frame.drawn_for: "another"})


def test_without_a_trace_a_message_is_shown(frame):
    shown = frame.show(page_values(frame, None, None))
    assert shown[frame.message]["value"] == no_trace()
    assert shown[frame.body]["visible"] is False


def test_without_words_a_message_or_a_drawing_is_shown(frame, empty_trace):
    shown = frame.show(page_values(frame, empty_trace, None, ""))
    if frame.view.needs_word:
        assert shown[frame.message]["value"] == no_words()
        assert shown[frame.body]["visible"] is False
    else:
        assert all(shown[component] is not None for component in frame.view.outputs)


def test_inputs_keep_their_values_until_the_word_changes_or_the_reset(frame, trace):
    values = page_values(frame, trace)
    values[frame.prepared_for] = frame.show(values)[frame.prepared_for]
    inputs = set(frame.view.inputs)
    assert not inputs & set(frame.show(values))
    assert inputs <= set(frame.show(values, reset=True))
    prepared = set(frame.view.prepare(frame.view_input(values)))
    assert inputs & set(frame.show(values | {frame.shared.word: 1})) == prepared


def test_values_sent_before_the_inputs_were_prepared_are_not_used(frame, trace):
    """When the tab opens, two events run: the second one's values left before the first one's answer."""
    early = page_values(frame, trace, 1)  # the page knew nothing of the inputs then
    assert early[frame.prepared_for] == ""
    assert isinstance(frame.prepared_for, gr.Textbox)  # a state would be looked up when the second one runs
    first, second = frame.show(early), frame.show(early)
    updates = [{c: shown[c] for c in frame.view.inputs if c in shown} for shown in (first, second)]
    assert updates[0] == updates[1]
    assert set(updates[0]) == set(frame.view.prepare(frame.view_input(early)))


def test_a_picked_proposal_is_followed_until_the_word_changes_or_the_reset(frames, trace):
    frame = frames[StagesView]
    own, other = int(trace.proposal_index[0]), int(trace.proposal_index[1])

    def shown(trace, word: int, reset: bool = False) -> int:
        values = page_values(frame, trace, word) | {frame.shared.picked: picked}
        return frame.show(values, reset=reset)[frame.view.proposal]["value"]

    picked = (trace_id(trace), 0, other)
    assert shown(trace, 0) == other
    assert shown(trace, 1) == int(trace.proposal_index[1])
    assert shown(trace, 0, reset=True) == own
    assert shown(replace(trace), 0) == own  # another photo


def test_hostile_texts_stay_texts(frame, trace):
    hostile = "<img src=x onerror=hit>$x$|**"
    words = [replace(word, text=hostile[: len(word.text)] or "<") for word in trace.words]
    shown = frame.show(page_values(frame, replace(trace, words=words)))
    texts = [shown[component] for component in frame.view.outputs if isinstance(component, gr.Markdown)]
    assert not any("<img" in text for text in texts)


@pytest.mark.parametrize("point", [[0.0, 0.0], [1e6, 1e6], [-5.0, 40.0]])
def test_a_click_anywhere_gives_a_value(frame, trace, point):
    values = page_values(frame, trace)
    view_input = frame.view_input(values)
    _, values = frame.view.starting_values(view_input, values, reset=False)
    assert all(click.value_at(view_input, values, point) is not None for click in frame.view.clicks)
