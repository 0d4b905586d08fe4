"""What a page can send: Gradio's own components take more, such as a list where a number is."""

from __future__ import annotations

import math
from typing import Any

import gradio as gr
from gradio.blocks import Block

LARGEST = 2**31  # of all numbers


class SentValueError(ValueError):
    """No page sends this."""


def checked(component: Block, value: Any) -> Any:
    """The value of a component as an event gets it. Raises SentValueError."""
    if isinstance(component, gr.Textbox):
        return "" if value is None else value
    if isinstance(component, gr.Number | gr.Slider):
        is_possible = is_number(value) or (value is None and isinstance(component, gr.Number))
    elif isinstance(component, gr.Checkbox):
        is_possible = isinstance(value, bool)
    elif isinstance(component, gr.Radio):
        is_possible = value is not None or component.value is None
    elif isinstance(component, gr.Dropdown) and not component.multiselect:
        is_possible = value is None or isinstance(value, str) or is_number(value)
        is_possible &= not component.allow_custom_value or isinstance(value, str | None)
    else:
        is_possible = True
    if not is_possible:
        raise SentValueError(f"{component}: {value!r}")
    return value


def check_selected(target: Block | None, sent: Any) -> None:
    """What is sent where a picture of a gallery is selected. Raises SentValueError."""
    index = sent.get("index") if isinstance(sent, dict) and "value" in sent else None
    count = len(target.value or []) if isinstance(target, gr.Gallery) else 0
    if type(index) is not int or not 0 <= index < count:
        raise SentValueError(f"{target}: {sent!r}")


def is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) <= LARGEST
