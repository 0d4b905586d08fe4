"""The reader, one character per step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain.equations import agreeing
from spotter.explain.topics import reading, two_weights
from spotter.explain.topics.reading import class_name
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import comparison_note, formula

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

AS_READ = -1  # no character is forced


class ReadingView(View):
    name = "letters"
    title = Text(lambda: tr("Letter by letter"))
    question = Text(lambda: tr("Where does the reader look for each character?"))
    paper = Text(lambda: tr("section 3.4"))
    notice = Text(
        lambda: tr(
            "The attention moves along the word, one character per step. The published network learns this "
            "from transcriptions alone; these small weights were also shown where the characters of "
            "rendered words are. Earlier characters matter too: force another one and see whether the later "
            "ones change."
        )
    )
    runs_model = True
    compares = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.compared = comparison_note()
                self.attention = Figure(
                    photo=True, framed=True, elem_id="reading-attention", scroll_below=340
                )
                self.text = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.step = gr.Radio([], label=tr("Character"), elem_id="reading-step", interactive=True)
                self.best = Figure(elem_id="reading-best")
                self.forced = gr.Dropdown(
                    [(tr("as read"), AS_READ)],
                    value=AS_READ,
                    label=tr("Force another character here"),
                    interactive=True,
                )
                self.result = gr.Markdown(elem_id="reading-forced")
        self.inputs = [self.step, self.forced]
        self.outputs = [self.attention, self.compared, self.best, self.text, self.result]

    def prepare(self, view_input: ViewInput) -> dict:
        trace, word = view_input.trace, view_input.selected
        classes = [(tr("as read"), AS_READ), (tr("end of the word"), 0)]
        classes += [(character, i + 1) for i, character in enumerate(trace.config.characters)]
        steps = [
            (f"{step + 1}  {class_name(trace, int(trace.ids[word, step]))}", step)
            for step in range(reading.step_count(trace, word))
        ]
        return {
            self.step: {"choices": steps, "value": 0},
            self.forced: {"choices": classes, "value": AS_READ},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, forced = view_input.trace, view_input.selected, values[self.forced]
        step = min(int(values[self.step] or 0), reading.step_count(trace, word) - 1)
        result = tr("Pick a character in the list to feed it to the reader in place of the one it read.")
        if forced is not None and forced != AS_READ:
            ids, probabilities = reading.force(view_input.spotter(), trace, word, step, int(forced))
            result = describe_forced(trace, word, step, ids, probabilities)
        pair = view_input.pair()
        if pair is None:
            attention, note = reading.draw_attention(trace, word, step), ""
        else:
            attention = two_weights.draw_reading(pair, step)
            note = escape(two_weights.compare_reading(pair))
        return {
            self.attention: attention,
            self.compared: note,
            self.best: reading.draw_alternatives(trace, word, step),
            self.text: describe(trace, word, step),
            self.result: result,
        }


def describe(trace: Trace, word: int, step: int) -> str:
    """The formula of the step with its numbers, and the word's reading score. Markdown with LaTeX."""
    weights = trace.decoder_attention[word, step].astype(np.float32)
    p = float(trace.top_probabilities[word, step, 0])
    previous = class_name(trace, int(trace.ids[word, step - 1])) if step else tr("start")
    characters = trace.words[word].characters
    product = " · ".join(f"{c.score:.2f}" for c in characters)
    if characters:
        score = tr(
            "The word's reading score is the geometric mean of its characters', {product}: **{score:.3f}**.",
            product=product,
            score=trace.words[word].reading_score,
        ) + describe_threshold(trace, word)
    else:
        score = tr("Nothing was read, so the word's reading score is **0**.")
    largest = f"\\max_i \\alpha_i = {weights.max():.3f}"
    symbols = tr(
        "Here $y$ is the previous character, **{previous}**, $i$ runs over {cells} cells, "
        "${largest}$, and the predicted character has $p = {p:.4f}$.",
        previous=escape(previous),
        cells=weights.size,
        largest=largest,
        p=p,
    )
    return (
        "$$e_i = v^\\top \\tanh(W_h h + W_f f_i), \\qquad \\alpha = \\mathrm{softmax}(e)$$\n\n"
        "$$c = \\sum_i \\alpha_i f_i, \\qquad h' = \\mathrm{GRU}([y, c],\\, h)$$\n\n"
        f"{symbols} {describe_calibration(trace, word, step)}{score}\n\n{describe_loss(trace, word)}"
    )


