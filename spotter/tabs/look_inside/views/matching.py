"""The Hungarian matching of training, on this photo."""

from __future__ import annotations

import gradio as gr
import numpy as np

from spotter.explain.equations import agreeing, in_brackets
from spotter.explain.topics import matching
from spotter.explain.topics.matching import TERMS, Matching
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.truth import no_truth
from spotter.tabs.look_inside.view import Click, Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, formula


class MatchingView(View):
    name = "matching"
    title = Text(lambda: tr("Matching"))
    question = Text(lambda: tr("Which box answers for which word?"))
    paper = Text(lambda: tr("section 3.2"))
    notice = Text(
        lambda: tr(
            "In training each true word is assigned exactly one proposal so that the total cost is minimal: "
            "this is what lets the published network do without non-maximum suppression. Go from stage 1 to "
            "6: does one proposal win? With both box weights at 0, several words want the same proposal. "
            "The true words can be edited where you pick the photo."
        )
    )

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(clickable=True, elem_id="matching-picture", scroll_below=620)
                self.text = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.photo = Figure(photo=True, elem_id="matching-photo")
                self.stage = Slider(1, 6, value=1, step=1, label=tr("Proposals after stage"))
                with gr.Group():
                    self.weights = [
                        Slider(0, 10, value=value, step=0.5, label=label)
                        for label, value in zip(weight_labels(), matching.PUBLISHED, strict=True)
                    ]
                self.pair = gr.JSON(visible=False)  # [proposal, true word] that was clicked
        self.inputs = [self.stage, self.pair, *self.weights]
        self.outputs = [self.picture, self.photo, self.text]
        self.clicks = [Click(self.picture, self.pair, self.clicked_pair)]
        self.triggers = [self.stage.input, *(weight.input for weight in self.weights)]

    def prepare(self, view_input: ViewInput) -> dict:
        return {
            self.stage: {"value": 1, "maximum": len(view_input.trace.scores)},
            self.pair: {"value": None},
            **{
                weight: {"value": value}
                for weight, value in zip(self.weights, matching.PUBLISHED, strict=True)
            },
        }

    def match(self, view_input: ViewInput, values: Values) -> Matching | None:
        trace, code = view_input.trace, view_input.spotter().model.mask_code
        stage = min(int(values[self.stage]), len(trace.scores))
        weights = tuple(values[weight] for weight in self.weights)
        return matching.match_words(trace, code, view_input.truth, stage, weights)

    def clicked_pair(self, view_input: ViewInput, values: Values, click: list[float]) -> list[int] | None:
        matched = self.match(view_input, values)
        if matched is None:
            return None
        word = matched.nearest(view_input.trace.box(view_input.selected))
        pair = matching.pair_at(matched, word, click)
        return None if pair is None else list(pair)

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, matched = view_input.trace, self.match(view_input, values)
        if matched is None:
            return {self.picture: None, self.photo: None, self.text: no_truth()}
        word = matched.nearest(trace.box(view_input.selected))
        proposal, true = values[self.pair] or (-1, -1)
        if not (0 <= proposal < len(matched.total) and 0 <= true < len(matched.names)):
            proposal, true = next((pair for pair in matched.optimal if pair[1] == word), matched.optimal[0])
        return {
            self.picture: matching.draw_matching(matched, word, (proposal, true)),
            self.photo: matching.draw_pair(trace, matched, (proposal, true)),
            self.text: describe(matched, (proposal, true)),
        }


def weight_labels() -> tuple[str, ...]:
    """Of the sliders, in the order of TERMS."""
    return tr("Weight: Class"), tr("Weight: Box, L1"), tr("Weight: Box, GIoU"), tr("Weight: Mask")


