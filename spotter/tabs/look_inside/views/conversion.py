"""View 9: Recognition Conversion, its gates, and recognition without them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image

from spotter.explain.topics import conversion
from spotter.explain.topics.conversion import GATE_MAPS, MAPS, PARTS
from spotter.explain.word_crop import turn_note
from spotter.tabs.look_inside.figure import Figure, keep_file
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Values, View, ViewInput
from spotter.tabs.look_inside.widgets import formula, name_slides

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

CHOICES = [(title, name) for name, title in MAPS.items()]


class ConversionView(View):
    number = 9
    title = "Recognition Conversion"
    paper = "section 3.3"
    notice = (
        "The gates M1 to M3 come from the detector, coarse to fine: how strongly do they suppress what is "
        "not the word? They are soft, so gradients of recognition flow back through them into detection. In "
        "the paper this is the largest single gain (end-to-end 55.7 to 62.6 on Total-Text)."
    )
    runs_model = True

    def layout(self) -> None:
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=300):
                self.gates = Figure(photo=True, framed=True, elem_id="conversion-gates")
                self.leakage = formula()
            with gr.Column(scale=3, min_width=280):
                with gr.Row():
                    self.left = gr.Dropdown(CHOICES, value="photo", label="Left of the slider", min_width=120)
                    self.right = gr.Dropdown(CHOICES, value="m3", label="Right of the slider", min_width=120)
                self.slider = gr.ImageSlider(
                    label="Drag to compare",
                    show_label=False,  # it would lie on the word
                    interactive=False,
                    buttons=[],
                    elem_id="conversion-slider",
                )
                self.parts = gr.CheckboxGroup(
                    list(PARTS), value=list(PARTS), label="Switched on (the word is read again)"
                )
                self.reading = gr.Markdown(elem_id="conversion-reading")
                self.bars = Figure(elem_id="conversion-gradients")
                self.gradients = formula()
        name_slides(self.slider, [self.left, self.right], "Map over the word")
        self.inputs = [self.left, self.right, self.parts]
        self.outputs = [self.gates, self.leakage, self.slider, self.reading, self.bars, self.gradients]

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, spotter = view_input.trace, view_input.selected, view_input.spotter()
        gradients = conversion.gradients(spotter, trace, word)
        sides = (conversion.draw_map(trace, word, values[side]) for side in (self.left, self.right))
        return {
            self.gates: conversion.draw_gates(trace, word, view_input.truth),
            self.leakage: describe_leakage(trace, word, view_input.truth),
            self.slider: tuple(self.slider_file(picture) for picture in sides),
            self.reading: describe_reading(spotter, trace, word, set(values[self.parts])),
            self.bars: conversion.draw_gradients(gradients),
            self.gradients: describe_gradients(gradients),
        }

    def slider_file(self, picture: Image.Image) -> str:
        data = BytesIO()
        picture.save(data, "PNG", compress_level=1)
        return keep_file(data.getvalue(), "map.png", self.slider.GRADIO_CACHE)


def describe_leakage(trace: Trace, word: int, truth: str = "") -> str:
    """The formula of each gate and how much it leaks. Markdown with LaTeX; `truth`: lines of true words."""
    polygon = conversion.true_polygon(trace, word, truth)
    leaks = {name: conversion.leakage(trace, word, name, polygon) for name in GATE_MAPS}
    reference = "its true outline" if polygon is not None else "maskK"
    rows = [
        f"| gate | mean on the word | mean around it (leaks) | around / on | IoU with {reference} |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, leak in leaks.items():
        if leak is None:
            text = (
                f"**No background to leak onto:** by {reference}, the word fills its crop. Pick a curved "
                "word, or write the word's true outline under the photo."
            )
            break
        rows.append(
            f"| {MAPS[name]} | {leak.inside:.3f} | {leak.outside:.3f} | "
            f"{leak.outside / max(leak.inside, 1e-6):.2f} | {leak.iou:.2f} |"
        )
    else:
        chance = float(conversion.word_region_mask(trace, word, polygon).mean())
        hint = " (its true outline can be written under the photo)" if polygon is None else ""
        text = "\n".join(rows) + (
            f"\n\nBy {reference}{hint}, the word is {chance:.0%} of its crop. The IoU is that of the gate's "
            "strongest cells, as many as the word has; cells picked at random would have "
            f"{chance / (2 - chance):.2f}."
        )
    formulas = (
        "$$r_1 = a_3 \\odot M_1, \\qquad r_2 = (E_u(r_1) + a_2) \\odot M_2$$\n\n"
        "$$r_3 = (E_u(r_2) + a_1) \\odot M_3, \\qquad M_i = \\sigma(d_i)$$\n\n"
    )
    turned = turn_note(trace, word)
    return formulas + text + (f"\n\nAll maps are {turned}." if turned else "")


def describe_reading(spotter: Spotter, trace: Trace, word: int, parts: set[str]) -> str:
    """The word read with only these PARTS switched on, compared with all of them. Markdown."""
    from spotter.explain.interventions import GATES, gate_off, mask_off, reread

    whole = reread(spotter, trace, word)
    missing = [part for part in PARTS if part not in parts]
    if not missing:
        return (
            f"With all parts on, it reads **{escape(whole.text)}** (−log p = {whole.surprise:.2f}). Switch "
            "something off."
        )
    interventions = [gate_off(gate) for gate in GATES if gate not in parts]
    if "maskK" not in parts:
        interventions.append(mask_off())
    other = reread(spotter, trace, word, interventions)
    verdict = "the text **changes**" if other.text != whole.text else "the text **stays**"
    return (
        f"Without {', '.join(missing)} {verdict}: **{escape(other.text)}** (−log p = {other.surprise:.2f}); "
        f"with all parts: **{escape(whole.text)}** (−log p = {whole.surprise:.2f})."
    )


def describe_gradients(gradients: dict[str, tuple[float, float]]) -> str:
    """What `conversion.gradients` shows. Markdown with LaTeX."""
    (proposal, features), (detached_proposal, detached_features) = gradients["none"], gradients["all"]
    norm = "\\Big\\lVert \\tfrac{\\partial L_{rec}}{\\partial f} \\Big\\rVert"
    return (
        f"$${norm} = {proposal:.3g}\\ \\text{{with RC}}, "
        f"\\quad {detached_proposal:.3g}\\ \\text{{with the gates detached}}$$\n\n"
        "The recognition loss reaches the detector's proposal feature $f$ only through the gates. With the "
        "gates detached, recognition can no longer train detection. At the RoI features, which go "
        f"straight to the reader, the gradient is {features:.3g} and {detached_features:.3g}. Its size "
        "depends on how confident the reading is: a certain one has little left to teach."
    )
