"""The refinement stages, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain.equations import agreeing, signed
from spotter.explain.topics import stages, two_weights
from spotter.explain.topics.proposals import proposal_of
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, comparison_note, formula
from spotter.tabs.shared.events import HIDDEN

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

FIRST_LAYERS = ["others", "arrows", "path"]
STAGES = 6  # of the published network; `prepare` sets those of the one shown
SECONDS_PER_STAGE = 0.7


class StagesView(View):
    name = "stages"
    title = Text(lambda: tr("Six stages"))
    question = Text(lambda: tr("How does a box find its word?"))
    paper = Text(lambda: tr("section 3.2"))
    notice = Text(
        lambda: tr(
            "Each stage only corrects the box of the one before. The curve shows which stages do most of the "
            "work and which only refine; a box gets brighter as its score rises."
        )
    )
    needs_word = False
    compares = True

    def layout(self) -> None:
        layers = [
            (tr("all boxes, brighter with their score"), "others"),
            (tr("movement of the words"), "arrows"),
            (tr("earlier boxes of this proposal"), "path"),
            (tr("what it attends to in self-attention"), "attended"),
        ]
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.compared = comparison_note()
                self.picture = Figure(photo=True, elem_id="stages-picture")
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.stage = Slider(0, STAGES, value=STAGES, step=1, label=tr("Stage"))
                play = gr.Button(tr("Play the stages"), size="sm", elem_id="stages-play")
                self.layers = gr.CheckboxGroup(layers, value=FIRST_LAYERS, label=tr("Show"))
                self.proposal = Slider(
                    0,
                    99,
                    value=0,
                    step=1,
                    label=tr("Proposal (starts as the selected word's, or the picked one)"),
                )
                self.curve = Figure(elem_id="stages-iou")
        self.text = formula()
        timer = gr.Timer(SECONDS_PER_STAGE, active=False)
        self.count = gr.Number(STAGES, visible=False)
        self.inputs = [self.stage, self.layers, self.proposal, self.count]
        self.outputs = [self.picture, self.compared, self.curve, self.text]
        self.triggers = [self.stage.input, self.layers.input, self.proposal.input]

        def advance(stage: int, count: int) -> tuple[int, gr.Timer]:
            """The next stage; the timer stops at the last one."""
            return min(int(stage) + 1, int(count)), gr.Timer(active=stage + 1 < count)

        self.setters = [
            play.click(lambda: (0, gr.Timer(active=True)), None, [self.stage, timer], **HIDDEN),
            timer.tick(advance, [self.stage, self.count], [self.stage, timer], **HIDDEN),
        ]

    def prepare(self, view_input: ViewInput) -> dict:
        trace, count = view_input.trace, len(view_input.trace.scores)
        own = proposal_of(trace, view_input.word) if view_input.proposal is None else view_input.proposal
        return {
            self.stage: {"value": count, "maximum": count},
            self.layers: {"value": FIRST_LAYERS},
            self.proposal: {"value": own, "maximum": trace.boxes.shape[1] - 1},
            self.count: {"value": count},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, proposal = view_input.trace, int(values[self.proposal])
        stage = min(int(values[self.stage]), len(trace.scores))
        show, pair = frozenset(values[self.layers]), view_input.pair()
        if pair is None:
            picture, note = stages.draw_stage(trace, proposal, stage, show), ""
        else:
            picture = two_weights.draw_stages(pair, proposal, stage, show)
            note = escape(two_weights.compare_stages(pair, proposal))
        return {
            self.picture: picture,
            self.compared: note,
            self.curve: stages.draw_iou(trace, proposal, stage),
            self.text: describe(trace, proposal, stage),
        }


def describe(trace: Trace, proposal: int, stage: int) -> str:
    """The formula of this stage with its numbers, and the table of all stages. Markdown with LaTeX."""
    ious, side = stages.iou_with_final(trace, np.array([proposal]))[:, 0], trace.config.roi_size
    if stage == 0:
        text = tr(
            "At stage 0 the box is the learned one and has no score. Move the slider, or press Play: every "
            "stage takes the {side} × {side} bins that RoIAlign pools from the previous box, and corrects "
            "that box.",
            side=side,
        )
        text += "\n\n"
    else:
        before = trace.boxes[stage - 1, proposal].astype(float)
        dx, dy, dw, dh = stages.deltas(before, trace.boxes[stage, proposal].astype(float))
        (cx, cy), (w, h) = (before[:2] + before[2:]) / 2, before[2:] - before[:2]
        predicted = ",\\ ".join(f"{value:z.2f}" for value in (dx, dy, dw, dh))
        text = (
            tr(
                "Stage {stage} predicts $(d_x, d_y, d_w, d_h) = ({predicted})$; in pixels of the network's "
                "input:",
                stage=stage,
                predicted=predicted,
            )
            + "\n\n"
            + moved("c_x' = c_x + \\tfrac{d_x}{2}\\,w", cx, dx / 2, w)
            + moved("c_y' = c_y + \\tfrac{d_y}{2}\\,h", cy, dy / 2, h)
            + scaled("w' = w\\,e^{d_w}", w, float(np.exp(dw)))
            + scaled("h' = h\\,e^{d_h}", h, float(np.exp(dh)))
        )
    titles = tr("stage"), tr("score"), tr("box x1, y1, x2, y2"), "IoU"
    rows = [f"| {' | '.join(titles)} |", "|--:|--:|---|--:|"]
    for s, box in enumerate(trace.boxes[:, proposal]):
        score = f"{trace.scores[s - 1, proposal]:.2f}" if s else tr("none")
        corners = ", ".join(f"{v:.0f}" for v in box)
        mark = "**" if s == stage else ""
        rows.append(f"| {mark}{s}{mark} | {score} | {corners} | {ious[s]:.2f} |")
    return text + "\n".join(rows)


def moved(rule: str, centre: float, step: float, side: float) -> str:
    """The centre after a step in sides of the box, with numbers that add up as printed. LaTeX."""
    texts, result = agreeing(lambda c, d, s: c + d * s, (centre, step, side), (0, 3, 0), 0)
    return f"$${rule} = {texts[0]} {signed(texts[1])} \\cdot {texts[2]} = {result}$$\n\n"


def scaled(rule: str, side: float, factor: float) -> str:
    """A side times a factor, the same way. LaTeX."""
    texts, result = agreeing(lambda s, f: s * f, (side, factor), (0, 2), 0)
    return f"$${rule} = {texts[0]} \\cdot {texts[1]} = {result}$$\n\n"
