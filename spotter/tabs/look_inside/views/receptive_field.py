"""What influences a cell of the pyramid, with and without the dilated block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain import gradient_field, picked_points
from spotter.explain.gradient_field import MAX_DILATION, Cell, Field, Variant
from spotter.explain.theoretical_field import dilated_cells
from spotter.explain.topics import receptive_field
from spotter.explain.topics.block_diagrams import draw_dilated_block
from spotter.explain.topics.receptive_field import SHARES, variant_name
from spotter.images import read_image
from spotter.language import tr, trn
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Click, Text, Values, View, ViewInput
from spotter.tabs.look_inside.views.word_gap import ask_for_gap, describe_gap
from spotter.tabs.look_inside.widgets import (
    Slider,
    clicked_point,
    formula,
    invalid_point,
    name_slides,
    point_choice,
    side_by_side,
    slides_to_save,
)
from spotter.tabs.shared.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WITHOUT = "without the block"
UNDILATED = "1-1-1"


@lru_cache(maxsize=1)
def sample_photos() -> list[np.ndarray]:
    return [read_image(sample.path) for sample in SAMPLES]


class ReceptiveFieldView(View):
    name = "dilated"
    title = Text(lambda: tr("Dilated block"))
    question = Text(lambda: tr("Does a cell see across the gap between two words?"))
    paper = Text(lambda: tr("section 3.1"))
    notice = Text(
        lambda: tr(
            "Convolution is local, and words look alike everywhere; to keep the words of a line apart a "
            "cell has to see across the blank between them. The block has two dilated convolutions and a "
            "plain one, and its output is added to its input. Drag to compare it with three plain ones: is "
            "the field as much wider as the blue squares suggest?"
        )
    )
    needs_word = False
    runs_model = True
    slow = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, clickable=True, elem_id="field-picture")
                self.slider = gr.ImageSlider(
                    label=tr("Drag to compare"),
                    show_label=False,  # it would lie over the picture
                    interactive=False,
                    buttons=[],
                    format="png",
                    elem_id="field-slider",
                )
                self.saved = slides_to_save(self.slider)
                self.block = Figure(elem_id="field-block", scroll_below=560)
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.level = gr.Radio([(f"P{i + 2}", i) for i in range(4)], value=0, label=tr("Level"))
                self.point = point_choice(tr("Cell at"), "field-point")
                with gr.Row():
                    self.left = dilation_choice(tr("Left: dilations"), "2-4-1", "field-left")
                    self.right = dilation_choice(tr("Right: dilations"), UNDILATED, "field-right")
                self.photos = Slider(
                    1,
                    len(SAMPLES),
                    value=1,
                    step=1,
                    label=tr("Average over photos (the samples; seconds each)"),
                )
                self.curves = Figure(elem_id="field-curves")
                self.text = formula()
        self.gap = gr.Markdown(elem_id="field-gap")
        name_slides(self.slider, [self.left, self.right], tr("Receptive field, dilated block"))
        self.inputs = [self.level, self.point, self.left, self.right, self.photos]
        self.outputs = [self.picture, self.slider, self.saved, self.block, self.curves, self.text, self.gap]
        self.clicks = [Click(self.picture, self.point, clicked_point)]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        points = picked_points.named_points(trace, view_input.word)
        own = "-".join(map(str, trace.config.dilations))
        variants = dilation_choices(dict.fromkeys([own, UNDILATED, WITHOUT]))
        return {
            self.level: {"value": 0},
            self.point: {"choices": picked_points.point_choices(points), "value": points[0]},
            self.left: {"choices": variants, "value": own},
            self.right: {"choices": variants, "value": UNDILATED if own != UNDILATED else WITHOUT},
            self.photos: {"value": 1},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, level = view_input.trace, view_input.word, int(values[self.level] or 0)
        point = picked_points.point_of(trace, word, values[self.point])
        if point is None:
            return self.message(invalid_point())
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
        slides = receptive_field.draw_fields(trace, level, cell, fields, variants)
        names = [receptive_field.variant_name(variant) for variant in variants]
        return {
            self.picture: receptive_field.draw_photo(trace, level, cell, shown, marked),
            self.slider: slides,
            self.saved: side_by_side(names, slides),
            self.block: draw_dilated_block(trace, level),
            self.curves: receptive_field.draw_curves(fields, variants, level),
            self.text: describe(trace, level, cell, fields, variants, computed, 1 + len(photos)),
            self.gap: gap_text,
        }

    def message(self, text: str) -> Values:
        """A sentence instead of pictures."""
        return dict.fromkeys(self.outputs) | {self.text: text, self.gap: ""}


def dilation_choices(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(tr("without the block") if value == WITHOUT else value, value) for value in values]


def dilation_choice(label: str, value: str, elem_id: str) -> gr.Dropdown:
    return gr.Dropdown(
        dilation_choices(["2-4-1", UNDILATED, WITHOUT]),
        value=value,
        allow_custom_value=True,
        label=label,
        info=tr("or write your own, such as 3-6-1"),
        min_width=170,
        interactive=True,
        elem_id=elem_id,
    )


def invalid_dilations(count: int) -> str:
    return tr(
        "These are not dilations: write {count} whole numbers from 1 to {highest}, such as `{example}`.",
        count=count,
        highest=MAX_DILATION,
        example="-".join("1" * count),
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
    titles = tr("block"), tr("alone"), tr("in theory"), "50 %", "99 %"
    rows = [f"| {' | '.join(titles)} |", "|---|--:|--:|--:|--:|"]
    for variant, field in computed:
        x1, y1, x2, y2 = receptive_field.theoretical_box(trace, level, cell, variant)
        span, covered = 2 * sum(variant or ()) + 1, len(dilated_cells(variant or ()))
        name = variant_name(variant)
        if variant == own:
            name = tr("{variant} (trained)", variant=name)
        if covered == span:
            cells = trn("{number} cell", "{number} cells", span)
        else:
            cells = tr("{number} cells ({holes} holes)", number=span, holes=span - covered)
        rows.append(
            f"| {name} | {cells} | {x2 - x1:.0f} × {y2 - y1:.0f} | {field.side(0.5)} px | "
            f"{field.side(0.99)} px |"
        )
    inner, outer = ((fields[0].side(share), fields[1].side(share)) for share in SHARES)
    span, terms = 1 + 2 * sum(own), " + ".join(map(str, own))
    where = {"level": level + 2, "row": cell[0], "column": cell[1], "stride": stride}
    if photos == 1:
        shown = tr(
            "Cell of P{level} in row {row}, column {column}, {stride} pixels wide; the magnitude of "
            "the gradient at every pixel, on this photo.",
            **where,
        )
    else:
        shown = tr(
            "Cell of P{level} in row {row}, column {column}, {stride} pixels wide; the magnitude of "
            "the gradient at every pixel, on {photos} photos.",
            **where,
            photos=photos,
        )
    squares = tr(
        "Blue square: what the block alone lets it see; green: everything that can reach it in theory. All "
        "pixels are those of the network's input."
    )
    left = variant_name(variants[0])
    compared = tr(
        "**What these weights show.** {left} compared with {right}: the square with half of the gradient is "
        "{inner}; the one with 99 % is {outer}.",
        left=left[:1].upper() + left[1:],
        right=variant_name(variants[1]),
        inner=ratio(*inner),
        outer=ratio(*outer),
    )
    caution = tr(
        "In the paper's own ablation the dilated block adds 0.5 end-to-end (Total-Text). Other dilations use "
        "the weights trained for these, and without the block the network does what it was never trained to "
        "do: neither says what training it so would give."
    )
    cells, pixels = tr("cells of P{level}", level=level + 2), tr("pixels of the network's input")
    parts = [
        f"$$n = 1 + 2\\,({terms}) = {span}\\ \\text{{{cells}}}$$",
        f"$${span} \\cdot {stride} = {span * stride}\\ \\text{{{pixels}}}$$",
        f"{shown} {squares}",
        f"{compared} {verdict(inner, outer)} {caution}",
        "\n".join(rows),
    ]
    return "\n\n".join(parts)


def ratio(left: int, right: int) -> str:
    """How two widths compare, in words."""
    value = left / max(right, 1)
    if 0.95 <= value <= 1.05:
        return tr("{left} against {right} pixels, the same within 5 %", left=left, right=right)
    return tr("{left} against {right} pixels, {ratio:.2f} times as wide", left=left, right=right, ratio=value)


def verdict(inner: Sequence[int], outer: Sequence[int]) -> str:
    """One sentence on left (first) compared with right (second): sides of the squares with half and with
    nearly all of the gradient.
    """
    core, edge = inner[0] / max(inner[1], 1), outer[0] / max(outer[1], 1)
    if max(abs(core - 1), abs(edge - 1)) <= 0.05:
        return tr("So for this cell the two hardly differ.")
    if core > 1.05 and edge > 1.05:
        return tr("So the left one widens the field, at its core and at its edge.")
    if core > 1.05:
        return tr("So the left one widens the core of the field, but not its edge.")
    if edge > 1.05:
        return tr("So the left one adds only faint distant pixels; the core is not wider.")
    return tr("So the left one does not widen this field; it is narrower.")