def describe(matched: Matching, pair: tuple[int, int]) -> str:
    """The terms of one pair (proposal, word), and greedy against optimal assignment. Markdown with LaTeX."""
    proposal, word = pair
    p = float(matched.probability[proposal])
    weights = matched.weights
    exact = [float(matched.terms[name][proposal, word]) for name in TERMS]
    values, total = agreeing(
        lambda *terms: sum(w * v for w, v in zip(weights, terms, strict=True)), exact, [2] * len(TERMS), 2
    )
    factors = [
        f"{weight:g}\\cdot {in_brackets(value)}" for weight, value in zip(weights, values, strict=True)
    ]
    titles = tr("class"), tr("box, L1"), tr("box, GIoU"), tr("mask")
    reasons = (
        tr("focal cost of classifying it as text at p = {p:.2f}, minus that of background", p=p),
        tr("L1 distance of the boxes, in fractions of the image"),
        tr("−GIoU of the boxes; −1 is perfect"),
        tr("−(cosine of the mask vectors + 1) / 2; −1 is perfect"),
    )
    heads = tr("term"), tr("value"), tr("× weight"), "=", tr("what it is")
    name = escape(matched.names[word])
    lines = [
        tr("**Proposal {proposal} for {word}**", proposal=proposal, word=name),
        "",
        "$$C = \\lambda_c C_{cls} + \\lambda_l C_{L1} + \\lambda_g C_{giou} + \\lambda_m C_{mask}$$",
        "",
        f"$$= {' + '.join(factors)} = {total}$$",
        "",
        f"| {' | '.join(heads)} |",
        "|---|--:|--:|--:|---|",
    ]
    for title, term, weight, reason in zip(titles, exact, weights, reasons, strict=True):
        (value,), product = agreeing(lambda v, w=weight: w * v, [term], [3], 2)
        lines.append(f"| {title} | {value} | {weight:g} | {product} | {reason} |")
    optimal, greedy = matched.cost(matched.optimal), matched.cost(matched.greedy)
    lines += [
        "",
        tr(
            "Optimal (frames): total **{optimal:z.2f}**. Greedy (crosses): total **{greedy:z.2f}**.",
            optimal=optimal,
            greedy=greedy,
        )
        + f" {compare(matched, optimal, greedy)}",
        "",
        describe_margin(matched, word),
    ]
    return "\n".join(lines).replace("| -", "| −").replace("**-", "**−")


def describe_margin(matched: Matching, word: int) -> str:
    """How much more a word's second cheapest proposal costs, and what follows from it. Markdown."""
    costs = np.sort(matched.total, axis=0)
    if len(costs) < 2:
        return ""
    margins = costs[1] - costs[0]
    name = escape(matched.names[word])
    if len(margins) > 1:
        margin = tr(
            "The second cheapest proposal for {word} costs **{margin:.2f}** more than the cheapest (median "
            "of all {number} words: {median:.2f}).",
            word=name,
            margin=margins[word],
            number=len(margins),
            median=np.median(margins),
        )
    else:
        margin = tr(
            "The second cheapest proposal for {word} costs **{margin:.2f}** more than the cheapest.",
            word=name,
            margin=margins[word],
        )
    if matched.suppressed:
        follows = tr(
            "Training rewards separating the two, so that each word is found once; these weights do not do "
            "it well enough yet, and overlapping words are dropped afterwards (non-maximum suppression)."
        )
    else:
        follows = tr("This separates them, so that each word is found once, without non-maximum suppression.")
    return f"{margin} {follows}"


def compare(matched: Matching, optimal: float, greedy: float) -> str:
    """What greedy assignment loses, in one sentence."""
    more = f"{greedy - optimal:.2f}"
    if set(matched.optimal) == set(matched.greedy):
        return tr(
            "Here both choose the same pairs. They differ when two words want one proposal: with costs (1, "
            "2) and (1.5, 9), greedy takes 1 and is left with 9, while the optimal pairs cost 2 + 1.5."
        )
    if float(more) <= 0:
        return tr("They choose different pairs that cost the same: proposals are tied with these weights.")
    return tr("Greedy takes the cheapest pair first and pays {more} more in total.", more=more)
