"""Why one network: what a crop hands on to a second network, and what both ways of reading make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from spotter.evaluation.metrics import same_text
from spotter.evaluation.two_stage import TwoStage
from spotter.explain.crop_looseness import FACTORS, Looseness
from spotter.explain.topics import two_stage_comparison as comparison
from spotter.explain.topics.loose_crop import draw_loose_crop
from spotter.explain.topics.true_outlines import WordReadings, read_both_ways, summarise
from spotter.explain.topics.two_stage_comparison import CropContent
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.truth import missing_truth_note
from spotter.tabs.look_inside.two_stage_results import stored_result
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

MIN_SHARE = 0.005  # of a crop, that is printed as 1 %


class TwoStageView(View):
    name = "why"
    title = Text(lambda: tr("Why one network?"))
    question = Text(lambda: tr("What goes wrong when finding and reading are two networks?"))
    paper = Text(lambda: tr("section 1"))
    notice = Text(
        lambda: tr(
            "The usual way is two networks in a row: one marks words, a box is cropped, the other reads all "
            "that lies in it. What the first gets wrong the second cannot undo (error accumulation); "
            "neighbours and background come along (noise in the crop); each is trained for its own goal, "
            "and both are kept in memory and run. Make the crop looser: how much of it is still the word?"
        )
    )
    runs_model = True
    slow = True

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.crops = Figure(photo=True, framed=True, elem_id="two-stage-inputs", scroll_below=560)
                self.loose_crop = Figure(photo=True, framed=True, elem_id="two-stage-crop")
                self.curve = Figure(elem_id="two-stage-curve")
                self.heat = Figure(photo=True, framed=True, elem_id="two-stage-heat", scroll_below=560)
            with gr.Column(scale=4, min_width=280):
                self.introduce()
                self.factor = Slider(
                    float(FACTORS[0]),
                    float(FACTORS[-1]),
                    value=comparison.LOOSE,
                    step=round(float(FACTORS[1] - FACTORS[0]), 3),
                    label=tr("How loosely the word is cropped"),
                    info=tr("sides of the crop; 1: as found, or as the true rectangle"),
                    elem_id="two-stage-factor",
                )
                self.run = gr.Checkbox(
                    False,
                    label=tr(
                        "Read all words in looser and looser crops (runs the network; CRAFT and a CRNN too "
                        "if installed)"
                    ),
                    elem_id="two-stage-run",
                )
                self.text = gr.Markdown(elem_classes="formula", elem_id="two-stage-text")
        self.inputs = [self.run, self.factor]
        self.outputs = [self.crops, self.heat, self.loose_crop, self.curve, self.text]

    def prepare(self, view_input: ViewInput) -> dict:
        return {self.run: {"value": False}, self.factor: {"value": comparison.LOOSE}}

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, word, factor = view_input.trace, view_input.selected, float(values[self.factor])
        both, measured = not comparison.missing_packages(), None
        if values[self.run]:
            if both:
                comparison.run_two_stage(trace, view_input.progress)

            def progress(part: float) -> None:
                view_input.progress(part, desc=tr("Cropping the words more and more loosely"))

            measured = comparison.looseness(view_input.spotter(), trace, view_input.truth, progress)
        result, stored = comparison.cached_result(trace), stored_result(trace)
        true = stored.true if stored else []
        if result is None and stored is not None:
            result = stored.result
        parts = [describe_crop(trace, word, factor, comparison.crop_content(trace, word, factor))]
        if result is not None and true:
            parts.append(describe_true(read_both_ways(trace, result, true)))
        if values[self.run]:
            note = missing_truth_note(view_input) if measured else ""
            parts.append(note + describe(trace, result, measured, word))
        parts.append(results())
        if not both:
            parts.append(missing_note(is_stored=stored is not None))
        return {
            self.heat: comparison.draw_heat(trace, result, [one.polygon / trace.scale for one in true]),
            self.crops: comparison.draw_inputs(trace, result, word, factor),
            self.loose_crop: draw_loose_crop(trace, measured, word, factor),
            self.curve: comparison.draw_looseness(measured, factor),
            self.text: "\n\n".join(parts),
        }


def missing_note(is_stored: bool) -> str:
    if is_stored:
        return tr(
            "What CRAFT and a CRNN read on this sample is stored: their packages are not installed on this "
            "machine (the extra `two-way` of this project)."
        )
    return tr(
        "What CRAFT and a CRNN read on this very photo is not shown: their packages are not "
        "installed on this machine (the extra `two-way` of this project)."
    )


def describe_true(readings: list[WordReadings]) -> str:
    """What each reads of the true words. Markdown."""

    def cell(true: str, text: str | None) -> str:
        if text is None:
            return tr("(not found)")
        shown = escape(text) or tr("(no text)")
        return shown if same_text(true, text) else f"✗ {shown}"

    titles = tr("true"), "CRAFT + CRNN", tr("CRNN, true outline"), tr("ours")
    rows = [f"| {' | '.join(titles)} |", "|---|---|---|---|"]
    for one in readings:
        cells = [cell(one.true, text) for text in (one.theirs, one.outlined, one.ours)]
        rows.append(f"| {' | '.join([escape(one.true), *cells])} |")
    return f"{summarise(readings)}\n\n" + "\n".join(rows)


def results() -> str:
    """Both ways on a set of photographs, as measured and printed in README.md, section "Results" (a test
    compares them). Markdown.
    """
    setting = tr(
        "**Two networks** (EasyOCR 1.7.2: CRAFT and a CRNN) **and one** (`nano`), 150 photographs of ICDAR "
        "2015, no lexicon, H-mean in percent:"
    )
    caution = tr(
        "Both find about as many words; much more of that is lost between the two networks. They were "
        "trained on different data, so the table is no proof of the paper's claim, only an example of it."
    )
    rows = [
        ("", tr("two"), tr("one")),
        (tr("found"), "72.0", "76.6"),
        (tr("found and read"), "26.0", "51.3"),
        (tr("kept on the way"), "36 %", "67 %"),
        (tr("CPU time, relative"), "5.6", "1.0"),
        (tr("parameters"), tr("22.2 million"), tr("8.0 million")),
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    table = "\n".join([lines[0], "|---|--:|--:|", *lines[1:]])
    return f"{setting}\n\n{table}\n\n{caution}"


def describe_crop(trace: Trace, word: int, factor: float, content: CropContent) -> str:
    """What lies in the crop, in numbers. Markdown."""
    values = {"factor": factor, "word": content.word, "text": escape(trace.words[word].text)}
    if content.others >= MIN_SHARE:
        return tr(
            "Cropped {factor:g} times as large, **{word:.0%}** of the crop is **{text}**, **{others:.0%}** "
            "are other words. A reader of crops gets their letters, too; ours gets features that its own "
            "mask has cut.",
            **values,
            others=content.others,
        )
    return tr(
        "Cropped {factor:g} times as large, **{word:.0%}** of the crop is **{text}**; the rest is "
        "background, no other word lies in it. Choose a word with near neighbours to see theirs come along.",
        **values,
    )


def describe(trace: Trace, result: TwoStage | None, measured: Looseness | None, word: int) -> str:
    """What the curve shows in numbers, and the texts at both of its ends. Markdown."""
    own = {"number": word + 1, "text": escape(trace.words[word].text)}
    if result is None:
        first = tr("Word {number}: ours reads **{text}**.", **own)
    elif strip := comparison.overlapping_strip(trace, result, word):
        theirs = escape(strip.text)
        first = tr("Word {number}: ours reads **{text}**, the CRNN **{theirs}**.", **own, theirs=theirs)
    else:
        first = tr("Word {number}: ours reads **{text}**, the CRNN nothing.", **own)
    if measured is None:
        needed = tr(
            "The curve needs true words with text that ours finds; write them where you pick the photo."
        )
        return f"{first} {needed}"
    tight, loose = comparison.factor_index(1.0), len(FACTORS) - 1
    ours = measured.similarity(measured.ours)
    if word not in measured.words:
        first += " " + tr("It overlaps no true word, so it is not cropped; pick one that does.")
    columns = [measured.ours[tight], measured.ours[loose]]
    names = [tr("true"), tr("ours, tight"), tr("ours, loose")]
    values = {"factor": FACTORS[loose], "tight": ours[tight], "loose": ours[loose]}
    sentences = []
    if measured.theirs is None:
        sentences.append(
            tr(
                "From the true rectangle to one with {factor:g} times its sides, similarity to the truth "
                "goes from {tight:.2f} to **{loose:.2f}** for ours.",
                **values,
            )
        )
    else:
        similar = measured.similarity(measured.theirs)
        columns += [measured.theirs[tight], measured.theirs[loose]]
        names += [tr("CRNN, tight"), tr("CRNN, loose")]
        sentences += [
            tr(
                "From the true rectangle to one with {factor:g} times its sides, similarity to the truth "
                "goes from {tight:.2f} to **{loose:.2f}** for ours and from {their_tight:.2f} to "
                "**{their_loose:.2f}** for the CRNN.",
                **values,
                their_tight=similar[tight],
                their_loose=similar[loose],
            ),
            verdict(ours[tight] - ours[loose], similar[tight] - similar[loose]),
        ]
    sentences += [
        tr("Ours also has the maskK it predicted itself, which blanks what is not the word."),
        tr("Similarity is 1 − edit distance / length."),
    ]
    lines = [
        first,
        "",
        " ".join(sentences),
        "",
        f"| {' | '.join(names)} |",
        "|---" * len(names) + "|",
    ]
    for row in zip(measured.texts, *columns, strict=True):
        lines.append("| " + " | ".join(escape(text) if text else "" for text in row) + " |")
    return "\n".join(lines)


def verdict(ours: float, theirs: float) -> str:
    """Which of the two lost more similarity (0..1), in one sentence."""
    if abs(ours - theirs) < 0.02:
        return tr("Both lose about as much.")
    if ours < theirs:
        return tr("Ours loses less, as the paper says of reading masked features.")
    return tr("Ours loses more: on these words these weights do not show what the paper argues for.")
