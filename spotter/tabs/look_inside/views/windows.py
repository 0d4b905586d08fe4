"""The windows of the Swin backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain import picked_points
from spotter.explain.topics import windows
from spotter.explain.topics.windows import TokenWindow
from spotter.tabs.look_inside.equations import agreeing
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Click, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import INVALID_POINT, clicked_point, formula, point_choice

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


class WindowsView(View):
    name = "windows"
    title = "Windows"
    question = "Why does a token look only at its own window?"
    paper = "section 3.1"
    notice = (
        "A token attends only to the tokens in its own window. The next block shifts the windows, so that "
        "tokens that were separated now meet. Step through the blocks and watch the green frame: everything "
        "the token can have seen so far."
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
                    [("1.1 plain", 0)], value=0, label="Swin stage and block", elem_id="windows-block"
                )
                self.point = point_choice("Token at", "windows-point")
                self.text = formula()
        self.inputs = [self.block, self.point]
        self.outputs = [self.picture, self.heads, self.text]
        self.clicks = [Click(self.picture, self.point, clicked_point)]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        points = picked_points.named_points(trace, view_input.word)
        blocks = [
            (f"{stage + 1}.{block + 1} {'shifted' if block % 2 else 'plain'}", i)
            for i, (stage, block) in enumerate(windows.block_list(trace.config.depths))
        ]
        return {
            self.block: {"choices": blocks, "value": 0},
            self.point: {"choices": points, "value": points[0]},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, spotter = view_input.trace, view_input.spotter
        point = picked_points.point_of(trace, view_input.word, values[self.point])
        if point is None:
            return {self.picture: None, self.heads: None, self.text: INVALID_POINT}
        blocks = windows.block_list(trace.config.depths)
        stage, block = blocks[min(int(values[self.block] or 0), len(blocks) - 1)]
        at = windows.token_window(trace, stage, block, point)
        view_input.progress(0.3, desc="Running the block again")
        weights = windows.attention(spotter(), trace, at)
        return {
            self.picture: windows.draw_photo(trace, at, weights),
            self.heads: windows.draw_heads(trace, at, weights),
            self.text: describe(trace, at, weights),
        }


def describe_cost(at: TokenWindow) -> str:
    """Why windows: the pairs of tokens with and without them. Markdown."""
    tokens, window = at.size[0] * at.size[1], len(at.masked)
    return (
        f"**Why windows?** {at.size[0]} · {at.size[1]} = {tokens:,} tokens. If each attended to every other, "
        f"these were {tokens:,} · {tokens:,} = {tokens**2:,} pairs; in windows they are "
        f"{tokens:,} · {window} = {tokens * window:,}, {tokens / window:,.0f} times fewer. The larger the "
        "photo, the larger the difference: the first number grows with its square."
    )


def describe_pixel(trace: Trace, at: TokenWindow) -> str:
    """What the network gets for a pixel. Markdown with LaTeX."""
    from spotter.model.spotter import PIXEL_MEAN, PIXEL_STD

    mean, spread = PIXEL_MEAN[0], PIXEL_STD[0]
    y, x = (min(t * at.stride, side - 1) for t, side in zip(at.token, trace.image.shape[:2], strict=True))
    red = int(trace.image[y, x, 0])
    (shown,), normal = agreeing(lambda value: (value - mean) / spread, [red], [0], 3)
    return (
        "**What comes in.** Every colour is normalised by the mean and the spread of many photos; the red of "
        "the token's first pixel:\n\n"
        f"$$\\tfrac{{{shown} - {mean}}}{{{spread}}} = {normal}$$"
    )


def describe(trace: Trace, at: TokenWindow, weights: np.ndarray) -> str:
    """The formula with its numbers, and a table of the heads. Markdown with LaTeX.

    `weights`: (heads, P), the token's attention.
    """
    config, side = trace.config, len(at.rows)
    width = config.embed_dim * 2**at.stage // config.heads[at.stage]
    masked, padding = int((at.masked & ~at.padding).sum()), int(at.padding.sum())
    visible, open_padding = int((~at.masked & ~at.padding).sum()), int((~at.masked & at.padding).sum())
    attended = f", {open_padding} of which it attends to as well, since padding as such is not masked"
    x1, y1, x2, y2 = windows.theoretical_box(trace, at)
    height, total_width = trace.image.shape[:2]
    area = (x2 - x1) * (y2 - y1) / (height * total_width)
    published = "" if side == 7 else " (the published network: 7 × 7 = 49)"
    shift = f"shifted by {at.shift} tokens and then " if at.shift else ""
    share = float(np.mean([windows.effective_count(head) for head in weights])) / (visible + open_padding)
    spread = "nearly evenly over all of them" if share > 0.9 else f"over effectively {share:.0%} of them"
    rows = ["| head | largest weight | on | own | effective tokens |", "|--:|--:|---|--:|--:|"]
    for head, values in enumerate(weights):
        best = int(values.argmax())
        where = f"row {at.rows[best // side]}, column {at.columns[best % side]}"
        where = "padding" if at.padding[best] else where
        rows.append(
            f"| {head + 1} | {values[best]:.3f} | {where} | {values[at.index]:.3f} | "
            f"{windows.effective_count(values):.1f} |"
        )
    return (
        f"$$A = \\mathrm{{softmax}}\\Big(\\tfrac{{QK^\\top}}{{\\sqrt{{{width}}}}} + B + M\\Big)$$\n\n"
        f"$$A \\in \\mathbb{{R}}^{{{side * side} \\times {side * side}}}\\ \\text{{in each of "
        f"{len(weights)} heads}}$$\n\n"
        f"{at.name.capitalize()} of {config.depths[at.stage]}: the map of {at.size[0]} × {at.size[1]} tokens "
        f"({at.stride} pixels each) is {shift}split into windows. The window of the token in row "
        f"{at.token[0]}, column {at.token[1]} has {side} × {side} = {side * side} tokens, itself "
        f"included{published}: "
        f"{visible} visible to it, **{masked} masked** ($M = -100$: they come from another side of the map) "
        f"and {padding} of padding{attended if open_padding else ''}. "
        f"On average its heads spread their attention {spread}. $B$ is learned: a number for each offset "
        "between two tokens of a window and each head.\n\n"
        f"{describe_cost(at)}\n\n{describe_pixel(trace, at)}\n\n"
        f"**Theoretical receptive field so far** (green frame): {x2 - x1:.0f} × {y2 - y1:.0f} pixels, "
        f"{area:.1%} of the photo (x {x1:.0f} to {x2:.0f}, y {y1:.0f} to {y2:.0f}).\n\n" + "\n".join(rows)
    )
