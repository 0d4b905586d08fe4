"""The learnable boxes, before and after training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain.equations import agreeing
from spotter.explain.topics import proposals
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Click, Follow, Text, Values, View, ViewInput
from spotter.tabs.look_inside.views.stages import StagesView
from spotter.tabs.look_inside.widgets import Slider, formula
from spotter.tabs.shared.events import HIDDEN

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

PUBLISHED = "published"
STEPS = 8  # from the published start to the learned boxes
SECONDS_PER_STEP = 0.4


class ProposalsView(View):
    name = "start"
    title = Text(lambda: tr("Where to begin"))
    question = Text(lambda: tr("Where does the search for words start?"))
    paper = Text(lambda: tr("section 3.2"))
    notice = Text(
        lambda: tr(
            "Detection does not slide a window over the photo: it starts from learned boxes that know "
            "nothing of this photo, and only the next six stages move them to words. Green boxes end up as "
            "words here. In the published network all boxes start as the whole image: all look at the "
            "centre."
        )
    )
    needs_word = False

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, clickable=True, elem_id="proposals-picture")
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.which = gr.Radio(which_choices(), value="learned", label=tr("Boxes"), interactive=True)
                play = gr.Button(
                    tr("Play from the published start to the learned boxes"),
                    size="sm",
                    elem_id="proposals-play",
                )
                self.way = Slider(
                    0,
                    STEPS,
                    value=0,
                    step=1,
                    label=tr("Way to the learned boxes"),
                    info=tr("steps in a straight line from the published start"),
                    visible=False,
                    elem_id="proposals-way",
                )
                self.proposal = Slider(
                    0, 99, value=0, step=1, label=tr("Proposal (or click near its centre)"), interactive=True
                )
                follow = gr.Button(
                    tr("Follow it through the six stages"), size="sm", elem_id="proposals-follow"
                )
                self.text = formula()
        timer = gr.Timer(SECONDS_PER_STEP, active=False)
        self.inputs = [self.which, self.way, self.proposal]
        self.outputs = [self.picture, self.text]
        self.triggers = [self.which.input, self.way.input, self.proposal.input]

        def begin() -> tuple[str, dict, gr.Timer]:
            return PUBLISHED, gr.update(value=0, visible=True), gr.Timer(active=True)

        def advance(way: int) -> tuple[str, dict, gr.Timer]:
            """The next step, also if the view has been prepared anew; the timer stops at the last one."""
            value = min(int(way) + 1, STEPS)
            return PUBLISHED, gr.update(value=value, visible=True), gr.Timer(active=value < STEPS)

        def choose(which: str) -> tuple[dict, gr.Timer]:
            return gr.update(visible=which == PUBLISHED), gr.Timer(active=False)

        self.which.input(choose, self.which, [self.way, timer], **HIDDEN)
        self.setters = [
            play.click(begin, None, [self.which, self.way, timer], **HIDDEN),
            timer.tick(advance, self.way, [self.which, self.way, timer], **HIDDEN),
        ]
        self.clicks = [Click(self.picture, self.proposal, self.clicked_proposal)]
        self.follow = Follow(follow, StagesView.name, self.proposal)

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        return {
            self.which: {"value": "learned"},
            self.way: {"value": 0, "visible": False},
            self.proposal: {
                "value": proposals.proposal_of(trace, view_input.word),
                "maximum": trace.boxes.shape[1] - 1,
            },
        }

    def clicked_proposal(self, view_input: ViewInput, _: Values, click: list[float]) -> int:
        return proposals.proposal_at(view_input.trace, click)

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, which, chosen = view_input.trace, values[self.which], int(values[self.proposal])
        start = proposals.starting_boxes(trace, trace.config.proposal_grid)
        if which == PUBLISHED:
            start_of_text = published_start(int(values[self.way]))
            first = proposals.on_the_way(trace, int(values[self.way]) / STEPS)
        else:
            start_of_text, first = "", start
        return {
            self.picture: proposals.draw_proposals(trace, first, chosen, which),
            self.text: start_of_text + describe(trace, start, chosen),
        }


def which_choices() -> list[tuple[str, str]]:
    """The boxes that can be shown."""
    return [
        (tr("before training"), "start"),
        (tr("as learned"), "learned"),
        (tr("from start to learned"), "moves"),
        (tr("the published start"), PUBLISHED),
    ]


def published_start(way: int) -> str:
    """What its picture shows, `way` of STEPS on to the learned boxes. Markdown with LaTeX."""
    begins = tr(
        "**The published start.** Every box is the whole image, $(0.5, 0.5, 1, 1)$: all look at the "
        "centre, and only learning spreads them over the image."
    )
    if way:
        shown = tr(
            "The picture shows {share:.0%} of the way to the boxes learned here, drawn as a straight line; "
            "training took another one.",
            share=way / STEPS,
        )
        begins = f"{begins} {shown}"
    follows = tr("What follows is the same proposal as learned here.")
    return f"{begins} {follows}\n\n"


def describe(trace: Trace, start: np.ndarray, chosen: int) -> str:
    """The formula of the first box with its numbers, and what it ends up as here. Markdown with LaTeX.

    `start`: (N, 4) as of `proposals.starting_boxes`.
    """
    height, width = trace.image.shape[:2]
    learned = proposals.learned_boxes(trace)
    cx, cy, w, h = learned[chosen]
    x1, y1, x2, y2 = trace.boxes[0, chosen]
    moved = np.abs(learned - start)
    words = [i for i, proposal in enumerate(trace.proposal_index.tolist()) if proposal == chosen]
    if words:
        outcome = tr(
            "On this photo it ends up as word {number}, **{text}**.",
            number=words[0] + 1,
            text=escape(trace.words[words[0]].text),
        )
    else:
        outcome = tr(
            "On this photo it ends up as background (score {score:.2f}).", score=trace.scores[-1, chosen]
        )
    average = tr(
        "On average, training moved the centres by {centres:.3f} of the image and changed the sides by "
        "{sides:.3f}.",
        centres=moved[:, :2].mean(),
        sides=moved[:, 2:].mean(),
    )
    size = tr(
        "so the first box is {width:.0f} × {height:.0f} pixels of the network's input.",
        width=x2 - x1,
        height=y2 - y1,
    )
    return (
        tr("Proposal {number} as learned, in fractions of the image:", number=chosen)
        + "\n\n"
        + f"$$(c_x, c_y, w, h) = ({cx:.3f},\\ {cy:.3f},\\ {w:.3f},\\ {h:.3f})$$\n\n"
        + corner("x_1 = (c_x - \\tfrac{w}{2})\\,W", cx, w / 2, width)
        + corner("y_1 = (c_y - \\tfrac{h}{2})\\,H", cy, h / 2, height)
        + f"{size} {outcome}\n\n{describe_origin(trace)} {average}"
    )


def describe_origin(trace: Trace) -> str:
    """Where the boxes started, and how many there are on this photo."""
    grid, times = trace.config.proposal_grid, max(proposals.grids(trace))
    if grid:
        origin = tr(
            "These weights started from a grid of {columns} × {rows} boxes, a choice of this project that "
            "learns faster; the published ones all started as the whole image, (0.5, 0.5, 1, 1).",
            columns=grid[0],
            rows=grid[1],
        )
    else:
        origin = tr("All started as the whole image, (0.5, 0.5, 1, 1), as published.")
    if times == 1:
        return origin
    height, width = trace.image.shape[:2]
    repeated = tr(
        "The {learned} learned boxes are the same on every photo; on one whose sides differ enough, as here "
        "({width} × {height}), they are laid {times} times side by side, which makes {number}.",
        learned=trace.config.proposals,
        width=width,
        height=height,
        times=times,
        number=trace.boxes.shape[1],
    )
    return f"{origin} {repeated}"


def corner(rule: str, centre: float, half: float, size: int) -> str:
    """A corner in pixels from fractions of the image, with numbers that add up as printed. LaTeX."""
    texts, result = agreeing(lambda c, h: (c - h) * size, (centre, half), (3, 3), 0)
    return f"$${rule} = ({texts[0]} - {texts[1]}) \\cdot {size} = {result}$$\n\n"
