"""The windows of the Swin backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain import picked_points
from spotter.explain.equations import agreeing
from spotter.explain.topics import windows
from spotter.explain.topics.windows import TokenWindow
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Click, Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import clicked_point, formula, invalid_point, point_choice

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


class WindowsView(View):
    name = "windows"
    title = Text(lambda: tr("Windows"))
    question = Text(lambda: tr("Why does a token look only at its own window?"))
    paper = Text(lambda: tr("section 3.1"))
    notice = Text(
        lambda: tr(
            "A token attends only to the tokens in its own window. The next block shifts the windows, so "
            "that tokens that were separated now meet. Step through the blocks and watch the green frame: "
            "everything the token can have seen so far."
        )
    )
    needs_word = False
    runs_model = True
    slow = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, clickable=True, elem_id="windows-picture")
                self.heads = Figure(elem_id="windows-heads", scroll_below=560)
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.block = gr.Radio(
                    [(tr("{block} plain", block="1.1"), 0)],
                    value=0,
                    label=tr("Swin stage and block"),
                    elem_id="windows-block",
                )
                self.point = point_choice(tr("Token at"), "windows-point")
                self.text = formula()
        self.inputs = [self.block, self.point]
        self.outputs = [self.picture, self.heads, self.text]
        self.clicks = [Click(self.picture, self.point, clicked_point)]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        points = picked_points.named_points(trace, view_input.word)
        blocks = [
            (block_title(stage, block), i)
            for i, (stage, block) in enumerate(windows.block_list(trace.config.depths))
        ]
        return {
            self.block: {"choices": blocks, "value": 0},
            self.point: {"choices": picked_points.point_choices(points), "value": points[0]},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, spotter = view_input.trace, view_input.spotter
        point = picked_points.point_of(trace, view_input.word, values[self.point])
        if point is None:
            return {self.picture: None, self.heads: None, self.text: invalid_point()}
        blocks = windows.block_list(trace.config.depths)
        stage, block = blocks[min(int(values[self.block] or 0), len(blocks) - 1)]
        at = windows.token_window(trace, stage, block, point)
        view_input.progress(0.3, desc=tr("Running the block again"))
        weights = windows.attention(spotter(), trace, at)
        return {
            self.picture: windows.draw_photo(trace, at, weights),
            self.heads: windows.draw_heads(trace, at, weights),
            self.text: describe(trace, at, weights),
        }


def block_title(stage: int, block: int) -> str:
    """Both counted from 0."""
    number = f"{stage + 1}.{block + 1}"
    return tr("{block} shifted", block=number) if block % 2 else tr("{block} plain", block=number)


def describe_cost(at: TokenWindow) -> str:
    """Why windows: the pairs of tokens with and without them. Markdown."""
    tokens, window = at.size[0] * at.size[1], len(at.masked)
    return tr(
        "**Why windows?** {rows} · {columns} = {tokens:,} tokens. If each attended to every other, "
        "these were {tokens:,} · {tokens:,} = {all_pairs:,} pairs; in windows they are "
        "{tokens:,} · {window} = {pairs:,}, {times:,.0f} times fewer. The larger the "
        "photo, the larger the difference: the first number grows with its square.",
        rows=at.size[0],
        columns=at.size[1],
        tokens=tokens,
        all_pairs=tokens**2,
        window=window,
        pairs=tokens * window,
        times=tokens / window,
    )


def describe_pixel(trace: Trace, at: TokenWindow) -> str:
    """What the network gets for a pixel. Markdown with LaTeX."""
    from spotter.model.spotter import PIXEL_MEAN, PIXEL_STD

    mean, spread = PIXEL_MEAN[0], PIXEL_STD[0]
    y, x = (min(t * at.stride, side - 1) for t, side in zip(at.token, trace.image.shape[:2], strict=True))
    red = int(trace.image[y, x, 0])
    (shown,), normal = agreeing(lambda value: (value - mean) / spread, [red], [0], 3)
    normalised = tr(
        "**What comes in.** Every colour is normalised by the mean and the spread of many photos; the red of "
        "the token's first pixel:"
    )
    return f"{normalised}\n\n$$\\tfrac{{{shown} - {mean}}}{{{spread}}} = {normal}$$"


def describe(trace: Trace, at: TokenWindow, weights: np.ndarray) -> str:
    """The formula with its numbers, and a table of the heads. Markdown with LaTeX.

    `weights`: (heads, P), the token's attention.
    """
    config, side = trace.config, len(at.rows)
    width = config.embed_dim * 2**at.stage // config.heads[at.stage]
    masked, padding = int((at.masked & ~at.padding).sum()), int(at.padding.sum())
    visible, open_padding = int((~at.masked & ~at.padding).sum()), int((~at.masked & at.padding).sum())
    x1, y1, x2, y2 = windows.theoretical_box(trace, at)
    height, total_width = trace.image.shape[:2]
    area = (x2 - x1) * (y2 - y1) / (height * total_width)
    share = float(np.mean([windows.effective_count(head) for head in weights])) / (visible + open_padding)
    titles = tr("head"), tr("largest weight"), tr("on"), tr("own"), tr("effective tokens")
    rows = [f"| {' | '.join(titles)} |", "|--:|--:|---|--:|--:|"]
    for head, values in enumerate(weights):
        best = int(values.argmax())
        where = tr("row {row}, column {column}", row=at.rows[best // side], column=at.columns[best % side])
        where = tr("padding") if at.padding[best] else where
        rows.append(
            f"| {head + 1} | {values[best]:.3f} | {where} | {values[at.index]:.3f} | "
            f"{windows.effective_count(values):.1f} |"
        )
    name = at.name[:1].upper() + at.name[1:]
    of_map = {
        "block": name,
        "blocks": config.depths[at.stage],
        "rows": at.size[0],
        "columns": at.size[1],
        "stride": at.stride,
        "shift": at.shift,
    }
    if at.shift:
        split = tr(
            "{block} of {blocks}: the map of {rows} × {columns} tokens (each {stride} pixels of the "
            "network's input) is shifted by {shift} tokens and then split into windows.",
            **of_map,
        )
    else:
        split = tr(
            "{block} of {blocks}: the map of {rows} × {columns} tokens (each {stride} pixels of the "
            "network's input) is split into windows.",
            **of_map,
        )
    of_window = {"row": at.token[0], "column": at.token[1], "side": side, "tokens": side * side}
    if side == 7:
        own = tr(
            "The window of the token in row {row}, column {column} has {side} × {side} = {tokens} tokens, "
            "itself included.",
            **of_window,
        )
    else:
        own = tr(
            "The window of the token in row {row}, column {column} has {side} × {side} = {tokens} tokens, "
            "itself included (the published network: 7 × 7 = 49).",
            **of_window,
        )
    counts = {"visible": visible, "masked": masked, "padding": padding, "open": open_padding}
    if open_padding:
        seen = tr(
            "{visible} are visible to it, **{masked} masked** ($M = -100$: they come from another side of "
            "the map) and {padding} of padding, {open} of which it attends to as well, since padding as "
            "such is not masked.",
            **counts,
        )
    else:
        seen = tr(
            "{visible} are visible to it, **{masked} masked** ($M = -100$: they come from another side of "
            "the map) and {padding} of padding.",
            **counts,
        )
    if share > 0.9:
        spread = tr("On average its heads spread their attention nearly evenly over all of them.")
    else:
        spread = tr(
            "On average its heads spread their attention over effectively {share:.0%} of them.", share=share
        )
    learned = tr("$B$ is learned: a number for each offset between two tokens of a window and each head.")
    reached = tr(
        "**Theoretical receptive field so far** (green frame): {width:.0f} × {height:.0f} pixels of the "
        "network's input, {share:.1%} of the photo (x {x1:.0f} to {x2:.0f}, y {y1:.0f} to {y2:.0f}).",
        width=x2 - x1,
        height=y2 - y1,
        share=area,
        x1=x1,
        x2=x2,
        y1=y1,
        y2=y2,
    )
    heads = tr("in each of {number} heads", number=len(weights))
    return (
        f"$$A = \\mathrm{{softmax}}\\Big(\\tfrac{{QK^\\top}}{{\\sqrt{{{width}}}}} + B + M\\Big)$$\n\n"
        f"$$A \\in \\mathbb{{R}}^{{{side * side} \\times {side * side}}}\\ \\text{{{heads}}}$$\n\n"
        f"{split} {own} {seen} {spread} {learned}\n\n"
        f"{describe_cost(at)}\n\n{describe_pixel(trace, at)}\n\n"
        f"{reached}\n\n" + "\n".join(rows)
    )
