"""The feature pyramid, and the actual shape of every layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import gradio as gr

from spotter.explain import picked_points
from spotter.explain.equations import MOST_DIGITS, agreeing
from spotter.explain.topics import levels
from spotter.explain.topics.block_diagrams import draw_top_down
from spotter.explain.topics.levels import count_text, shape_text, size_text
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Click, Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import clicked_point, formula, invalid_point, point_choice

if TYPE_CHECKING:
    from spotter.explain.layer_table import Layer
    from spotter.tracing.trace import Trace


class LevelsView(View):
    name = "pyramid"
    title = Text(lambda: tr("Pyramid"))
    question = Text(lambda: tr("On which scale is a word seen?"))
    paper = Text(lambda: tr("section 3.1"))
    notice = Text(
        lambda: tr(
            "Four maps of the same photo, each at half the resolution of the one before. See on which of "
            "them letters can still be told apart, compare what the levels cost, and find the one the word "
            "is pooled from. Faint straight edges are seams of the backbone's windows."
        )
    )
    needs_word = False
    runs_model = True
    slow = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.maps = Figure(elem_id="levels-maps", scroll_below=620)
                self.path = Figure(elem_id="levels-path", scroll_below=560)
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.kind = gr.Radio(
                    [(tr("energy"), "energy"), (tr("3 principal components"), "pca")],
                    value="energy",
                    label=tr("Show"),
                    elem_id="levels-kind",
                )
                self.dilated = gr.Radio(
                    [(tr("after the dilated blocks"), True), (tr("before them"), False)],
                    value=True,
                    label=tr("Levels"),
                )
                self.point = point_choice(tr("Point outlined"), "levels-point")
                self.photo = Figure(photo=True, clickable=True, elem_id="levels-photo")
                self.text = formula()
        self.table = formula()
        self.inputs = [self.kind, self.dilated, self.point]
        self.outputs = [self.maps, self.path, self.photo, self.text, self.table]
        self.clicks = [Click(self.photo, self.point, clicked_point)]

    def prepare(self, view_input: ViewInput) -> dict:
        points = picked_points.named_points(view_input.trace, view_input.word)
        return {
            self.kind: {"value": "energy"},
            self.dilated: {"value": True},
            self.point: {"choices": picked_points.point_choices(points), "value": points[0]},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        from spotter.explain.layer_table import layers_of  # it imports torch

        trace, word = view_input.trace, view_input.word
        kind, dilated = values[self.kind], bool(values[self.dilated])
        point = picked_points.point_of(trace, word, values[self.point])
        if point is None:
            return dict.fromkeys(self.outputs) | {self.text: invalid_point(), self.table: ""}
        view_input.progress(0.3, desc=tr("Counting every layer of the network"))
        layers = layers_of(view_input.spotter(), trace)
        return {
            self.maps: levels.draw_levels(trace, point, word, dilated, kind, layers),
            self.path: draw_top_down(trace),
            self.photo: levels.draw_photo(trace, point, word),
            self.text: describe_rule(trace, word) + describe_variation(trace, dilated),
            self.table: describe_layers(layers),
        }


def describe_rule(trace: Trace, word: int | None) -> str:
    """The level rule with the word's numbers. Markdown with LaTeX."""
    merging = tr(
        "Each level is its backbone map, brought to the same channels, plus the coarser level enlarged (the "
        "top-down path), so that fine maps know what coarse ones saw:"
    )
    general = (
        f"{merging}\n\n"
        "$$T_l = \\mathrm{lateral}(C_l) + \\mathrm{up}(T_{l+1}), \\qquad P_l = \\mathrm{conv}(T_l)$$\n\n"
        + tr("A box is pooled from the level that suits its size:")
        + "\n\n"
        "$$k = \\Big\\lfloor 4 + \\log_2 \\tfrac{\\sqrt{w\\,h}}{224} \\Big\\rfloor,"
        "\\quad 2 \\le k \\le 5$$\n\n"
    )
    if word is None:
        return general + tr("There is no word on this photo to evaluate the rule for.")
    x1, y1, x2, y2 = box = trace.box(word)
    value, level = levels.level_rule(box)
    w, h = x2 - x1, y2 - y1
    k = math.floor(value)
    sides, root, shown = rule_texts(w, h, value)
    clamped = ""
    if k != level + 2:
        clamped = tr("Clamped to the range 2 to 5, this is {level}.", level=level + 2) + " "
    size = tr(
        "Word {number}, **{text}**, has a box of {width:.0f} × {height:.0f} pixels of the network's input:",
        number=word + 1,
        text=escape(trace.words[word].text),
        width=w,
        height=h,
    )
    stride = levels.stride_of(level)
    covered = tr(
        "The stages pool it from **P{level}**, where its box covers {width:.1f} × {height:.1f} cells.",
        level=level + 2,
        width=w / stride,
        height=h / stride,
    )
    return general + (
        f"{size}\n\n"
        f"$$4 + \\log_2 \\tfrac{{\\sqrt{{{sides[0]} \\cdot {sides[1]}}}}}{{224}} = 4 + \\log_2 "
        f"\\tfrac{{{root}}}{{224}} = {shown} \\;\\to\\; k = {k}$$\n\n"
        f"{clamped}{covered} {describe_pooling(trace, word)}"
    )


