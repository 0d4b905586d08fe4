"""RoIAlign and RoIPool, on the photo's own features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain import roi_sampling
from spotter.explain.equations import agreeing
from spotter.explain.roi_sampling import PooledBox
from spotter.explain.topics import roi_align
from spotter.explain.topics.levels import level_rule, stride_of
from spotter.language import tr, trn
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Click, Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, formula

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

MAX_ROWS = 16  # of the table of a bin's cells


class RoiAlignView(View):
    name = "roi"
    title = Text(lambda: tr("Cutting features"))
    question = Text(lambda: tr("How are the features of a box cut out of a map?"))
    paper = Text(lambda: tr("section 3.2"))
    notice = Text(
        lambda: tr(
            "Nudge the box by a quarter pixel: RoIAlign samples between the cells and changes smoothly; "
            "RoIPool first rounds the box, and then every bin, to whole cells, so it stays the same for "
            "several nudges and then jumps. All boxes end in bins of one number, since the layers after it "
            "have weights for one size; RoIAlign takes the mean of its points in a bin, RoIPool the largest "
            "cell."
        )
    )
    needs_word = False

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.cells = Figure(elem_id="roi-cells", scroll_below=560)
                self.bins = Figure(clickable=True, elem_id="roi-bins", scroll_below=560)
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.shift = Slider(
                    -4,
                    4,
                    value=roi_sampling.STEP,
                    step=roi_sampling.STEP,
                    label=tr("Shift of the box, pixels (arrow keys nudge it)"),
                    elem_id="roi-shift",
                )
                self.axis = gr.Radio(
                    [(tr("to the right"), 0), (tr("down"), 1)], value=0, label=tr("Direction")
                )
                self.bin = Slider(
                    1, 49, value=25, step=1, label=tr("Bin, row by row (or click on one of RoIAlign's)")
                )
                self.channel = Slider(
                    0, 63, value=0, step=1, label=tr("Channel (starts as the most varied one)")
                )
                self.curves = Figure(elem_id="roi-curves")
                self.text = formula()
        self.inputs = [self.shift, self.axis, self.bin, self.channel]
        self.outputs = [self.cells, self.bins, self.curves, self.text]
        self.clicks = [Click(self.bins, self.bin, self.clicked_bin)]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        one = roi_sampling.pool_box(trace, roi_sampling.box_of(trace, view_input.word))
        reach, count = float(-roi_sampling.curve_shifts(one.level)[0]), trace.config.roi_size
        channels = trace.levels[0].shape[0]
        return {
            self.shift: {"value": roi_sampling.STEP, "minimum": -reach, "maximum": reach},
            self.axis: {"value": 0},
            self.bin: {"value": (count**2 + 1) // 2, "maximum": count**2},
            self.channel: {"value": roi_sampling.strongest_channel(one), "maximum": channels - 1},
        }

    def clicked_bin(self, view_input: ViewInput, _: Values, click: list[float]) -> int:
        row, column = roi_align.bin_at(view_input.trace, click)
        return row * view_input.trace.config.roi_size + column + 1

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, shift, axis = view_input.trace, float(values[self.shift]), int(values[self.axis] or 0)
        channels, count = trace.levels[0].shape[0], trace.config.roi_size
        row, column = divmod(min(max(int(values[self.bin]), 1), count**2) - 1, count)
        channel = min(max(int(values[self.channel]), 0), channels - 1)
        box = roi_sampling.box_of(trace, view_input.word)
        move = np.zeros(4, np.float32)
        move[[axis, axis + 2]] = shift
        still, moved = roi_sampling.pool_box(trace, box), roi_sampling.pool_box(trace, box + move)
        text = describe_shift(trace, view_input.word, box, still, moved, shift, axis)
        return {
            self.cells: roi_align.draw_map(trace, moved, channel, row, column),
            self.bins: roi_align.draw_bins(trace, still, moved, channel, row, column),
            self.curves: roi_align.draw_changes(trace, box, shift, axis),
            self.text: f"{text}{describe_bin(trace, moved, channel, row, column)}\n\n{describe_sizes(trace)}",
        }


def describe_sizes(trace: Trace) -> str:
    """The bins of the stages and of the reader, beside the published ones."""
    config = trace.config
    height, width = config.recognition_roi
    return tr(
        "**For reading** the word is pooled once more, into {height} × {width} bins instead of {side} × "
        "{side}, since letters are finer than boxes; the published network takes 28 × 28 instead of 7 × 7, "
        "four times the resolution. It samples 2 × 2 points per bin, these weights {points} × {points}.",
        height=height,
        width=width,
        side=config.roi_size,
        points=config.roi_samples,
    )


def describe_shift(
    trace: Trace,
    word: int | None,
    box: np.ndarray,
    still: PooledBox,
    moved: PooledBox,
    shift: float,
    axis: int,
) -> str:
    """What the shift of the box, and nudges in general, do to the features. Markdown with LaTeX."""
    stride = stride_of(moved.level)
    align, pool = roi_sampling.cached_step_changes(trace, box, axis)
    idle = int((pool == 0).sum())
    changes = [
        np.linalg.norm(now - before) / max(float(np.linalg.norm(before)), 1e-9)
        for now, before in ((moved.align, still.align), (moved.pool, still.pool))
    ]
    letter, (start, end) = "xy"[axis], moved.box[[axis, axis + 2]]
    first, last = roi_sampling.rounded_box(moved)[[axis, axis + 2]]
    (shown,), divided = agreeing(lambda x: x / stride, [start], [2], 3)
    whose = tr("There is no word here: this is the box of a proposal.") + " " if word is None else ""
    where = tr(
        "Box from {letter} {start:.2f} to {end:.2f} pixels of the network's input, on "
        "P{level} (stride {stride}):",
        letter=letter,
        start=start,
        end=end,
        level=moved.level + 2,
        stride=stride,
    )
    cells = tr(
        "so RoIPool takes cells {first:.0f} to {last:.0f}, whatever the fraction. This shift of "
        "{shift:+.2f} pixels changed RoIAlign's features by **{align:.1%}**, RoIPool's by **{pool:.1%}**.",
        first=first,
        last=last - 1,
        shift=shift,
        align=changes[0],
        pool=changes[1],
    )
    nudges = tr(
        "Over {number} nudges of {step} pixels, the largest single "
        "change is **{align:.1%}** with RoIAlign and **{pool:.1%}** with RoIPool, which does "
        "not change at all in {idle} of them.",
        number=len(align),
        step=roi_sampling.STEP,
        align=align.max(),
        pool=pool.max(),
        idle=idle,
    )
    return (
        f"{whose}{where}\n\n"
        f"$$\\text{{RoIAlign: }} \\tfrac{{{shown}}}{{{stride}}} = {divided}, \\qquad "
        f"\\text{{RoIPool: }} \\mathrm{{round}}\\big(\\tfrac{{{shown}}}{{{stride}}}\\big) "
        f"= {first:.0f}$$\n\n"
        f"{cells} {nudges} {edge_note(trace, box)}\n\n"
    )


def describe_bin(trace: Trace, moved: PooledBox, channel: int, row: int, column: int) -> str:
    """The weighted sum of a bin with its numbers. Markdown."""
    taps, _ = roi_sampling.bin_weights(trace, moved, row, column)
    values = trace.levels[moved.level][channel]
    titles = tr("cell (row, column)"), tr("weight"), tr("value"), tr("product")
    rows = [f"| {' | '.join(titles)} |", "|---|--:|--:|--:|"]
    products = [tap.weight * float(values[tap.row, tap.column]) for tap in taps]
    summands, total = agreeing(lambda *parts: sum(parts), products, [3] * len(taps), 3)
    for tap, product in zip(taps[:MAX_ROWS], summands, strict=False):
        digits = len(product.partition(".")[2])
        pair = tap.weight, float(values[tap.row, tap.column])
        (weight, value), product = agreeing(lambda w, v: w * v, pair, (3, 3), digits)
        rows.append(f"| {tap.row}, {tap.column} | {weight} | {value} | {product} |")
    summed = trn(
        "**Bin in row {row}, column {column}**, channel {channel}: {number} sampling point, {cells} cells; "
        "their weighted sum is {total}, the network's RoIAlign gives {value:z.3f}.",
        "**Bin in row {row}, column {column}**, channel {channel}: {number} sampling points, {cells} cells; "
        "their weighted sum is {total}, the network's RoIAlign gives {value:z.3f}.",
        trace.config.roi_samples**2,
        row=row + 1,
        column=column + 1,
        channel=channel,
        cells=len(taps),
        total=total,
        value=moved.align[channel, row, column],
    )
    return f"{summed}\n\n" + "\n".join(rows)


def edge_note(trace: Trace, box: np.ndarray) -> str:
    """A sentence if the box or its shifts leave the map."""
    height, width = trace.image.shape[:2]
    reach = float(roi_sampling.fine_shifts(level_rule(box)[1])[-1])
    if (box[:2] >= reach).all() and (box[2:] + reach <= [width, height]).all():
        return ""
    return tr(
        "The box reaches the edge of the map: samples more than one cell outside count as zero, so RoIAlign "
        "may jump there too."
    )
