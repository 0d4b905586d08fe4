"""Recognition Conversion, its gates, and recognition without them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
from PIL import Image

from spotter.explain.topics import conversion, conversion_steps
from spotter.explain.topics.conversion import GATE_MAPS, MAPS, PARTS
from spotter.explain.topics.conversion_steps import Steps
from spotter.explain.word_crop import turn_note
from spotter.tabs.look_inside.figure import Figure, keep_file
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Values, View, ViewInput
from spotter.tabs.look_inside.widgets import formula, name_slides

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

CHOICES = [(title, name) for name, title in MAPS.items()]


OFF_MEANS = [("fully open", "open"), ("its mean everywhere", "mean")]
CLAIMS = """| | the paper | these weights, this word |
|---|---|---|
| the gates | suppress the background, so that the reader can concentrate on the word | {gates} |
| the gradient | recognition trains detection through them | {gradient} |
| the gain | end-to-end 55.7 to 62.6 on Total-Text, the largest of its ablations | not measured |
| no rectification | neither TPS nor Bezier curves: RoIAlign of the box | {turned} |"""
GRADIENT = "{proposal:.3g} at the proposal feature, {detached:.3g} with the gates detached"
NOT_TURNED = "this word is read in its upright box, too"
TURNED = "{turned}: a rectification by this project, for its small network, that the paper does without"


class ConversionView(View):
    name = "conversion"
    title = "Recognition Conversion"
    question = "How does reading teach finding?"
    paper = "section 3.3"
    notice = (
        "Sharing a backbone is not enough: finding and reading would still be trained apart. Here what the "
        "detector knows of a word (d) becomes gates (M) on what the reader goes on with (r), so the gradient "
        "of reading flows back into the detector. Do the gates also dim what is not the word? Their mean "
        "hides it; look at the channels."
    )
    runs_model = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.steps = Figure(elem_id="conversion-gates", scroll_below=560)
                self.channels = Figure(elem_id="conversion-channels", scroll_below=560)
                self.leakage = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.summary = formula(elem_id="conversion-summary")
                self.parts = gr.CheckboxGroup(
                    list(PARTS), value=list(PARTS), label="Switched on (the word is read again)"
                )
                self.off = gr.Radio(OFF_MEANS, value="open", label="A gate that is switched off is")
                self.reading = gr.Markdown(elem_id="conversion-reading")
                self.energy = Figure(elem_id="conversion-energy")
                self.gate = gr.Radio(["M1", "M2", "M3"], value="M3", label="Channels of")
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
                self.bars = Figure(elem_id="conversion-gradients")
                self.gradients = formula()
        name_slides(self.slider, [self.left, self.right], "Map over the word")
        self.inputs = [self.parts, self.off, self.gate, self.left, self.right]
        self.outputs = [
            self.steps,
            self.channels,
            self.summary,
            self.leakage,
            self.energy,
            self.slider,
            self.reading,
            self.bars,
            self.gradients,
        ]

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, spotter = view_input.trace, view_input.selected, view_input.spotter()
        gradients = conversion.gradients(spotter, trace, word)
        steps = conversion_steps.convert_word(spotter, trace, word)
        polygon = conversion.true_polygon(trace, word, view_input.truth)
        name = values[self.gate] or "M3"
        gate = steps.gates[PARTS.index(name)]
        sides = (conversion.draw_map(trace, word, values[side]) for side in (self.left, self.right))
        contrast = conversion_steps.contrast(trace, word, gate, polygon)
        ratios = conversion_steps.energy_ratios(trace, word, steps, polygon)
        return {
            self.steps: conversion_steps.draw_steps(trace, word, steps, polygon),
            self.channels: conversion_steps.draw_channels(gate, contrast, name),
            self.summary: describe_claims(trace, word, steps, gradients, polygon),
            self.leakage: describe_leakage(trace, word, view_input.truth),
            self.energy: conversion_steps.draw_energy(ratios),
            self.slider: tuple(self.slider_file(picture) for picture in sides),
            self.reading: describe_reading(
                spotter, trace, word, set(values[self.parts]), averaged=values[self.off] == "mean"
            ),
            self.bars: conversion.draw_gradients(gradients),
            self.gradients: describe_gradients(gradients),
        }

    def slider_file(self, picture: Image.Image) -> str:
        data = BytesIO()
        picture.save(data, "PNG", compress_level=1)
        return keep_file(data.getvalue(), "map.png", self.slider.GRADIO_CACHE)


def describe_claims(
    trace: Trace,
    word: int,
    steps: Steps,
    gradients: dict[str, tuple[float, float]],
    polygon: np.ndarray | None = None,
) -> str:
    """What the paper claims beside what these weights do to this word. Markdown."""
    turned = turn_note(trace, word)
    return CLAIMS.format(
        gates=conversion_steps.summarise(trace, word, steps, polygon),
        gradient=GRADIENT.format(proposal=gradients["none"][0], detached=gradients["all"][0]),
        turned=TURNED.format(turned=turned) if turned else NOT_TURNED,
    )


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
                "word, or write the word's true outline where you pick the photo."
            )
            break
        rows.append(
            f"| {MAPS[name]} | {leak.inside:.3f} | {leak.outside:.3f} | "
            f"{leak.outside / max(leak.inside, 1e-6):.2f} | {leak.iou:.2f} |"
        )
    else:
        chance = float(conversion.word_region_mask(trace, word, polygon).mean())
        hint = " (its true outline can be written where you pick the photo)" if polygon is None else ""
        text = "\n".join(rows) + (
            f"\n\nBy {reference}{hint}, the word is {chance:.0%} of its crop. The IoU is that of the gate's "
            "strongest cells, as many as the word has; cells picked at random would have "
            f"{chance / (2 - chance):.2f}."
        )
    formulas = (
        "$$r_1 = a_3 \\odot M_1, \\qquad r_2 = (E_u(r_1) + a_2) \\odot M_2$$\n\n"
        "$$r_3 = (E_u(r_2) + a_1) \\odot M_3, \\qquad M_i = \\sigma(d_i)$$\n\n"
        "$E_u$ enlarges a map to twice its size (nearest cell, then a convolution); $a_1, a_2, a_3$ are the "
        "RoI features after two, three and four convolutions; $\\sigma(0) = 0.5$, so a gate that knows "
        "nothing lets half through.\n\n"
    )
    turned = turn_note(trace, word)
    return formulas + text + (f"\n\nAll maps are {turned}." if turned else "")


def describe_reading(
    spotter: Spotter, trace: Trace, word: int, parts: set[str], averaged: bool = False
) -> str:
    """The word read with only these PARTS switched on, compared with all of them. Markdown.

    averaged: gates that are off have their mean everywhere, instead of being open.
    """
    from spotter.explain.interventions import GATES, gate_averaged, gate_off, mask_off, reread

    whole = reread(spotter, trace, word)
    missing = [part for part in PARTS if part not in parts]
    if not missing:
        return (
            f"With all parts on, it reads **{escape(whole.text)}** (−log p = {whole.surprise:.2f}). Switch "
            "something off."
        )
    off = gate_averaged if averaged else gate_off
    interventions = [off(gate) for gate in GATES if gate not in parts]
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
