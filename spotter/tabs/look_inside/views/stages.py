"""View 6: the refinement stages, one after the other."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import stages as explain
from spotter.explain.topics.proposals import proposal_of
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 6
TITLE = "Six stages"
PAPER = "section 3.2"
NOTICE = (
    "Each stage only corrects the box before it. See on the curve which stages make most of the way, which "
    "only polish, and how a box becomes brighter as its score rises."
)
LAYERS = [
    ("all boxes, brighter with their score", "others"),
    ("movement of the words", "arrows"),
    ("earlier boxes of this one", "path"),
    ("partners in self-attention", "partners"),
]
STAGES = 6


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(photo=True, elem_id="stages-picture")
        with gr.Column(scale=3, min_width=280):
            stage = gr.Slider(0, STAGES, value=STAGES, step=1, label="Stage")
            play = gr.Button("Play the stages", size="sm", elem_id="stages-play")
            show = gr.CheckboxGroup(LAYERS, value=["others", "arrows", "path"], label="Show")
            proposal = gr.Slider(
                0, 99, value=0, step=1, label="Proposal (starts as the selected word's, or the picked one)"
            )
            path = Figure(elem_id="stages-iou")
    text = formula()
    timer = gr.Timer(0.7, active=False)
    count = gr.Number(STAGES, visible=False)  # of the network that is looked at

    def advance(stage: int, count: int) -> tuple:
        """The next stage; the timer stops at the last one."""
        return min(int(stage) + 1, int(count)), gr.Timer(active=stage + 1 < count)

    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    setters = [
        play.click(lambda: (0, gr.Timer(active=True)), None, [stage, timer], **quiet),
        timer.tick(advance, [stage, count], [stage, timer], **quiet),
    ]

    def draw(scene: Scene, stage: int, show: list[str], proposal: int, _: int) -> tuple:
        stage, proposal = min(int(stage), len(scene.trace.scores)), int(proposal)
        return (
            explain.draw_stage(scene.trace, proposal, stage, frozenset(show)),
            explain.draw_iou(scene.trace, proposal, stage),
            explain.describe(scene.trace, proposal, stage),
        )

    def prepare(scene: Scene) -> list[dict]:
        count = len(scene.trace.scores)
        own = proposal_of(scene.trace, scene.word) if scene.proposal is None else scene.proposal
        return [
            {"value": count, "maximum": count},
            {"value": ["others", "arrows", "path"]},
            {"value": own, "maximum": scene.trace.boxes.shape[1] - 1},
            {"value": count},
        ]

    return View(
        [stage, show, proposal, count],
        [picture, path, text],
        draw,
        prepare,
        needs_word=False,
        triggers=[stage.input, show.input, proposal.input],
        setters=setters,
    )
