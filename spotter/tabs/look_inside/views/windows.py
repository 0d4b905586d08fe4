"""View 1: the windows of the Swin backbone."""

from __future__ import annotations

import gradio as gr

from spotter.explain import picked_points
from spotter.explain.topics import windows as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula, place_choice

NUMBER = 1
TITLE = "Swin windows"
PAPER = "section 3.1"
NOTICE = (
    "A token looks only at the tokens of its own window; the next block shifts the windows, so that what "
    "was cut apart meets. Go on block by block and watch the green frame, all that the token can have seen."
)


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(photo=True, clickable=True, elem_id="windows-picture")
            heads = Figure(elem_id="windows-heads", least=560)
        with gr.Column(scale=3, min_width=280):
            block = gr.Radio(
                [("1.1 plain", 0)], value=0, label="Swin stage and block", elem_id="windows-block"
            )
            place = place_choice("Token at", "windows-place")
            text = formula()

    def draw(scene: Scene, block: int | None, place: str | None) -> tuple:
        trace = scene.trace
        point = picked_points.place_of(trace, scene.word, place)
        if point is None:
            return None, None, picked_points.BAD_PLACE
        blocks = explain.blocks(trace.config.depths)
        at = explain.partners(trace, *blocks[min(int(block or 0), len(blocks) - 1)], point)
        scene.progress(0.3, desc="Running the backbone's block again")
        weights = explain.attention(scene.spotter(), trace, at)
        return (
            explain.draw_photo(trace, at, weights),
            explain.draw_heads(trace, at, weights),
            explain.describe(trace, at, weights),
        )

    def prepare(scene: Scene) -> list[dict]:
        named = picked_points.choices(scene.trace, scene.word)
        blocks = explain.blocks(scene.trace.config.depths)
        titles = [f"{s + 1}.{b + 1} {'shifted' if b % 2 else 'plain'}" for s, b in blocks]
        choices = [(title, i) for i, title in enumerate(titles)]
        return [{"choices": choices, "value": 0}, {"choices": named, "value": named[0]}]

    def pick(scene: Scene, click: list[float], *_: object) -> str:
        return picked_points.place_on_picture(scene.trace, click)

    return View(
        [block, place],
        [picture, heads, text],
        draw,
        prepare,
        needs_word=False,
        runs_model=True,
        slow=True,
        clicks=[(picture, place, pick)],
    )
