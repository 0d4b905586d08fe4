"""View 12: the same photo read by CRAFT and a CRNN, compared with this network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from spotter.evaluation.two_stage import TwoStage
from spotter.explain.crop_looseness import FACTORS, Looseness
from spotter.explain.topics import two_stage_comparison as comparison
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.truth import missing_truth_note
from spotter.tabs.look_inside.view import Values, View, ViewInput

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

RUN = "Run CRAFT + CRNN on this photo (half a minute or more)"


class TwoStageView(View):
    number = 12
    title = "Two-stage comparison"
    paper = "section 1"
    notice = (
        "The usual way uses two networks in a row: CRAFT marks characters, a box is cropped, and a CRNN "
        "reads all pixels in it, neighbours included. This network reads features that its own mask has "
        "cleaned. Make the crop looser and see which of the two suffers. (CRAFT and the CRNN were trained on "
        "far more photos than the small weights here.)"
    )
    runs_model = True
    slow = True

    def layout(self) -> None:
        self.missing = comparison.missing_packages()
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=300):
                self.run = gr.Checkbox(False, label=RUN, visible=not self.missing, elem_id="two-stage-run")
                self.heat = Figure(photo=True, framed=True, elem_id="two-stage-heat", scroll_below=560)
                self.crops = Figure(photo=True, framed=True, elem_id="two-stage-inputs")
            with gr.Column(scale=4, min_width=280):
                gr.Markdown(f"**{self.missing}**", visible=bool(self.missing), elem_id="two-stage-missing")
                self.factor = gr.Slider(
                    float(FACTORS[0]),
                    float(FACTORS[-1]),
                    value=comparison.LOOSE,
                    step=float(FACTORS[1] - FACTORS[0]),
                    label="How loosely the word is cropped",
                    info="sides of the crop; 1 is the true rectangle",
                    visible=not self.missing,
                    elem_id="two-stage-factor",
                )
                self.loose_crop = Figure(photo=True, framed=True, elem_id="two-stage-crop")
                self.curve = Figure(elem_id="two-stage-curve")
                self.text = gr.Markdown(elem_classes="formula", elem_id="two-stage-text")
        self.inputs = [self.run, self.factor]
        self.outputs = [self.heat, self.crops, self.loose_crop, self.curve, self.text]

    def prepare(self, view_input: ViewInput) -> dict:
        has_run = comparison.cached_result(view_input.trace) is not None
        return {self.run: {"value": has_run}, self.factor: {"value": comparison.LOOSE}}

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, factor = view_input.trace, view_input.selected, float(values[self.factor])
        measured = None
        if values[self.run] and not self.missing:
            comparison.run_two_stage(trace, view_input.progress)

            def progress(part: float) -> None:
                view_input.progress(part, desc="Cropping the words more and more loosely")

            measured = comparison.looseness(view_input.spotter(), trace, view_input.truth, progress)
        result = comparison.cached_result(trace)
        note = missing_truth_note(view_input) if measured else ""
        return {
            self.heat: comparison.draw_heat(trace, result),
            self.crops: comparison.draw_inputs(trace, result, word),
            self.loose_crop: comparison.draw_loose_crop(trace, measured, word, factor),
            self.curve: comparison.draw_looseness(measured, factor),
            self.text: note + describe(trace, result, measured, word),
        }


def describe(trace: Trace, result: TwoStage | None, measured: Looseness | None, word: int) -> str:
    """What the curve shows in numbers, and the texts at both of its ends. Markdown."""
    if result is None:
        return ""
    strip = comparison.overlapping_strip(trace, result, word)
    text = f"**{escape(strip.text)}**" if strip else "nothing"
    lines = [f"Word {word + 1}: ours reads **{escape(trace.words[word].text)}**, the CRNN {text}."]
    if measured is None:
        return lines[0] + " The curve needs true words with text that ours finds; write them under the photo."
    tight, loose = comparison.factor_index(1.0), len(FACTORS) - 1
    ours, theirs = measured.similarity(measured.ours), measured.similarity(measured.theirs)
    if word not in measured.words:
        lines[0] += " It overlaps no true word, so it is not cropped; pick one that does."
    lines += [
        "",
        f"From the true rectangle to one with {FACTORS[loose]:g} times its sides, similarity to the truth "
        f"goes from {ours[tight]:.2f} to **{ours[loose]:.2f}** for ours and from {theirs[tight]:.2f} to "
        f"**{theirs[loose]:.2f}** for the CRNN. "
        f"{verdict(ours[tight] - ours[loose], theirs[tight] - theirs[loose])} "
        "Both get the same crops; ours also has the maskK it predicted itself, which blanks what is not the "
        "word. Similarity is 1 − edit distance / length.",
        "",
        "| true | ours, tight | ours, loose | CRNN, tight | CRNN, loose |",
        "|---|---|---|---|---|",
    ]
    columns = (measured.ours[tight], measured.ours[loose], measured.theirs[tight], measured.theirs[loose])
    for row in zip(measured.texts, *columns, strict=True):
        lines.append("| " + " | ".join(escape(text) if text else "" for text in row) + " |")
    return "\n".join(lines)


def verdict(ours: float, theirs: float) -> str:
    """Which of the two lost more similarity (0..1), in one sentence."""
    if abs(ours - theirs) < 0.02:
        return "Both lose about as much."
    if ours < theirs:
        return "Ours loses less, as the paper says of reading masked features."
    return "Ours loses more: on these words these weights do not show what the paper argues for."
