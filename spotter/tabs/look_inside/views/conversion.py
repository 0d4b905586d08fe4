"""Recognition Conversion, its gates, and recognition without them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
from PIL import Image

from spotter.explain.topics import conversion, conversion_steps, two_weights
from spotter.explain.topics.conversion import GATE_MAPS, MAPS, PARTS, map_title
from spotter.explain.topics.conversion_steps import Steps
from spotter.explain.word_crop import turn_note
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure, keep_file
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.look_inside.views.gate_cell import describe_cell
from spotter.tabs.look_inside.widgets import (
    comparison_note,
    formula,
    name_slides,
    side_by_side,
    slides_to_save,
)

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace


class ConversionView(View):
    name = "conversion"
    title = Text(lambda: tr("Recognition Conversion"))
    question = Text(lambda: tr("How does reading teach finding?"))
    paper = Text(lambda: tr("section 3.3"))
    notice = Text(
        lambda: tr(
            "Sharing a backbone is not enough: finding and reading would still be trained apart. Here what "
            "the detector knows of a word (d) becomes gates (M) on what the reader goes on with (r), so the "
            "gradient of reading flows back into the detector. Do the gates also dim what is not the word? "
            "Look at M3. The weights nano were trained with a loss for that, which the paper does not have."
        )
    )
    runs_model = True
    compares = True

    def layout(self) -> None:
        maps = [(map_title(name), name) for name in MAPS]
        off_means = [(tr("fully open"), "open"), (tr("its mean everywhere"), "mean")]
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.compared = comparison_note()
                self.pair = Figure(photo=True, framed=True, elem_id="conversion-pair")
                self.steps = Figure(elem_id="conversion-gates", scroll_below=560)
                self.channels = Figure(elem_id="conversion-channels", scroll_below=560)
                self.leakage = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.summary = formula(elem_id="conversion-summary")
                self.parts = gr.CheckboxGroup(
                    list(PARTS), value=list(PARTS), label=tr("Switched on (the word is read again)")
                )
                self.off = gr.Radio(off_means, value="open", label=tr("A gate that is switched off is"))
                self.reading = gr.Markdown(elem_id="conversion-reading")
                self.energy = Figure(elem_id="conversion-energy")
                self.gate = gr.Radio(["M1", "M2", "M3"], value="M3", label=tr("Channels of"))
                with gr.Row():
                    self.left = gr.Dropdown(
                        maps, value="photo", label=tr("Left of the slider"), min_width=120
                    )
                    self.right = gr.Dropdown(maps, value="m3", label=tr("Right of the slider"), min_width=120)
                self.slider = gr.ImageSlider(
                    label=tr("Drag to compare"),
                    show_label=False,  # it would lie on the word
                    interactive=False,
                    buttons=[],
                    elem_id="conversion-slider",
                )
                self.saved = slides_to_save(self.slider)
                self.bars = Figure(elem_id="conversion-gradients")
                self.gradients = formula()
        name_slides(self.slider, [self.left, self.right], tr("Map over the word"))
        self.inputs = [self.parts, self.off, self.gate, self.left, self.right]
        self.outputs = [
            self.steps,
            self.compared,
            self.pair,
            self.channels,
            self.summary,
            self.leakage,
            self.energy,
            self.slider,
            self.saved,
            self.reading,
            self.bars,
            self.gradients,
        ]

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, spotter = view_input.trace, view_input.selected, view_input.spotter()
        gradients = conversion.gradients(spotter, trace, word)
        steps = conversion_steps.convert_word(spotter, trace, word)
        polygon = conversion.true_polygon(trace, word, view_input.truth)
        chosen = values[self.gate] or "M3"
        gate = steps.gates[PARTS.index(chosen)]
        names = [values[side] for side in (self.left, self.right)]
        sides = [conversion.draw_map(trace, word, name) for name in names]
        contrast = conversion_steps.contrast(trace, word, gate, polygon)
        ratios = conversion_steps.energy_ratios(trace, word, steps, polygon)
        pair = view_input.pair()
        return {
            self.compared: escape(two_weights.compare_conversion(pair, view_input.truth)) if pair else "",
            self.pair: two_weights.draw_conversion(pair) if pair else None,
            self.steps: conversion_steps.draw_steps(trace, word, steps, polygon),
            self.channels: conversion_steps.draw_channels(gate, contrast, chosen),
            self.summary: describe_claims(trace, word, steps, gradients, polygon),
            self.leakage: f"{describe_leakage(trace, word, view_input.truth)}\n\n{describe_cell(steps)}",
            self.energy: conversion_steps.draw_energy(ratios),
            self.slider: tuple(self.slider_file(picture) for picture in sides),
            self.saved: side_by_side([map_title(name) for name in names], sides),
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
    if turned := turn_note(trace, word):
        rectified = tr(
            "{turned}: a rectification by this project, for its small network, that the paper does without",
            turned=turned,
        )
    else:
        rectified = tr("this word is read in its upright box, too")
    rows = [
        ("", tr("the paper"), tr("these weights, this word")),
        (
            tr("the gates"),
            tr("suppress the background, so that the reader can concentrate on the word"),
            conversion_steps.summarise(trace, word, steps, polygon),
        ),
        (
            tr("the gradient"),
            tr("recognition trains detection through them"),
            tr(
                "{proposal:.3g} at the proposal feature, {detached:.3g} with the gates detached",
                proposal=gradients["none"][0],
                detached=gradients["all"][0],
            ),
        ),
        (
            tr("the gain"),
            tr("end-to-end 55.7 to 62.6 on Total-Text, the largest of its ablations"),
            tr("not measured"),
        ),
        (
            tr("no rectification"),
            tr("neither TPS nor Bezier curves: RoIAlign of the box"),
            rectified,
        ),
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---|---|---|", *lines[1:]])


def describe_leakage(trace: Trace, word: int, truth: str = "") -> str:
    """The formula of each gate and how much it leaks. Markdown with LaTeX; `truth`: lines of true words."""
    polygon = conversion.true_polygon(trace, word, truth)
    leaks = {name: conversion.leakage(trace, word, name, polygon) for name in GATE_MAPS}
    reference = tr("its true outline") if polygon is not None else "maskK"
    titles = (
        tr("gate"),
        tr("mean on the word"),
        tr("mean around it (leaks)"),
        tr("around / on"),
        tr("IoU with {reference}", reference=reference),
    )
    rows = [f"| {' | '.join(titles)} |", "|---|--:|--:|--:|--:|"]
    for name, leak in leaks.items():
        if leak is None:
            text = tr(
                "**No background to leak onto:** by {reference}, the word fills its crop. Pick a curved "
                "word, or write the word's true outline where you pick the photo.",
                reference=reference,
            )
            break
        rows.append(
            f"| {map_title(name)} | {leak.inside:.3f} | {leak.outside:.3f} | "
            f"{leak.outside / max(leak.inside, 1e-6):.2f} | {leak.iou:.2f} |"
        )
    else:
        chance = float(conversion.word_region_mask(trace, word, polygon).mean())
        if polygon is None:
            share = tr(
                "By maskK (its true outline can be written where you pick the photo), the word is "
                "{share:.0%} of its crop.",
                share=chance,
            )
        else:
            share = tr("By its true outline, the word is {share:.0%} of its crop.", share=chance)
        compared = tr(
            "The IoU is that of the gate's strongest cells, as many as the word has; cells picked at random "
            "would have {iou:.2f}.",
            iou=chance / (2 - chance),
        )
        text = "\n".join(rows) + f"\n\n{share} {compared}"
    formulas = (
        "$$r_1 = a_3 \\odot M_1, \\qquad r_2 = (E_u(r_1) + a_2) \\odot M_2$$\n\n"
        "$$r_3 = (E_u(r_2) + a_1) \\odot M_3, \\qquad M_i = \\sigma(d_i)$$\n\n"
    )
    symbols = tr(
        "$E_u$ enlarges a map to twice its size (nearest cell, then a convolution); $a_1, a_2, a_3$ are the "
        "RoI features after two, three and four convolutions; $\\sigma(0) = 0.5$, so a gate that knows "
        "nothing lets half through."
    )
    turned = turn_note(trace, word)
    note = "\n\n" + tr("All maps are {turned}.", turned=turned) if turned else ""
    return f"{formulas}{symbols}\n\n{text}{note}"


def describe_reading(
    spotter: Spotter, trace: Trace, word: int, parts: set[str], averaged: bool = False
) -> str:
    """The word read with only these PARTS switched on, compared with all of them. Markdown.

    averaged: gates that are off have their mean everywhere, instead of being open.
    """
    from spotter.tracing.interventions import GATES, gate_averaged, gate_off, mask_off, reread

    whole = reread(spotter, trace, word)
    missing = [part for part in PARTS if part not in parts]
    if not missing:
        return tr(
            "With all parts on, it reads **{text}** (−log p = {surprise:.2f}). Switch something off.",
            text=escape(whole.text),
            surprise=whole.surprise,
        )
    off = gate_averaged if averaged else gate_off
    interventions = [off(gate) for gate in GATES if gate not in parts]
    if "maskK" not in parts:
        interventions.append(mask_off())
    other = reread(spotter, trace, word, interventions)
    values = {
        "parts": ", ".join(missing),
        "text": escape(other.text),
        "surprise": other.surprise,
        "whole": escape(whole.text),
        "whole_surprise": whole.surprise,
    }
    if other.text != whole.text:
        return tr(
            "Without {parts} the text **changes**: **{text}** (−log p = {surprise:.2f}); "
            "with all parts: **{whole}** (−log p = {whole_surprise:.2f}).",
            **values,
        )
    return tr(
        "Without {parts} the text **stays**: **{text}** (−log p = {surprise:.2f}); "
        "with all parts: **{whole}** (−log p = {whole_surprise:.2f}).",
        **values,
    )


def describe_gradients(gradients: dict[str, tuple[float, float]]) -> str:
    """What `conversion.gradients` shows. Markdown with LaTeX."""
    (proposal, features), (detached_proposal, detached_features) = gradients["none"], gradients["all"]
    norm = "\\Big\\lVert \\tfrac{\\partial L_{rec}}{\\partial f} \\Big\\rVert"
    explained = tr(
        "The recognition loss reaches the detector's proposal feature $f$ only through the gates. With the "
        "gates detached, recognition can no longer train detection. At the RoI features, which go "
        "straight to the reader, the gradient is {features:.3g} and {detached:.3g}. Its size "
        "depends on how confident the reading is: a certain one has little left to teach.",
        features=features,
        detached=detached_features,
    )
    whole, detached = tr("with RC"), tr("with the gates detached")
    return (
        f"$${norm} = {proposal:.3g}\\ \\text{{{whole}}}, "
        f"\\quad {detached_proposal:.3g}\\ \\text{{{detached}}}$$\n\n{explained}"
    )
