"""View 4: RoIAlign beside RoIPool, on the photo's own features."""

from __future__ import annotations

import gradio as gr
import numpy as np

from spotter.explain import roi_sampling
from spotter.explain.topics import roi_align as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 4
TITLE = "RoIAlign and RoIPool"
PAPER = "section 3.2"
NOTICE = (
    "Nudge the box by a quarter pixel: RoIAlign samples between the cells and glides; RoIPool first rounds "
    "the box to whole cells, so it stands still, still, still, and jumps."
)
AXES = [("to the right", 0), ("down", 1)]


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            cells = Figure(elem_id="roi-cells", least=560)
            bins = Figure(clickable=True, elem_id="roi-bins", least=560)
        with gr.Column(scale=3, min_width=280):
            shift = gr.Slider(
                -4,
                4,
                value=roi_sampling.STEP,
                step=roi_sampling.STEP,
                label="Shift of the box, pixels (arrow keys nudge it)",
                elem_id="roi-shift",
            )
            axis = gr.Radio(AXES, value=0, label="Direction")
            chosen = gr.Slider(
                1, 49, value=25, step=1, label="Bin, row by row (or click on one of RoIAlign's)"
            )
            channel = gr.Slider(0, 63, value=0, step=1, label="Channel (starts as the most varied)")
            curves = Figure(elem_id="roi-curves")
            text = formula()

    def draw(scene: Scene, shift: float, axis: int, chosen: int, channel: int) -> tuple:
        trace, axis = scene.trace, int(axis or 0)
        channels, count = trace.levels[0].shape[0], trace.config.roi_size
        row, column = divmod(min(max(int(chosen), 1), count**2) - 1, count)
        channel = min(max(int(channel), 0), channels - 1)
        box = roi_sampling.box_of(trace, scene.word)
        move = np.zeros(4, np.float32)
        move[[axis, axis + 2]] = shift
        still, moved = roi_sampling.cut_one(trace, box), roi_sampling.cut_one(trace, box + move)
        return (
            explain.draw_map(trace, moved, channel, row, column),
            explain.draw_bins(trace, still, moved, channel, row, column),
            explain.draw_changes(trace, box, float(shift), axis),
            explain.describe(trace, scene.word, box, still, moved, float(shift), axis, channel, row, column),
        )

    def prepare(scene: Scene) -> list[dict]:
        trace = scene.trace
        one = roi_sampling.cut_one(trace, roi_sampling.box_of(trace, scene.word))
        reach, count = float(-roi_sampling.shifts_of(one.level)[0]), trace.config.roi_size
        return [
            {"value": roi_sampling.STEP, "minimum": -reach, "maximum": reach},
            {"value": 0},
            {"value": (count**2 + 1) // 2, "maximum": count**2},
            {"value": roi_sampling.strongest_channel(one), "maximum": trace.levels[0].shape[0] - 1},
        ]

    def pick(scene: Scene, click: list[float], *_: object) -> int:
        row, column = explain.bin_at(scene.trace, click)
        return row * scene.trace.config.roi_size + column + 1

    return View(
        [shift, axis, chosen, channel],
        [cells, bins, curves, text],
        draw,
        prepare,
        needs_word=False,
        clicks=[(bins, chosen, pick)],
    )
