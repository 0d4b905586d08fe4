"""The photo's words compared with the true ones."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import hmean
from spotter.explain.topics.hmean import IGNORED, Evaluation
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.truth import missing_truth_note, no_truth
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, formula

FOUND, READ = "found", "found and read"
MAX_ROWS = 40  # of the table


class HmeanView(View):
    name = "hmean"
    title = Text(lambda: tr("Was it right?"))
    question = Text(lambda: tr("How many words were found, and how many were read?"))
    paper = Text(lambda: tr("section 4"))
    notice = Text(
        lambda: tr(
            "A word counts as found if its IoU with a true word exceeds the threshold. Lower the score "
            "threshold: more words may be found (recall rises), but also more false ones (precision falls). "
            "The H-mean is high only if precision and recall both are. The true words can be edited where "
            "the photo is picked."
        )
    )
    needs_word = False

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, elem_id="hmean-picture", scroll_below=400)
                self.text = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.min_iou = Slider(0.05, 0.95, value=0.5, step=0.05, label=tr("IoU threshold"))
                self.min_score = Slider(0.0, 1.0, value=0.4, step=0.01, label=tr("Score threshold"))
                self.criterion = gr.Radio(
                    [(tr("found"), FOUND), (tr("found and read"), READ)],
                    value=FOUND,
                    label=tr("Count a word as correct when"),
                )
                self.curve = Figure(elem_id="hmean-curve")
        self.table = gr.Markdown(elem_classes="formula")
        self.inputs = [self.min_iou, self.min_score, self.criterion]
        self.outputs = [self.picture, self.curve, self.text, self.table]

    def prepare(self, view_input: ViewInput) -> dict:
        return {
            self.min_iou: {"value": 0.5},
            self.min_score: {"value": view_input.trace.config.score_threshold},
            self.criterion: {"value": FOUND},
        }

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        trace, truth, reading = view_input.trace, view_input.truth, values[self.criterion] == READ
        min_iou, min_score = float(values[self.min_iou]), float(values[self.min_score])
        evaluation = hmean.evaluate_photo(trace, truth, min_iou, min_score)
        curves = hmean.over_thresholds(trace, truth, min_score, reading)
        has_words = evaluation.true or evaluation.words
        return {
            self.picture: hmean.draw_evaluation(trace, evaluation, reading),
            self.curve: hmean.draw_thresholds(curves, min_iou),
            self.text: missing_truth_note(view_input) + describe(evaluation, reading),
            self.table: table(evaluation) if has_words else no_truth(),
        }


def describe(evaluation: Evaluation, reading: bool) -> str:
    """The three quotients with their numbers, and why the mean is the harmonic one. Markdown with LaTeX."""
    s = evaluation.end_to_end if reading else evaluation.detection
    correct, found, true = (f"\\text{{{name}}}" for name in (tr("correct"), tr("found"), tr("true")))
    if reading:
        rule = tr("A word is correct if it is found and read.")
    else:
        rule = tr("A word is correct if it is found.")
    colours = tr("In the picture, {legend}.", legend=hmean.legend(reading))
    text = (
        f"$$P = \\frac{{{correct}}}{{{found}}} = \\frac{{{s.matched}}}{{{s.found}}} = "
        f"{s.precision:.3f}"
        f"\\qquad R = \\frac{{{correct}}}{{{true}}} = \\frac{{{s.matched}}}{{{s.true}}} = "
        f"{s.recall:.3f}$$\n\n"
        f"$$H = \\frac{{2PR}}{{P + R}} = \\frac{{2 \\cdot {s.matched}}}{{{s.found} + {s.true}}} = "
        f"{s.hmean:.3f}$$\n\n"
        f"{rule} {colours} "
    )
    if not s.true or not s.found:
        return text + tr(
            "A quotient with denominator zero counts as 0 here, as in the competition's script: a photo with "
            "nothing true and nothing found adds nothing to any count."
        )
    return text + tr(
        "**Why harmonic?** The arithmetic mean of P and R is {mean:.3f}. It can be "
        "gamed: a spotter that reports only one certain word has P = 1 and R = 1/{true} here, an "
        "arithmetic mean of {gamed:.2f}, but H = {one:.2f}. The harmonic mean stays near the "
        "smaller of the two, so it is high only for a spotter that is good at both. Over a test set, counts "
        "are summed over all photos before dividing; one photo alone says little.",
        mean=(s.precision + s.recall) / 2,
        true=s.true,
        gamed=(1 + 1 / s.true) / 2,
        one=2 / (1 + s.true),
    )


def table(evaluation: Evaluation) -> str:
    """Each true word with its match, then the false alarms. Markdown."""
    ignored, missed, false_alarm = tr("do not care"), tr("missed"), tr("false alarm")
    titles = tr("true"), tr("read"), "IoU", tr("counts as")
    rows = [f"| {' | '.join(titles)} |", "|---|---|--:|---|"]
    pairs = zip(evaluation.pairs, evaluation.text_correct, strict=True)
    matched = {i: (j, correct) for (i, j), correct in pairs}
    for i, region in enumerate(evaluation.true):
        if region.ignore:
            rows.append(f"| {escape(IGNORED)} | | | {ignored} |")
        elif i in matched:
            j, correct = matched[i]
            if correct:
                verdict = tr("found and read")
            else:
                verdict = tr("found, read wrongly") if region.text else tr("found")
            text = escape(evaluation.words[j].text)
            rows.append(f"| {escape(region.text)} | {text} | {evaluation.iou[i, j]:.2f} | {verdict} |")
        else:
            best = f"{evaluation.iou[i].max():.2f}" if evaluation.words else ""
            rows.append(f"| {escape(region.text)} | | {best} | **{missed}** |")
    paired = {j for _, j in evaluation.pairs}
    for j in evaluation.counted:
        if j not in paired:
            best = f"{evaluation.iou[:, j].max():.2f}" if evaluation.true else ""
            rows.append(f"| | {escape(evaluation.words[j].text)} | {best} | **{false_alarm}** |")
    if len(rows) > MAX_ROWS:
        more = tr("and {number} more", number=len(rows) - MAX_ROWS)
        rows = [*rows[:MAX_ROWS], f"| | | | {more} |"]
    note = tr("The IoU of a missed word or a false alarm is the highest it has with any.")
    return "\n".join(rows) + f"\n\n{note}"
