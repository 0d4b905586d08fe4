"""What a view of Look inside is: components, and a function that turns a trace into their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from spotter.explain import picked_points
from spotter.tabs.look_inside.figure import Figure

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

MATH = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]


def unseen(*_: Any, **__: Any) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Scene:
    """What a view draws: the trace of the current photo, the selected word, and what the photo truly says."""

    trace: Trace
    word: int | None  # index into trace.words; None on a photo without words
    spotter: Callable[[], Spotter]  # waits until it is loaded
    truth: str = ""  # the true words as lines, see spotter/explain/polygon_text.py
    progress: Callable[..., Any] = unseen  # progress(0..1, desc="what is being done"), for a `slow` view
    proposal: int | None = None  # picked in another view to be followed in this one


@dataclass
class View:
    """Made by a view's `build`, inside the open sub-tab. The frame does the wiring, the empty state and the
    reset.
    """

    inputs: Sequence[Component]  # what a person sets
    outputs: Sequence[Component]  # what `draw` fills
    draw: Callable[..., Sequence]  # (scene, *values of inputs) -> values of outputs
    # (scene) -> for each input the arguments of its update, with "value" where it has to change; called for a
    # new photo or word, and for the reset. None: inputs keep their values, the reset brings back the first
    # ones.
    prepare: Callable[[Scene], Sequence[dict]] | None = None
    needs_word: bool = True
    runs_model: bool = False  # takes its turn in the queue of the spotter
    slow: bool = False  # may take more than a second: the first output shows `scene.progress`
    # (figure, input, function): a click on the figure sets the input to function(scene, [x, y], *values of
    # inputs)
    clicks: Sequence[tuple[Figure, Component, Callable[..., Any]]] = field(default_factory=list)
    # Events that redraw; default: `input` of each input.
    triggers: Sequence[Callable] = field(default_factory=list)
    # Events that set inputs by themselves; redrawn once they have. A component's `change` would be too early:
    # when several inputs are set at once, the others still have their old values.
    setters: Sequence[Dependency] = field(default_factory=list)
    # (button, NUMBER of another view, input): the button opens that view, whose scene has the input's value
    # as its `proposal`.
    follow: tuple[gr.Button, int, Component] | None = None


def starting_values(view: View, scene: Scene | None, values: Sequence[Any], fresh: bool) -> tuple[list, list]:
    """Updates of the inputs and the values they have then. `fresh`: forget what a person has set."""
    if view.prepare is not None and scene is not None:
        changes = [dict(change) for change in view.prepare(scene)]
        values = [change.get("value", old) for change, old in zip(changes, values, strict=True)]
        return [gr.update(**change) for change in changes], values
    if fresh:
        values = [component.value for component in view.inputs]
        return [gr.update(value=value) for value in values], values
    return [gr.skip() for _ in values], list(values)


def place_choice(label: str, elem_id: str) -> gr.Dropdown:
    """A place on the photo: a named one, one that was clicked, or x, y as written."""
    return gr.Dropdown(
        [picked_points.MIDDLE],
        value=picked_points.MIDDLE,
        allow_custom_value=True,
        label=f"{label} (or click on the photo, or write x, y)",
        elem_id=elem_id,
        interactive=True,
    )


def formula(**kwargs: Any) -> gr.Markdown:
    """Text with formulas between dollar signs."""
    return gr.Markdown(latex_delimiters=MATH, elem_classes="formula", **kwargs)


def name_slides(slider: gr.ImageSlider, sides: list[gr.Dropdown], what: str) -> None:
    """Alternative text for a slider's two pictures, which Gradio leaves empty: what they show, and the choice
    of that side. Where a choice has a title, it is its value that is named. The page makes the pictures
    after the event, hence the wait.
    """
    script = f"""(...sides) => setTimeout(() => document.querySelectorAll("#{slider.elem_id} img").forEach(
        (image, i) => {{ image.alt = "{what}: " + sides[i % sides.length]; }}), 300)"""
    slider.change(None, sides, None, js=script, api_visibility="private")
