"""View 13: the photo's words against the true ones."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import hmean as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.truth import NO_TRUTH, unsaid
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 13
TITLE = "H-mean"
PAPER = "section 4"
NOTICE = (
    "A word counts as found when it overlaps a true one by more than the threshold. Lower the least score: "
    "more words are found (recall rises), more false ones too (precision falls); H-mean rewards neither "
    "alone. The true words can be edited under the photo."
)
FOUND, READ = "found", "found and read"


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(photo=True, elem_id="hmean-picture", least=400)
            text = formula()
        with gr.Column(scale=3, min_width=280):
            iou = gr.Slider(0.05, 0.95, value=0.5, step=0.05, label="IoU a pair has to exceed")
            score = gr.Slider(0.0, 1.0, value=0.4, step=0.01, label="Least score of a word")
            kind = gr.Radio([FOUND, READ], value=FOUND, label="Right is a word that is")
            chart = Figure(elem_id="hmean-curve")
    rows = gr.Markdown(elem_classes="formula")

    def draw(scene: Scene, iou: float, score: float, kind: str) -> tuple:
        trace, reading = scene.trace, kind == READ
        found = explain.compare(trace, scene.truth, float(iou), float(score))
        values = explain.over_thresholds(trace, scene.truth, float(score), reading)
        return (
            explain.draw_comparison(trace, found, reading),
            explain.draw_thresholds(values, float(iou)),
            unsaid(scene) + explain.describe(found, reading),
            explain.table(found) if found.true or found.words else NO_TRUTH,
        )

    def prepare(scene: Scene) -> list[dict]:
        return [{"value": 0.5}, {"value": scene.trace.config.score_threshold}, {"value": FOUND}]

    return View([iou, score, kind], [picture, chart, text, rows], draw, prepare, needs_word=False)
