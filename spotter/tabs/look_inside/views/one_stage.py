"""Inside one refinement stage: f_prop, self-attention, dynamic convolution, and what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain.topics import one_stage
from spotter.explain.topics.one_stage import StageRun
from spotter.explain.topics.proposals import proposal_of
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, formula

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

STAGES = 6  # of the published network; `prepare` sets those of the one shown


class OneStageView(View):
    name = "stage"
    title = Text(lambda: tr("Inside one stage"))
    question = Text(lambda: tr("What does one stage do with one proposal?"))
    paper = Text(lambda: tr("section 3.2"))
    notice = Text(
        lambda: tr(
            "A proposal is a box and a feature, f_prop. The feature first compares itself with the other "
            "proposals, then writes two small filters, and only these look at the box: each proposal asks "
            "the photo its own question. The answer is the next feature. Step through the stages: when does "
            "the mask take the shape of the word?"
        )
    )
    needs_word = False
    runs_model = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(elem_id="stage-picture", scroll_below=620)
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.stage = Slider(1, STAGES, value=1, step=1, label=tr("Stage"), elem_id="stage-number")
                self.proposal = Slider(
                    0,
                    99,
                    value=0,
                    step=1,
                    label=tr("Proposal (starts as the selected word's, or the picked one)"),
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
    before = f"{trace.scores[stage - 2, proposal]:.2f}" if stage > 1 else tr("none yet")
    numbers = tr("numbers")
    parts = [
        start_of(trace, run, proposal)
        if stage == 1
        else tr("The feature comes from stage {stage}, and so does the box.", stage=stage - 1),
        tr(
            "**Self-attention** compares it with all {proposals} proposals: {itself:.0%} of its "
            "attention stays with itself, {others:.0%} goes to the five it attends to most.",
            proposals=trace.boxes.shape[1],
            itself=itself,
            others=others,
        ),
        tr("**Dynamic convolution.** A linear layer turns the feature into two filters:"),
        f"$$2 \\cdot {channels} \\cdot {dim} = {2 * channels * dim}\\ \\text{{{numbers}}}$$",
        tr(
            "The {side} × {side} = {bins} bins, {channels} numbers each, are multiplied by the first and "
            "then by the second, with LayerNorm and ELU after each. All bins together become one feature:",
            side=side,
            bins=side * side,
            channels=channels,
        ),
        f"$${side * side} \\cdot {channels} = {side * side * channels} \\;\\to\\; {channels}$$",
        tr(
            "It points in a direction whose cosine with the one that came in is **{cosine:.2f}**.",
            cosine=one_stage.cosine(run.before, run.after),
        ),
        tr(
            "**Three heads** read it: score {before} → **{after:.2f}**; the box, in pixels of the network's "
            "input, {box_before} → **{box_after}**; and {numbers} numbers for its mask.",
            before=before,
            after=run.score,
            box_before=box_text(trace.boxes[stage - 1, proposal]),
            box_after=box_text(run.box),
            numbers=trace.mask_vectors.shape[2],
        ),
    ]
    return "\n\n".join(parts)


def start_of(trace: Trace, run: StageRun, proposal: int) -> str:
    """Where the first proposal feature comes from. Markdown with LaTeX."""
    image = one_stage.image_feature(trace)
    learned = run.before - image
    parts = [
        tr(
            "**f_prop of stage 0** is a learned feature of this proposal plus a feature of the whole photo, "
            "the global average of each level of the pyramid:"
        ),
        "$$f_{prop}^0 = e + \\sum_{l=2}^{5} \\mathrm{mean}(P_l)$$",
        tr(
            "Here the learned part has the length {learned:.1f}, that of the photo {photo:.1f}.",
            learned=np.linalg.norm(learned),
            photo=np.linalg.norm(image),
        ),
    ]
    return "\n\n".join(parts)


def box_text(box: np.ndarray) -> str:
    return "(" + ", ".join(f"{v:.0f}" for v in box) + ")"
