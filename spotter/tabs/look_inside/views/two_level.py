"""View 10: two-level attention, and reading without the coarse level."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import two_level as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 10
TITLE = "Two-level attention"
PAPER = "section 3.4"
NOTICE = (
    "Before reading, every cell asks around: its own window cell by cell, the windows around it only as one "
    "pooled key each. That is far cheaper than asking every cell. Does reading need the coarse keys? Leave "
    "them out and see."
)


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(photo=True, framed=True, clickable=True, least=560, elem_id="two-level-picture")
            text = formula()
        with gr.Column(scale=3, min_width=280):
            cell = gr.Slider(
                0, 511, value=0, step=1, label="Query cell, row by row", info="or click one on the word"
            )
            block = gr.Slider(1, 2, value=1, step=1, label="Block")
            result = gr.Markdown(elem_id="two-level-reading", elem_classes="formula")

    def draw(scene: Scene, cell: int, block: int) -> tuple:
        trace, word = scene.trace, scene.word
        block = min(int(block), trace.two_level.shape[1]) - 1
        return (
            explain.draw_query(trace, word, block, int(cell)),
            explain.describe(trace, word, block, int(cell)),
            explain.describe_readings(scene.spotter(), trace, word),
        )

    def prepare(scene: Scene) -> list[dict]:
        height, width = scene.trace.config.recognition_roi
        blocks = scene.trace.two_level.shape[1]
        return [
            {"value": explain.first_cell(scene.trace, scene.word), "maximum": height * width - 1},
            {"value": 1, "maximum": max(blocks, 2), "visible": blocks > 1},
        ]

    def pick(scene: Scene, place: list[float], *_) -> int:
        return explain.cell_at(scene.trace, scene.word, place)

    return View(
        [cell, block], [picture, text, result], draw, prepare, runs_model=True, clicks=[(picture, cell, pick)]
    )
