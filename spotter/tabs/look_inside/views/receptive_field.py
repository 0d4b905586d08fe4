"""What influences a cell of the pyramid, with and without the dilated block."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain import gap_between_words, gradient_field, picked_points
from spotter.explain.gradient_field import MAX_DILATION, Cell, Field, Variant
from spotter.explain.picked_points import Gap
from spotter.explain.theoretical_field import dilated_cells
from spotter.explain.topics import receptive_field
from spotter.explain.topics.receptive_field import SHARES, variant_name
from spotter.images import read_image
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Click, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import (
    INVALID_POINT,
    Slider,
    clicked_point,
    formula,
    name_slides,
    point_choice,
)
from spotter.tabs.shared.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WITHOUT = "without the block"
UNDILATED = "1-1-1"
MAX_NAMES = 8  # of words with a gap, in the text


@lru_cache(maxsize=1)
def sample_photos() -> list[np.ndarray]:
    return [read_image(sample.path) for sample in SAMPLES]


class ReceptiveFieldView(View):
    name = "dilated"
    title = "Dilated block"
    question = "Does a cell see across the gap between two words?"
    paper = "section 3.1"
    notice = (
        "Convolution is local, and words look alike everywhere; to keep the words of a line apart a cell has "
        "to see across the blank between them. The block has two dilated convolutions and a plain one, and "
        "its output is added to its input. Drag to compare it with three plain ones: is the field as much "
        "wider as the blue squares suggest?"
    )
    needs_word = False
    runs_model = True
    slow = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, clickable=True, elem_id="field-picture")
                self.slider = gr.ImageSlider(
                    label="Drag to compare",
                    show_label=False,  # it would lie over the picture
                    interactive=False,
                    buttons=[],
                    format="png",
                    elem_id="field-slider",
                )
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.level = gr.Radio([(f"P{i + 2}", i) for i in range(4)], value=0, label="Level")
                self.point = point_choice("Cell at", "field-point")
                with gr.Row():
                    self.left = dilation_choice("Left", "2-4-1")
                    self.right = dilation_choice("Right", UNDILATED)
                self.photos = Slider(
                    1, len(SAMPLES), value=1, step=1, label="Average over photos (the samples; seconds each)"
                )
                self.curves = Figure(elem_id="field-curves")
                self.text = formula()
        self.gap = gr.Markdown(elem_id="field-gap")
        name_slides(self.slider, [self.left, self.right], "Receptive field, dilated block")
        self.inputs = [self.level, self.point, self.left, self.right, self.photos]
        self.outputs = [self.picture, self.slider, self.curves, self.text, self.gap]
        self.clicks = [Click(self.picture, self.point, clicked_point)]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        points = picked_points.named_points(trace, view_input.word)
        own = "-".join(map(str, trace.config.dilations))
        variants = list(dict.fromkeys([own, UNDILATED, WITHOUT]))
        return {
            self.level: {"value": 0},
            self.point: {"choices": points, "value": points[0]},
            self.left: {"choices": variants, "value": own},
            self.right: {"choices": variants, "value": UNDILATED if own != UNDILATED else WITHOUT},
            self.photos: {"value": 1},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, level = view_input.trace, view_input.word, int(values[self.level] or 0)
        point = picked_points.point_of(trace, word, values[self.point])
        if point is None:
            return self.message(INVALID_POINT)
        layers = len(trace.config.dilations)
        variants: list[Variant] = []
        for side in (values[self.left], values[self.right]):
            variant = None if side == WITHOUT else gradient_field.parse_dilations(side, layers)
            if variant is None and side != WITHOUT:
                return self.message(invalid_dilations(layers))
            variants.append(variant)
        cell, photos, spotter = receptive_field.cell_at(trace, level, point), [], view_input.spotter()
        if values[self.photos] > 1:
            others = receptive_field.other_photos(trace, sample_photos())
            photos = others[: int(values[self.photos]) - 1]
        fields = gradient_field.receptive_fields(
            spotter, trace, level, cell, variants, photos, view_input.progress
        )
        computed = [
            (variant, gradient_field.receptive_fields(spotter, trace, level, cell, [variant], photos)[0])
            for variant in gradient_field.cached_variants(trace, level, cell, len(photos))
        ]
        gap = None if word is None else picked_points.nearest_gap(trace, word)
        marked, gap_text = None, ask_for_gap(trace, gap)
        if word is not None and gap is not None and receptive_field.cell_at(trace, level, gap.middle) == cell:
            marked = (word, gap)
            gap_text = describe_gap(trace, level, cell, fields, variants, word, gap)
        shown = next((variant for variant in variants if variant is not None), None)
        return {
            self.picture: receptive_field.draw_photo(trace, level, cell, shown, marked),
            self.slider: receptive_field.draw_fields(trace, level, cell, fields, variants),
            self.curves: receptive_field.draw_curves(fields, variants, level),
            self.text: describe(trace, level, cell, fields, variants, computed, 1 + len(photos)),
            self.gap: gap_text,
        }

    def message(self, text: str) -> Values:
        """A sentence instead of pictures."""
        return dict.fromkeys(self.outputs) | {self.text: text, self.gap: ""}


def dilation_choice(side: str, value: str) -> gr.Dropdown:
    return gr.Dropdown(
        ["2-4-1", UNDILATED, WITHOUT],
        value=value,
        allow_custom_value=True,
        label=f"{side}: dilations",
        info="or write your own, such as 3-6-1",
        min_width=170,
        interactive=True,
        elem_id=f"field-{side.lower()}",
    )


def invalid_dilations(count: int) -> str:
    return (
        f"These are not dilations: write {count} whole numbers from 1 to {MAX_DILATION}, such as "
        f"`{'-'.join('1' * count)}`."
    )


def describe(
    trace: Trace,
    level: int,
    cell: Cell,
    fields: Sequence[Field],
    variants: Sequence[Variant],
    computed: Sequence[tuple[Variant, Field]],
    photos: int,
) -> str:
    """What was measured with these weights. Markdown with LaTeX.

    `variants`, `fields`: left and right; `computed`: all variants measured for this cell so far; `photos`:
    the number of photos averaged over.
    """
    stride, own = 4 * 2**level, tuple(trace.config.dilations)
    rows = ["| block | alone | in theory | 50 % | 99 % |", "|---|--:|--:|--:|--:|"]
    for variant, field in computed:
        x1, y1, x2, y2 = receptive_field.theoretical_box(trace, level, cell, variant)
        span, covered = 2 * sum(variant or ()) + 1, len(dilated_cells(variant or ()))
        holes = "" if covered == span else f" ({span - covered} holes)"
        trained, unit = (" (trained)" if variant == own else ""), ("cell" if span == 1 else "cells")
        rows.append(
            f"| {variant_name(variant)}{trained} | {span} {unit}{holes} | "
            f"{x2 - x1:.0f} × {y2 - y1:.0f} | {field.side(0.5)} px | {field.side(0.99)} px |"
        )
    inner, outer = ((fields[0].side(share), fields[1].side(share)) for share in SHARES)
    terms = " + ".join(map(str, own))
    return (
        f"$$n = 1 + 2\\,({terms}) = {1 + 2 * sum(own)}\\ \\text{{cells of P{level + 2}}}$$\n\n"
        f"$${1 + 2 * sum(own)} \\cdot {stride} = {(1 + 2 * sum(own)) * stride}\\ "
        "\\text{pixels of the network's input}$$\n\n"
        f"Cell of P{level + 2} in row {cell[0]}, column {cell[1]}, {stride} pixels wide; the magnitude of "
        f"the gradient at every pixel, on {'this photo' if photos == 1 else f'{photos} photos'}. Blue "
        "square: what the block alone lets it see; green: everything that can reach it in theory.\n\n"
        f"**What these weights show.** {variant_name(variants[0]).capitalize()} compared with "
        f"{variant_name(variants[1])}: the square with half of the gradient is {ratio(*inner)}; the one with "
        f"99 % is {ratio(*outer)}. {verdict(inner, outer)} In the paper's own ablation the dilated block "
        "adds 0.5 end-to-end (Total-Text). Other dilations use the weights trained for these, and without "
        "the block the network does what it was never trained to do: neither says what training it so would "
        "give.\n\n" + "\n".join(rows)
    )


def ratio(left: int, right: int) -> str:
    """How two widths compare, in words."""
    value = left / max(right, 1)
    if 0.95 <= value <= 1.05:
        return f"{left} against {right} pixels, the same within 5 %"
    return f"{left} against {right} pixels, {value:.2f} times as wide"


def verdict(inner: Sequence[int], outer: Sequence[int]) -> str:
    """One sentence on left (first) compared with right (second): sides of the squares with half and with
    nearly all of the gradient.
    """
    core, edge = inner[0] / max(inner[1], 1), outer[0] / max(outer[1], 1)
    if max(abs(core - 1), abs(edge - 1)) <= 0.05:
        return "So for this cell the two hardly differ."
    if core > 1.05 and edge > 1.05:
        return "So the left one widens the field, at its core and at its edge."
    if core > 1.05:
        return "So the left one widens the core of the field, but not its edge."
    if edge > 1.05:
        return "So the left one adds only faint distant pixels; the core is not wider."
    return "So the left one does not widen this field; it is narrower."


def ask_for_gap(trace: Trace, gap: Gap | None) -> str:
    """The question about the gap between two words of a line, while the cell is elsewhere."""
    if gap is not None:
        return (
            f"**Does the field bridge the gap?** Choose *{picked_points.GAP}* as the cell's point to find "
            f"out: the gap to word {gap.other + 1}, on the same line, is {gap.width:.0f} pixels wide."
        )
    others = [i for i in range(len(trace.words)) if picked_points.nearest_gap(trace, i) is not None]
    if not others:
        return "There is no gap to ask about: no two words of this photo stand on one line."
    names = ", ".join(f"{i + 1} **{escape(trace.words[i].text)}**" for i in others[:MAX_NAMES])
    return (
        "There is no gap to ask about: no other word stands on the line of this one. "
        f"Words with a neighbour on their line: {names}."
    )


def describe_gap(
    trace: Trace,
    level: int,
    cell: Cell,
    fields: Sequence[Field],
    variants: Sequence[Variant],
    word: int,
    gap: Gap,
) -> str:
    """Whether the field of a cell in the gap reaches both words. Markdown."""
    words = (word, gap.other)
    names = [escape(trace.words[w].text) for w in words]
    needed = gap_between_words.needed_side(trace, level, cell, words)
    question = (
        f"**Does the field bridge the gap?** The gap between **{names[0]}** (word {word + 1}) and "
        f"**{names[1]}** (word {gap.other + 1}) is {gap.width:.0f} pixels wide; a square of {needed} pixels "
        "around the cell touches both words."
    )
    lines = []
    for field, variant in zip(fields, variants, strict=True):
        inner, outer = (field.side(share) for share in SHARES)
        answer = (
            "yes, its 50 % square touches both"
            if inner >= needed
            else "only faintly: its 50 % square does not touch both, its 99 % square does"
            if outer >= needed
            else "no, not even its 99 % square touches both"
        )
        first, second = (field.share_in(gap_between_words.word_mask(trace, w)) for w in words)
        lines.append(
            f"- {variant_name(variant)}: {answer} ({inner} and {outer} pixels); {first:.1%} of the gradient "
            f"lies on the first word, {second:.1%} on the second."
        )
    return question + "\n\n" + "\n".join(lines)