def describe_loss(trace: Trace, word: int) -> str:
    """What training makes small, with the word's own text taken as true. Markdown with LaTeX."""
    count = reading.step_count(trace, word)
    probabilities = trace.top_probabilities[word, :count, 0].astype(float).clip(1e-4, 1)
    texts, loss = agreeing(
        lambda *ps: -sum(map(math.log, ps)) / len(ps), probabilities.tolist(), [3] * count, 3
    )
    logs = " + ".join(f"\\log {text}" for text in texts)
    parts = [
        tr(
            "**Training** makes the mean of −log p over the $T$ characters small, the end sign included. "
            "With what was read taken as true:"
        ),
        "$$L_{rec} = -\\tfrac{1}{T} \\sum_t \\log p_t$$",
        f"$$-\\tfrac{{1}}{{{count}}} ({logs}) = {loss}$$",
        tr("Besides its features, each cell the decoder looks at carries its column and its row (one-hot)."),
    ]
    return "\n\n".join(parts)


def describe_calibration(trace: Trace, word: int, step: int) -> str:
    """How the probability of a step becomes a score, if it is changed at all."""
    temperature, power = trace.config.reading_temperature, trace.config.reading_power
    characters = trace.words[word].characters
    if temperature == 1 and power == 1:
        return ""
    fitted = tr(
        "To get a score, the logits are divided by a temperature of {temperature:g} and $p$ is raised to "
        "the power {power:g} (a word is correct only if all its characters are), both fitted so that scores "
        "say how often readings are correct.",
        temperature=temperature,
        power=power,
    )
    if step >= len(characters):
        return f"{fitted} "
    becomes = tr("This $p$ becomes {score:.2f}.", score=characters[step].score)
    return f"{fitted} {becomes} "


def describe_threshold(trace: Trace, word: int) -> str:
    """Whether the word's reading score has to reach a minimum."""
    config, score = trace.config, trace.words[word].score
    minimum, confident = config.reading_threshold, config.confident_score
    if not minimum:
        return ""
    if score >= confident:
        return " " + tr(
            "Words that are hard to read are mostly none, so a low reading score discards them; this one "
            "was found so surely (score {score:.2f}, at least {confident:g}) that it stays however "
            "it is read.",
            score=score,
            confident=confident,
        )
    return " " + tr(
        "Below {minimum:g} the word would be discarded, as its detection score ({score:.2f}) is below "
        "{confident:g}.",
        minimum=minimum,
        score=score,
        confident=confident,
    )


def describe_forced(trace: Trace, word: int, step: int, ids: list[int], probabilities: list[float]) -> str:
    """What was read with a character forced at `step`, compared with the word as it was read. Markdown.

    `ids`, `probabilities`: of `reading.force`.
    """
    text = [class_name(trace, i) for i in ids if i]
    original = trace.words[word].text
    later = "".join(text[step + 1 :])
    marked = "".join(f"<u>**{escape(c)}**</u>" if t == step else escape(c) for t, c in enumerate(text))
    rest = zip(ids[step + 1 :], probabilities[step + 1 :], strict=True)
    after = ", ".join(f"{class_name(trace, i)} {p:.2f}" for i, p in rest)
    values = {
        "character": escape(class_name(trace, ids[step])),
        "step": step + 1,
        "p": probabilities[step],
        "text": marked or tr("(no text)"),
        "original": escape(original),
        "after": escape(after) if after else tr("nothing"),
    }
    if later == original[step + 1 :]:
        return tr(
            "Forced **{character}** at step {step} (the reader gave it p = {p:.2g}): {text} instead of "
            "**{original}**; the rest stays as it was. Afterwards it reads: {after}.",
            **values,
        )
    return tr(
        "Forced **{character}** at step {step} (the reader gave it p = {p:.2g}): {text} instead of "
        "**{original}**; **later characters change**. Afterwards it reads: {after}.",
        **values,
    )
