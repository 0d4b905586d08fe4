"""View 8: maskK, the shape of a word in a few numbers."""

from __future__ import annotations

import gradio as gr

from spotter.explain.polygon_text import parse_outlines, show_outline
from spotter.explain.topics import masks as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 8
TITLE = "Masks"
PAPER = "section 3.2"
NOTICE = (
    "A word's shape needs few numbers: the first coefficients tilt and bend the whole outline, the gain of "
    "each further one shrinks. So the detector can predict a shape as a short vector, not 784 cells."
)


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(photo=True, framed=True, elem_id="masks-picture")
            text = formula()
        with gr.Column(scale=3, min_width=280):
            count = gr.Slider(1, 60, value=10, step=1, label="Coefficients kept")
            outline = gr.Textbox(
                "",
                label="The polygon (editable)",
                info="x,y of each corner in pixels of the photo; starts as the selected word's outline.",
                lines=2,
                elem_id="masks-polygon",
            )
            curve = Figure(elem_id="masks-curve")
            parts = Figure(elem_id="masks-components")

    def draw(scene: Scene, count: int, outline: str) -> tuple:
        code = scene.spotter().model.mask_code
        words = parse_outlines((outline or "").replace("\n", " "))
        if not words:
            return None, None, None, "This is no polygon yet: write at least three corners as `x,y x,y x,y`."
        coded = explain.code_polygon(scene.trace, code, words[0][1] / scene.trace.scale)
        count = min(int(count), len(coded.coefficients))
        return (
            explain.draw_masks(scene.trace, coded, count, scene.word),
            explain.draw_curve(coded, count),
            explain.draw_components(code, coded, count),
            explain.describe(coded, count),
        )

    def prepare(scene: Scene) -> list[dict]:
        most = scene.trace.mask_vectors.shape[2]
        polygon = scene.trace.polygon(scene.word) * scene.trace.scale
        return [{"value": min(10, most), "maximum": most}, {"value": show_outline(polygon)}]

    return View([count, outline], [picture, curve, parts, text], draw, prepare)
