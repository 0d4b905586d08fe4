"""MaskK, the shape of a word in a few numbers."""

from __future__ import annotations

import gradio as gr

from spotter.explain.equations import agreeing
from spotter.explain.polygon_text import parse_outlines, show_outline
from spotter.explain.topics import masks
from spotter.explain.topics.masks import CodedMask, MaskLoss
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, formula

COEFFICIENTS = 10  # decoded first


class MasksView(View):
    name = "mask"
    title = Text(lambda: tr("A mask in 60 numbers"))
    question = Text(lambda: tr("How can a network that outputs boxes find any shape?"))
    paper = Text(lambda: tr("section 3.2"))
    notice = Text(
        lambda: tr(
            "A word's shape needs few numbers: the first coefficients tilt and bend the whole outline, the "
            "later ones change details, and now and then one makes it worse before the next repairs it. So "
            "besides four coordinates the detector predicts a short vector instead of 784 cells, and finds "
            "words of any shape. Paste or write another polygon."
        )
    )

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, framed=True, elem_id="masks-picture", scroll_below=480)
                self.text = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.count = Slider(1, 60, value=COEFFICIENTS, step=1, label=tr("Coefficients used"))
                self.polygon = gr.Textbox(
                    "",
                    label=tr("The polygon (editable)"),
                    info=tr(
                        "x,y of each corner in pixels of the photo; starts as the selected word's outline."
                    ),
                    lines=2,
                    elem_id="masks-polygon",
                )
                self.curve = Figure(elem_id="masks-curve")
                self.components = Figure(elem_id="masks-components")
        self.inputs = [self.count, self.polygon]
        self.outputs = [self.picture, self.curve, self.components, self.text]
        # gradio 6.31 does not count pasting over a whole text as input; leaving the box covers the rest.
        self.triggers = [self.count.input, self.polygon.input, self.polygon.submit, self.polygon.blur]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        maximum = trace.mask_vectors.shape[2]
        polygon = trace.polygon(view_input.selected) * trace.scale
        return {
            self.count: {"value": min(COEFFICIENTS, maximum), "maximum": maximum},
            self.polygon: {"value": show_outline(polygon)},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, code = view_input.trace, view_input.spotter().model.mask_code
        outlines = parse_outlines((values[self.polygon] or "").replace("\n", " "))
        if not outlines:
            invalid = tr("This is not a polygon yet: write at least three corners as `x,y x,y x,y`.")
            return dict.fromkeys(self.outputs) | {self.text: invalid}
        coded = masks.code_polygon(trace, code, outlines[0][1] / trace.scale)
        count = min(int(values[self.count]), len(coded.coefficients))
        loss = masks.mask_loss(trace, code, view_input.selected, coded)
        return {
            self.picture: masks.draw_masks(trace, coded, count, view_input.selected, columns=3),
            self.curve: masks.draw_curve(coded, count),
            self.components: masks.draw_components(code, coded, count),
            self.text: f"{describe(coded, count)}\n\n{describe_loss(loss, len(coded.coefficients))}",
        }


def describe(coded: CodedMask, count: int) -> str:
    """The formula with its numbers. Markdown with LaTeX."""
    first = ",\\ ".join(f"{v:.2f}" for v in coded.coefficients[: min(count, 5)])
    more = ",\\ \\dots" if count > 5 else ""
    total = coded.mask.size
    explained = tr(
        "The {total} cells of the mask become {count} numbers, {factor:.0f} times fewer. The "
        "components $u_i$ come from a principal component analysis of word shapes in logit space, not from "
        "training; the network predicts the $a_i$ of a word at each stage. With {all} numbers "
        "the IoU is {iou:.3f}.",
        total=total,
        count=count,
        factor=total / count,
        all=len(coded.ious),
        iou=coded.ious[-1],
    )
    return (
        "$$\\hat m = \\sigma\\Big(\\mu + \\sum_{i=1}^{k} a_i\\,\\sqrt{v_i}\\; u_i\\Big)$$\n\n"
        f"$$k = {count},\\quad a = ({first}{more})$$\n\n"
        f"{explained}"
    )


def describe_loss(loss: MaskLoss, count: int) -> str:
    """How training compares the predicted mask with the true one. Markdown with LaTeX."""
    cells, dice = agreeing(
        lambda overlap, predicted, true: 1 - 2 * overlap / max(predicted + true, 1e-6),
        [loss.overlap, loss.predicted, loss.true],
        [1, 1, 1],
        3,
    )
    parts = [
        tr(
            "**Training** compares the predicted mask with the true one twice: the {count} numbers by their "
            "squared distance (L2), and the decoded cells by how much they share (dice), which sees the "
            "shape as a whole.",
            count=count,
        ),
        "$$L_{mask} = 2 \\cdot \\tfrac{1}{K} \\sum_i (\\hat a_i - a_i)^2 + 2 \\cdot "
        "\\Big(1 - \\tfrac{2 \\sum \\hat m\\, m}{\\sum \\hat m^2 + \\sum m^2}\\Big)$$",
        tr(
            "With the polygon taken as true, L2 is {l2:.3f} for the network's last stage, and dice is:",
            l2=loss.l2,
        ),
        f"$$1 - \\tfrac{{2 \\cdot {cells[0]}}}{{{cells[1]} + {cells[2]}}} = {dice}$$",
    ]
    return "\n\n".join(parts)
