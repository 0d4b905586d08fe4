"""Components that several views use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr
from PIL import Image

from spotter.explain import picked_points
from spotter.explain.canvas import tiles, titled
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Values, ViewInput
from spotter.tabs.shared.events import PRIVATE

MATH: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "$", "right": "$", "display": False},
]


def invalid_point() -> str:
    return tr(
        "This is not a point: write it as `x, y` in pixels of the network's input, such as `120, 80`, or "
        "click on it."
    )


class Slider(gr.Slider):
    """Takes values beyond its ends as the nearest end.

    When another photo has fewer proposals or stages, an event that left the page before it learnt of that
    would be an error.
    """

    def preprocess(self, payload: float) -> float:
        return min(max(payload, self.minimum), self.maximum)


def formula(**kwargs: Any) -> gr.Markdown:
    """Markdown with formulas between dollar signs."""
    return gr.Markdown(latex_delimiters=MATH, elem_classes="formula", **kwargs)


def comparison_note() -> gr.Markdown:
    """The sentence on what differs with the second weights."""
    return gr.Markdown(elem_classes="compared")


def point_choice(label: str, elem_id: str) -> gr.Dropdown:
    """A point on the photo: a named one, one that was clicked, or x, y as written."""
    return gr.Dropdown(
        picked_points.point_choices([picked_points.MIDDLE]),
        value=picked_points.MIDDLE,
        allow_custom_value=True,
        label=tr("{what} (or click on the photo, or write x, y)", what=label),
        elem_id=elem_id,
        interactive=True,
    )


def clicked_point(view_input: ViewInput, _: Values, click: list[float]) -> str:
    """The value of a `point_choice` for a click on a picture of the whole photo."""
    return picked_points.point_on_picture(view_input.trace, click)


def slides_to_save(slider: gr.ImageSlider) -> Figure:
    """Only buttons, which save both pictures of a slider side by side; its value is of `side_by_side`."""
    return Figure(elem_id=f"{slider.elem_id}-save", elem_classes="save-only")


def side_by_side(names: Sequence[str], pictures: Sequence[Image.Image]) -> tuple[Image.Image, str]:
    """Pictures under their names, and the names."""
    titles = [titled(picture, name) for name, picture in zip(names, pictures, strict=True)]
    return tiles(titles, len(titles)), "; ".join(names)


def name_slides(slider: gr.ImageSlider, sides: list[gr.Dropdown], what: str) -> None:
    """Alternative text for a slider's two pictures, which Gradio leaves empty: `what`, and the name of what
    is chosen for that side. The page creates the pictures after the event, hence the timeout.
    """
    names = {value: label for side in sides for label, value in side.choices}
    script = f"""(...sides) => setTimeout(() => document.querySelectorAll("#{slider.elem_id} img").forEach(
        (image, i) => {{
          const side = sides[i % sides.length];
          image.alt = {json.dumps(what)} + ": " + ({json.dumps(names)}[side] ?? side);
        }}), 300)"""
    slider.change(None, sides, None, js=script, **PRIVATE)
