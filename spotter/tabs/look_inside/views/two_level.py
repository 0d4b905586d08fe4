"""Two-level attention, and recognition without one of its levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from spotter.explain.topics import two_level, two_weights
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Click, Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, comparison_note, formula

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace


class TwoLevelView(View):
    name = "attention"
    title = Text(lambda: tr("Two-level attention"))
    question = Text(lambda: tr("What does a cell know of the rest of the word?"))
    paper = Text(lambda: tr("section 3.4"))
    notice = Text(
        lambda: tr(
            "Before recognition, every cell attends to its own window cell by cell, and to the windows "
            "around it as one pooled key each. That is far cheaper than attending to every cell. Does "
            "recognition need the coarse keys? The table shows what is read without them."
        )
    )
    runs_model = True
    compares = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.compared = comparison_note()
                self.pair = Figure(photo=True, framed=True, elem_id="two-level-pair")
                self.picture = Figure(
                    photo=True, framed=True, clickable=True, scroll_below=560, elem_id="two-level-picture"
                )
                self.text = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.cell = Slider(
                    0,
                    511,
                    value=0,
                    step=1,
                    label=tr("Query cell, row by row"),
                    info=tr("or click one on the word"),
                )
                self.block = Slider(1, 2, value=1, step=1, label=tr("Block"))
                self.readings = gr.Markdown(elem_id="two-level-reading", elem_classes="formula")
        self.inputs = [self.cell, self.block]
        self.outputs = [self.picture, self.compared, self.pair, self.text, self.readings]
        self.clicks = [Click(self.picture, self.cell, self.clicked_cell)]

    def prepare(self, view_input: ViewInput) -> dict:
        trace = view_input.trace
        height, width = trace.config.recognition_roi
        blocks = trace.two_level_attention.shape[1]
        middle = height // 2 * width + width // 2
        return {
            self.cell: {"value": middle, "maximum": height * width - 1},
            self.block: {"value": 1, "maximum": max(blocks, 2), "visible": blocks > 1},
        }

    def clicked_cell(self, view_input: ViewInput, _: Values, click: list[float]) -> int:
        return two_level.cell_at(view_input.trace, view_input.selected, click)

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word = view_input.trace, view_input.selected
        block = min(int(values[self.block]), trace.two_level_attention.shape[1]) - 1
        cell, pair = int(values[self.cell]), view_input.pair()
        return {
            self.compared: escape(two_weights.compare_attention(pair, block, cell)) if pair else "",
            self.pair: two_weights.draw_attention(pair, block, cell) if pair else None,
            self.picture: two_level.draw_query(trace, word, block, cell),
            self.text: describe(trace, word, block, cell),
            self.readings: describe_readings(view_input.spotter(), trace, word),
        }


def describe(trace: Trace, word: int, block: int, cell: int) -> str:
    """The formula of a query with its numbers. Markdown with LaTeX."""
    query = two_level.query_at(trace, word, block, cell)
    window, (height, width) = trace.config.two_level_window, trace.config.recognition_roi
    neighbours = two_level.NEIGHBOURS**2
    cells, keys = height * width, window**2 + neighbours
    counted = tr(
        "The query has {fine} + {coarse} = {keys} keys; its weights are as spread out as "
        "{effective:.1f} equal ones. All {cells} cells together: {cells} · {keys} = "
        "{pairs:,} pairs, {times:.0f} times fewer than if every cell attended to every other "
        "one ({all_pairs:,}). Weights are the mean of {heads} heads, block {block} of {blocks}.",
        fine=window**2,
        coarse=neighbours,
        keys=keys,
        effective=query.effective_keys,
        cells=cells,
        pairs=cells * keys,
        times=cells / keys,
        all_pairs=cells**2,
        heads=trace.config.two_level_heads,
        block=block + 1,
        blocks=trace.two_level_attention.shape[1],
    )
    return (
        "$$\\alpha = \\mathrm{softmax}\\Big(\\tfrac{1}{\\sqrt d}\\, q\\,[K_{fine};\\, K_{coarse}]^\\top "
        "+ b\\Big)$$\n\n"
        f"$$\\textstyle\\sum \\alpha_{{fine}} + \\sum \\alpha_{{coarse}} = {query.fine.sum():.2f} + "
        f"{query.coarse.sum():.2f}$$\n\n"
        f"{counted}"
    )


def describe_readings(spotter: Spotter, trace: Trace, word: int) -> str:
    """The word read with both levels and without either. Markdown."""
    names = {
        None: tr("both levels"),
        "coarse": tr("coarse keys left out"),
        "fine": tr("fine keys left out"),
    }
    readings = {level: two_level.reread_without(spotter, trace, word, level) for level in names}
    titles = tr("read with"), tr("text"), "−log p"
    rows = [f"| {' | '.join(titles)} |", "|---|---|--:|"]
    rows += [
        f"| {names[level]} | {escape(reading.text)} | {reading.surprise:.2f} |"
        for level, reading in readings.items()
    ]
    without = readings["coarse"].text
    if without != readings[None].text:
        sentences = [tr("Without the coarse keys the text **changes** to **{text}**.", text=escape(without))]
    else:
        sentences = [tr("Without the coarse keys the text **stays**.")]
    surest = min(readings, key=lambda level: readings[level].surprise)
    if surest == "coarse":
        sentences.append(tr("It is even more certain with the coarse keys left out."))
    elif surest == "fine":
        sentences.append(tr("It is even more certain with the fine keys left out."))
    sentences.append(tr("The network was not trained to do without them."))
    return "\n".join(rows) + f"\n\n{' '.join(sentences)}"
