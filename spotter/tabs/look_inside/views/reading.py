"""The reader, one character per step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from spotter.explain.topics import reading
from spotter.explain.topics.reading import class_name
from spotter.tabs.look_inside.equations import agreeing
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.view import Values, View, ViewInput
from spotter.tabs.look_inside.widgets import formula

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

AS_READ = -1  # no character is forced
NOT_FORCED = "Pick a character in the list to feed it to the reader in place of the one it read."


class ReadingView(View):
    name = "letters"
    title = "Letter by letter"
    question = "Where does the reader look for each character?"
    paper = "section 3.4"
    notice = (
        "The attention moves along the word, one character per step. The published network learns this from "
        "transcriptions alone; these small weights were also shown where the characters of rendered words "
        "are. Earlier characters matter too: force another one and see whether the later ones change."
    )
    runs_model = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.attention = Figure(
                    photo=True, framed=True, elem_id="reading-attention", scroll_below=340
                )
                self.text = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.step = gr.Radio([], label="Character", elem_id="reading-step", interactive=True)
                self.best = Figure(elem_id="reading-best")
                self.forced = gr.Dropdown(
                    [("as read", AS_READ)],
                    value=AS_READ,
                    label="Force another character here",
                    interactive=True,
                )
                self.result = gr.Markdown(elem_id="reading-forced")
        self.inputs = [self.step, self.forced]
        self.outputs = [self.attention, self.best, self.text, self.result]

    def prepare(self, view_input: ViewInput) -> dict:
        trace, word = view_input.trace, view_input.selected
        classes = [("as read", AS_READ), ("end of the word", 0)]
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
        result = NOT_FORCED
        if forced is not None and forced != AS_READ:
            ids, probabilities = reading.force(view_input.spotter(), trace, word, step, int(forced))
            result = describe_forced(trace, word, step, ids, probabilities)
        return {
            self.attention: reading.draw_attention(trace, word, step),
            self.best: reading.draw_alternatives(trace, word, step),
            self.text: describe(trace, word, step),
            self.result: result,
        }


def describe(trace: Trace, word: int, step: int) -> str:
    """The formula of the step with its numbers, and the word's reading score. Markdown with LaTeX."""
    weights = trace.decoder_attention[word, step].astype(np.float32)
    p = float(trace.top_probabilities[word, step, 0])
    previous = class_name(trace, int(trace.ids[word, step - 1])) if step else "start"
    characters = trace.words[word].characters
    product = " · ".join(f"{c.score:.2f}" for c in characters)
    score = (
        f"The word's reading score is the geometric mean of its characters', {product}: "
        f"**{trace.words[word].reading_score:.3f}**." + describe_threshold(trace, word)
        if characters
        else "Nothing was read, so the word's reading score is **0**."
    )
    return (
        "$$e_i = v^\\top \\tanh(W_h h + W_f f_i), \\qquad \\alpha = \\mathrm{softmax}(e)$$\n\n"
        "$$c = \\sum_i \\alpha_i f_i, \\qquad h' = \\mathrm{GRU}([y, c],\\, h)$$\n\n"
        f"Here $y$ is the previous character, **{escape(previous)}**, $i$ runs over {weights.size} cells, "
        f"$\\max_i \\alpha_i = {weights.max():.3f}$, and the predicted character has $p = {p:.4f}$. "
        f"{describe_calibration(trace, word, step)}{score}\n\n{describe_loss(trace, word)}"
    )


def describe_loss(trace: Trace, word: int) -> str:
    """What training makes small, with the word's own text taken as true. Markdown with LaTeX."""
    count = reading.step_count(trace, word)
    probabilities = trace.top_probabilities[word, :count, 0].astype(float).clip(1e-4, 1)
    texts, loss = agreeing(
        lambda *ps: -sum(map(math.log, ps)) / len(ps), probabilities.tolist(), [2] * count, 2
    )
    logs = " + ".join(f"\\log {text}" for text in texts)
    return (
        "**Training** makes the mean of −log p over the $T$ characters small, the end sign included. With "
        "what was read taken as true:\n\n"
        f"$$L_{{rec}} = -\\tfrac{{1}}{{T}} \\sum_t \\log p_t$$\n\n"
        f"$$-\\tfrac{{1}}{{{count}}} ({logs}) = {loss}$$\n\n"
        "Besides its features, each cell the decoder looks at carries its column and its row (one-hot)."
    )


def describe_calibration(trace: Trace, word: int, step: int) -> str:
    """How the probability of a step becomes a score, if it is changed at all."""
    temperature, power = trace.config.reading_temperature, trace.config.reading_power
    characters = trace.words[word].characters
    if temperature == 1 and power == 1:
        return ""
    return (
        f"To get a score, the logits are divided by a temperature of {temperature:g} and $p$ is raised to "
        f"the power {power:g} (a word is correct only if all its characters are), both fitted so that scores "
        "say how often readings are correct"
        + (f": this $p$ becomes {characters[step].score:.2f}. " if step < len(characters) else ". ")
    )


def describe_threshold(trace: Trace, word: int) -> str:
    """Whether the word's reading score has to reach a minimum."""
    config, score = trace.config, trace.words[word].score
    minimum, confident = config.reading_threshold, config.confident_score
    if not minimum:
        return ""
    if score >= confident:
        return (
            f" Words that are hard to read are mostly none, so a low reading score discards them; this one "
            f"was found so surely (score {score:.2f}, at least {confident:g}) that it stays however "
            "it is read."
        )
    return (
        f" Below {minimum:g} the word would be discarded, as its detection score ({score:.2f}) is below "
        f"{confident:g}."
    )


def describe_forced(trace: Trace, word: int, step: int, ids: list[int], probabilities: list[float]) -> str:
    """What was read with a character forced at `step`, compared with the word as it was read. Markdown.

    `ids`, `probabilities`: of `reading.force`.
    """
    text = [class_name(trace, i) for i in ids if i]
    original = trace.words[word].text
    later = "".join(text[step + 1 :])
    verdict = "the rest stays as it was" if later == original[step + 1 :] else "**later characters change**"
    marked = (
        "".join(f"<u>**{escape(c)}**</u>" if t == step else escape(c) for t, c in enumerate(text))
        or "(no text)"
    )
    rest = zip(ids[step + 1 :], probabilities[step + 1 :], strict=True)
    after = ", ".join(f"{class_name(trace, i)} {p:.2f}" for i, p in rest)
    return (
        f"Forced **{escape(class_name(trace, ids[step]))}** at step {step + 1} (the reader gave it p = "
        f"{probabilities[step]:.2g}): {marked} instead of **{escape(original)}**; {verdict}. Afterwards it "
        f"reads: {escape(after) if after else 'nothing'}."
    )
