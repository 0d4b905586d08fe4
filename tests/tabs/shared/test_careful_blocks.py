"""Events with values that no page sends, and events that fail."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest
from gradio.events import EventData

from spotter.tabs.shared.careful_blocks import CarefulBlocks, unusable
from tests.coroutines import run


@pytest.fixture
def call():
    """Sends values to an event of a page: the answer, or the error."""

    def send(function, component, values: list[Any], selected: Any = None) -> Any:
        with CarefulBlocks() as demo:
            component.render()
            gallery = gr.Gallery([("assets/samples/cat.jpg", "cat")])
            gallery.select(function, component, component)
        (found,) = demo.fns.values()
        event = EventData(gallery, selected)

        async def answer() -> Any:
            try:
                return (await demo.process_api(found, values, event_data=event))["data"][0]
            except gr.Error as error:
                return error

        return run(answer())

    return send


def test_a_good_value(call):
    assert call(lambda value: value + 1, gr.Number(render=False), [1]) == 2


@pytest.mark.parametrize(
    "values", [[[1]], [], [1, 2, 3], [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]]
)
def test_an_odd_value_is_refused_with_a_sentence(call, values):
    error = call(lambda value: value, gr.Number(render=False), values)
    if len(values) == 3:
        assert error == 1  # what is too much is ignored
    else:
        assert (error.message, error.print_exception) == (unusable(), False)


def test_the_sentence_of_a_component_stays(call):
    error = call(lambda value: value, gr.Radio(["a"], render=False), ["b"])
    assert "not in the list of choices" in error.message
    assert not error.print_exception


def test_a_fault_of_ours_is_logged_and_gets_a_sentence(call):
    error = call(lambda value: value / 0, gr.Number(render=False), [1])
    assert (error.message, error.print_exception) == (unusable(), True)
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_a_refusal_of_ours_stays(call):
    def refuse(value):
        raise gr.Error("No.", print_exception=False)

    assert call(refuse, gr.Number(render=False), [1]).message == "No."


def test_what_was_selected(call):
    def select(value, event: gr.SelectData):
        return event.index

    assert call(select, gr.Number(render=False), [1], {"index": 0, "value": None}) == 0
    error = call(select, gr.Number(render=False), [1], {"index": [0], "value": None})
    assert (error.message, error.print_exception) == (unusable(), False)
