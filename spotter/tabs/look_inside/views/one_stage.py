"""Inside one refinement stage: f_prop, self-attention, dynamic convolution, and what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain.topics import one_stage
from spotter.explain.topics.one_stage import StageRun
from spotter.explain.topics.proposals import proposal_of
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, formula

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

STAGES = 6  # of the published network; `prepare` sets those of the one shown


class OneStageView(View):
    name = "stage"
    title = "Inside one stage"
    question = "What does one stage do with one proposal?"
    paper = "section 3.2"
    notice = (
        "A proposal is a box and a feature, f_prop. The feature first compares itself with the other "
        "proposals, then writes two small filters, and only these look at the box: each proposal asks the "
        "photo its own question. The answer is the next feature. Step through the stages: when does the mask "
        "take the shape of the word?"
    )
    needs_word = False
    runs_model = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(elem_id="stage-picture", scroll_below=620)
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.stage = Slider(1, STAGES, value=1, step=1, label="Stage", elem_id="stage-number")
                self.proposal = Slider(
                    0,
                    99,
                    value=0,
                    step=1,
                    label="Proposal (starts as the selected word's, or the picked one)",
                )
                self.text = formula(elem_id="stage-text")
        self.inputs = [self.stage, self.proposal]
        self.outputs = [self.picture, self.text]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        own = proposal_of(trace, view_input.word) if view_input.proposal is None else view_input.proposal
        return {
            self.stage: {"value": 1, "maximum": len(trace.scores)},
            self.proposal: {"value": own, "maximum": trace.boxes.shape[1] - 1},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace = view_input.trace
        stage = min(max(int(values[self.stage]), 1), len(trace.scores))
        proposal = min(max(int(values[self.proposal]), 0), trace.boxes.shape[1] - 1)
        run = one_stage.run_stage(view_input.spotter(), trace, stage, proposal)
        return {
            self.picture: one_stage.draw_stage_inside(trace, run, stage, proposal),
            self.text: describe(trace, run, stage, proposal),
        }


def describe(trace: Trace, run: StageRun, stage: int, proposal: int) -> str:
    """The steps as formulas with their numbers. Markdown with LaTeX."""
    channels, dim = run.first_filter.shape
    side = run.cells.shape[1]
    itself, others = one_stage.partner_weights(trace, stage, proposal)
    before = f"{trace.scores[stage - 2, proposal]:.2f}" if stage > 1 else "none yet"
    return (
        start_of(trace, run, proposal)
        if stage == 1
        else f"The feature comes from stage {stage - 1}, and so does the box.\n\n"
    ) + (
        f"**Self-attention** compares it with all {trace.boxes.shape[1]} proposals: {itself:.0%} of its "
        f"attention stays with itself, {others:.0%} goes to the five it attends to most.\n\n"
        "**Dynamic convolution.** A linear layer turns the feature into two filters:\n\n"
        f"$$2 \\cdot {channels} \\cdot {dim} = {2 * channels * dim}\\ \\text{{numbers}}$$\n\n"
        f"The {side} × {side} = {side * side} bins, {channels} numbers each, are multiplied by the first and "
        "then by the second, with LayerNorm and ELU after each. All bins together become one feature:\n\n"
        f"$${side * side} \\cdot {channels} = {side * side * channels} \\;\\to\\; {channels}$$\n\n"
        f"It points in a direction whose cosine with the one that came in is "
        f"**{one_stage.cosine(run.before, run.after):.2f}**.\n\n"
        f"**Three heads** read it: score {before} → **{run.score:.2f}**; the box, in pixels of the network's "
        f"input, {box_text(trace.boxes[stage - 1, proposal])} → **{box_text(run.box)}**; and "
        f"{trace.mask_vectors.shape[2]} numbers for its mask."
    )


def start_of(trace: Trace, run: StageRun, proposal: int) -> str:
    """Where the first proposal feature comes from. Markdown with LaTeX."""
    image = one_stage.image_feature(trace)
    learned = run.before - image
    return (
        "**f_prop of stage 0** is a learned feature of this proposal plus a feature of the whole photo, the "
        "global average of each level of the pyramid:\n\n"
        "$$f_{prop}^0 = e + \\sum_{l=2}^{5} \\mathrm{mean}(P_l)$$\n\n"
        f"Here the learned part has the length {np.linalg.norm(learned):.1f}, that of the photo "
        f"{np.linalg.norm(image):.1f}.\n\n"
    )


def box_text(box: np.ndarray) -> str:
    return "(" + ", ".join(f"{v:.0f}" for v in box) + ")"
