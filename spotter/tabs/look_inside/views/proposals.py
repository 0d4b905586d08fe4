"""View 5: the learnable boxes, before and after training."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import proposals as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 5
TITLE = "Proposals"
PAPER = "section 3.2"
NOTICE = (
    "The search does not slide over the photo: it starts from the same few learned boxes on every photo, "
    "and only the next six stages move them to words. Green boxes end as words of this photo."
)
WHICH = [("before training", "start"), ("as learned", "learned"), ("from start to learned", "moves")]
PUBLISHED = [("the published start", "published")]  # where these weights began elsewhere


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(photo=True, clickable=True, elem_id="proposals-picture")
        with gr.Column(scale=3, min_width=280):
            which = gr.Radio(WHICH, value="learned", label="Boxes", interactive=True)
            chosen = gr.Slider(
                0, 99, value=0, step=1, label="Proposal (or click near its centre)", interactive=True
            )
            follow = gr.Button("Follow it through the six stages", size="sm", elem_id="proposals-follow")
            text = formula()

    def draw(scene: Scene, which: str, chosen: int) -> tuple:
        trace = scene.trace
        start = explain.starting_boxes(trace, trace.config.proposal_grid)
        first = explain.starting_boxes(trace, None) if which == "published" else start
        return (
            explain.draw_proposals(trace, first, int(chosen), which),
            explain.describe(trace, start, int(chosen)),
        )

    def prepare(scene: Scene) -> list[dict]:
        which = WHICH + (PUBLISHED if scene.trace.config.proposal_grid else [])
        own = explain.proposal_of(scene.trace, scene.word)
        return [
            {"choices": which, "value": "learned"},
            {"value": own, "maximum": scene.trace.boxes.shape[1] - 1},
        ]

    def pick(scene: Scene, place: list[float], *_: object) -> int:
        return explain.proposal_at(scene.trace, place)

    return View(
        [which, chosen],
        [picture, text],
        draw,
        prepare,
        needs_word=False,
        clicks=[(picture, chosen, pick)],
        follow=(follow, 6, chosen),
    )
