"""The learnable boxes, before and after training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain.topics import proposals
from spotter.tabs.look_inside.equations import agreeing
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Click, Follow, Values, View, ViewInput
from spotter.tabs.look_inside.views.stages import StagesView
from spotter.tabs.look_inside.widgets import Slider, formula

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WHICH = [("before training", "start"), ("as learned", "learned"), ("from start to learned", "moves")]
PUBLISHED = [("the published start", "published")]  # for weights that began elsewhere
PUBLISHED_START = (
    "**The published start.** Every box is the whole image, $(0.5, 0.5, 1, 1)$: all look at the centre, and "
    "only learning spreads them over the image. What follows is the same proposal as learned here.\n\n"
)


class ProposalsView(View):
    name = "start"
    title = "Where to begin"
    question = "Where does the search for words start?"
    paper = "section 3.2"
    notice = (
        "Detection does not slide a window over the photo: it starts from learned boxes that know nothing of "
        "this photo, and only the next six stages move them to words. Green boxes end up as words here. In "
        "the published network all boxes start as the whole image: all look at the centre."
    )
    needs_word = False

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, clickable=True, elem_id="proposals-picture")
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.which = gr.Radio(WHICH, value="learned", label="Boxes", interactive=True)
                self.proposal = Slider(
                    0, 99, value=0, step=1, label="Proposal (or click near its centre)", interactive=True
                )
                follow = gr.Button("Follow it through the six stages", size="sm", elem_id="proposals-follow")
                self.text = formula()
        self.inputs = [self.which, self.proposal]
        self.outputs = [self.picture, self.text]
        self.clicks = [Click(self.picture, self.proposal, self.clicked_proposal)]
        self.follow = Follow(follow, StagesView.name, self.proposal)

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        return {
            self.which: {
                "choices": WHICH + (PUBLISHED if trace.config.proposal_grid else []),
                "value": "learned",
            },
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
        first = proposals.starting_boxes(trace, None) if which == "published" else start
        return {
            self.picture: proposals.draw_proposals(trace, first, chosen, which),
            self.text: (PUBLISHED_START if which == "published" else "") + describe(trace, start, chosen),
        }


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
    outcome = (
        f"On this photo it ends up as word {words[0] + 1}, **{escape(trace.words[words[0]].text)}**."
        if words
        else f"On this photo it ends up as background (score {trace.scores[-1, chosen]:.2f})."
    )
    grid, times = trace.config.proposal_grid, max(proposals.grids(trace))
    origin = (
        f"These weights started from a grid of {grid[0]} × {grid[1]} boxes, a choice of this project that "
        "learns faster; the published ones all started as the whole image, (0.5, 0.5, 1, 1)."
        if grid
        else "All started as the whole image, (0.5, 0.5, 1, 1), as published."
    )
    if times > 1:
        origin += (
            f" The {trace.config.proposals} learned boxes are the same on every photo; on one whose sides "
            f"differ enough, as here ({width} × {height}), they are laid {times} times side by side, which "
            f"makes {trace.boxes.shape[1]}."
        )
    return (
        f"Proposal {chosen} as learned, in fractions of the image:\n\n"
        f"$$(c_x, c_y, w, h) = ({cx:.3f},\\ {cy:.3f},\\ {w:.3f},\\ {h:.3f})$$\n\n"
        + corner("x_1 = (c_x - \\tfrac{w}{2})\\,W", cx, w / 2, width)
        + corner("y_1 = (c_y - \\tfrac{h}{2})\\,H", cy, h / 2, height)
        + f"so the first box is {x2 - x1:.0f} × {y2 - y1:.0f} pixels of the network's input. "
        f"{outcome}\n\n{origin} On average, training moved the centres by "
        f"{moved[:, :2].mean():.3f} of the image and changed the sides by {moved[:, 2:].mean():.3f}."
    )


def corner(rule: str, centre: float, half: float, size: int) -> str:
    """A corner in pixels from fractions of the image, with numbers that add up as printed. LaTeX."""
    texts, result = agreeing(lambda c, h: (c - h) * size, (centre, half), (3, 3), 0)
    return f"$${rule} = ({texts[0]} - {texts[1]}) \\cdot {size} = {result}$$\n\n"