def describe_pooling(trace: Trace, word: int) -> str:
    """The level that the reader pools the word from, and why it may be another one."""
    canonical, roi = trace.config.recognition_canonical, trace.rois[word]
    level = levels.level_rule(levels.roi_box(roi), canonical)[1] + 2
    values = {"level": level, "width": roi[2], "height": roi[3], "canonical": canonical}
    if canonical == levels.CANONICAL_SIZE:
        if not roi[4]:
            return tr("The reader pools it from **P{level}**.", **values)
        return tr(
            "The reader pools it from **P{level}**, in a rectangle along the word, {width:.0f} × "
            "{height:.0f} pixels of the input.",
            **values,
        )
    if not roi[4]:
        return tr(
            "The reader pools it from **P{level}**: its rule has {canonical:.0f} in place of 224, since long "
            "words have large boxes but small letters.",
            **values,
        )
    return tr(
        "The reader pools it from **P{level}**, in a rectangle along the word, {width:.0f} × {height:.0f} "
        "pixels of the input: its rule has {canonical:.0f} in place of 224, since long words have large "
        "boxes but small letters.",
        **values,
    )


def rule_texts(w: float, h: float, value: float) -> tuple[list[str], str, str]:
    """The sides, the root of their product and the value before rounding down, which add up as printed."""

    def size(*sides: float) -> float:
        return math.sqrt(max(sides[0] * sides[1], 0))

    def rule(root: float) -> float:
        return levels.CANONICAL_LEVEL + math.log2(root / levels.CANONICAL_SIZE + 1e-8)

    digits = 2
    while math.floor(float(f"{value:.{digits}f}")) != math.floor(value) and digits < MOST_DIGITS:
        digits += 1
    (root,), shown = agreeing(rule, [size(w, h)], [0], digits)
    sides, _ = agreeing(lambda *sides: rule(size(*sides)), [w, h], [0, 0], digits)
    return sides, root, shown


def describe_variation(trace: Trace, dilated: bool) -> str:
    variations = ", ".join(
        f"P{level + 2} {levels.variation(trace, level, dilated):.0%}" for level in range(4)
    )
    return "\n\n" + tr(
        "**How much the cells of a level differ** (standard deviation of the energy / mean): "
        "{variations}. A level whose cells hardly differ says little about this photo.",
        variations=variations,
    )


def describe_layers(layers: Sequence[Layer]) -> str:
    """The table of all layers with their actual shapes. Markdown."""
    from spotter.explain.layer_table import layer_title  # it imports torch

    titles = tr("layer"), tr("output"), tr("bytes"), tr("multiply-adds")
    rows = [f"| {' | '.join(titles)} |", "|---|---|--:|--:|"]
    for layer in layers:
        shapes = ", ".join(
            f"{what.replace('_', ' ')} {shape_text(shape)}".strip() for what, shape in layer.outputs
        )
        cost = count_text(layer.multiply_adds) if layer.multiply_adds else "–"
        rows.append(f"| {layer_title(layer.name)} | {shapes} | {size_text(layer.nbytes)} | {cost} |")
    total = sum(layer.multiply_adds for layer in layers)
    regions = next(layer.outputs[0][1][0] for layer in layers if layer.name == "Selected regions")
    summary = tr(
        "**Every layer for this photo**, {regions} regions read: {count} multiply-adds in "
        "total, counted while the network ran (matrix products and convolutions).",
        regions=regions,
        count=count_text(total),
    )
    return f"{summary}\n\n" + "\n".join(rows)
