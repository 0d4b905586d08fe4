"""View 9: Recognition Conversion, its gates, and reading without them."""

from __future__ import annotations

from io import BytesIO

import gradio as gr
from PIL import Image

from spotter.explain.topics import conversion as explain
from spotter.tabs.look_inside.figure import Figure, keep_file
from spotter.tabs.look_inside.view import Scene, View, formula, name_slides

NUMBER = 9
TITLE = "Recognition Conversion"
PAPER = "section 3.3"
NOTICE = (
    "The gates M1 to M3 come from the detector, coarse to fine: how far do they dim what is not the word? "
    "They are soft, so that what reading learns flows back through them into detecting. In the paper this is "
    "the largest single gain (end-to-end 55.7 to 62.6 on Total-Text)."
)
CHOICES = [(title, name) for name, title in explain.MAPS.items()]


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            gates = Figure(photo=True, framed=True, elem_id="conversion-gates")
            text = formula()
        with gr.Column(scale=3, min_width=280):
            with gr.Row():
                left = gr.Dropdown(CHOICES, value="photo", label="Left of the slider", min_width=120)
                right = gr.Dropdown(CHOICES, value="m3", label="Right of the slider", min_width=120)
            slider = gr.ImageSlider(
                label="Drag to compare",
                show_label=False,  # it would lie on the word
                interactive=False,
                buttons=[],
                elem_id="conversion-slider",
            )
            kept = gr.CheckboxGroup(
                list(explain.PARTS), value=list(explain.PARTS), label="Switched on (the word is read again)"
            )
            result = gr.Markdown(elem_id="conversion-reading")
            bars = Figure(elem_id="conversion-gradients")
            gradient = formula()

    name_slides(slider, [left, right], "Map over the word")

    def kept_file(picture: Image.Image) -> str:
        data = BytesIO()
        picture.save(data, "PNG", compress_level=1)
        return keep_file(data.getvalue(), "map.png", slider.GRADIO_CACHE)

    def draw(scene: Scene, left: str, right: str, kept: list[str]) -> tuple:
        trace, word, spotter = scene.trace, scene.word, scene.spotter()
        found = explain.gradients(spotter, trace, word)
        return (
            explain.draw_gates(trace, word, scene.truth),
            explain.describe_leakage(trace, word, scene.truth),
            tuple(kept_file(explain.draw_map(trace, word, name)) for name in (left, right)),
            explain.read_without(spotter, trace, word, set(kept)),
            explain.draw_gradients(found),
            explain.describe_gradients(found),
        )

    return View([left, right, kept], [gates, text, slider, result, bars, gradient], draw, runs_model=True)
