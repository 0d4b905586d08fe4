"""View 7: the Hungarian matching of training, on this photo."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import matching as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.truth import NO_TRUTH
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 7
TITLE = "Matching"
PAPER = "section 3.2"
NOTICE = (
    "In training each true word gets exactly one proposal, in the assignment that is cheapest in total: "
    "that is what lets the published network do without non-maximum suppression. Go from stage 1 to 6: does "
    "one proposal win? Set both box weights to 0, and several words want the same proposal. The true words "
    "can be edited under the photo."
)
NAMES = ("Class", "Box, L1", "Box, GIoU", "Mask")


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(clickable=True, elem_id="matching-picture", least=620)
            text = formula()
        with gr.Column(scale=3, min_width=280):
            stage = gr.Slider(1, 6, value=1, step=1, label="Proposals after stage")
            with gr.Group():
                weights = [
                    gr.Slider(0, 10, value=value, step=0.5, label=f"Weight: {name}")
                    for name, value in zip(NAMES, explain.PUBLISHED, strict=True)
                ]
            cell = gr.JSON(visible=False)

    def match(scene: Scene, stage: int, weights: tuple) -> explain.Matching | None:
        code = scene.spotter().model.mask_code
        stage = min(int(stage), len(scene.trace.scores))
        return explain.match_words(scene.trace, code, scene.truth, stage, weights)

    def draw(scene: Scene, stage: int, cell: list | None, *weights: float) -> tuple:
        matching = match(scene, stage, weights)
        if matching is None:
            return None, NO_TRUTH
        word, pair = matching.nearest(scene.trace.box(scene.word)), tuple(cell or (-1, -1))
        if not (0 <= pair[0] < len(matching.total) and 0 <= pair[1] < len(matching.names)):
            pair = next((pair for pair in matching.optimal if pair[1] == word), matching.optimal[0])
        return explain.draw_matching(matching, word, pair), explain.describe(matching, pair)

    def prepare(scene: Scene) -> list[dict]:
        return [
            {"value": 1, "maximum": len(scene.trace.scores)},
            {"value": None},
            *({"value": value} for value in explain.PUBLISHED),
        ]

    def pick(scene: Scene, place: list[float], stage: int, _: list, *weights: float) -> list | None:
        matching = match(scene, stage, weights)
        if matching is None:
            return None
        return list(explain.pair_at(matching, matching.nearest(scene.trace.box(scene.word)), place))

    inputs = [stage, cell, *weights]
    triggers = [stage.input, *(weight.input for weight in weights)]
    return View(inputs, [picture, text], draw, prepare, clicks=[(picture, cell, pick)], triggers=triggers)
