"""The settings of the open view in the page's address: a link shows what its sender saw.

They are typed by anybody, so what a component would not let its user choose is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

MAX_LENGTH = 4000  # characters, of all settings and of a text
WRITE_SETTINGS = """(...values) => {
  const names = NAMES, address = new URL(location.href);
  if (!window.viewIsOpen || address.searchParams.get("view") !== "VIEW") return;
  const settings = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  address.searchParams.set("set", JSON.stringify(settings));
  history.replaceState(history.state, "", address);
}"""


def script(view: str, names: Iterable[str]) -> str:
    """Writes the values of the inputs with these names, of a view by its name, into the address."""
    return WRITE_SETTINGS.replace("NAMES", json.dumps(list(names))).replace("VIEW", view)


def settings_of(query: Mapping[str, str], view: str) -> dict[str, Any]:
    """The settings that the parameters of an address have for a view, by the names of its inputs."""
    text = query.get("set", "")
    if query.get("view") != view or len(text) > MAX_LENGTH:
        return {}
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def accepted(component: Component, value: Any, arguments: Mapping[str, Any]) -> Any:
    """The value as its component allows it, None if it does not; `arguments`: of its coming update."""
    choices = {
        choice[1] if isinstance(choice, tuple) else choice
        for choice in arguments.get("choices", getattr(component, "choices", None)) or ()
    }
    if isinstance(component, gr.Slider):
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        highest = arguments.get("maximum", component.maximum)
        return min(max(value, component.minimum), highest) if is_number else None
    if isinstance(component, gr.CheckboxGroup):
        is_choice = isinstance(value, list) and all(isinstance(one, str) and one in choices for one in value)
        return list(dict.fromkeys(value)) if is_choice else None
    if isinstance(component, gr.Checkbox):
        return value if isinstance(value, bool) else None
    if isinstance(component, gr.Textbox) or getattr(component, "allow_custom_value", False):
        return value if isinstance(value, str) and len(value) <= MAX_LENGTH else None
    if isinstance(component, gr.Radio | gr.Dropdown):
        return value if isinstance(value, str | int | float) and value in choices else None
    return None
