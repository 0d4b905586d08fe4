"""The photo's words compared with the true ones."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import hmean
from spotter.explain.topics.hmean import IGNORED, Evaluation
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.truth import NO_TRUTH, missing_truth_note
from spotter.tabs.look_inside.view import Values, View, ViewInput
from spotter.tabs.look_inside.widgets import Slider, formula

FOUND, READ = "found", "found and read"
MAX_ROWS = 40  # of the table


class HmeanView(View):
    name = "hmean"
    title = "Was it right?"
    question = "How many words were found, and how many were read?"
    paper = "section 4"
    notice = (
        "A word counts as found if its IoU with a true word exceeds the threshold. Lower the score "
        "threshold: more words are found (recall rises), but also more false ones (precision falls). The "
        "H-mean is high only if precision and recall both are. The true words can be edited "
        "where the photo is picked."
    )
    needs_word = False

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=5, min_width=300):
                self.picture = Figure(photo=True, elem_id="hmean-picture", scroll_below=400)
                self.text = formula()
            with gr.Column(scale=3, min_width=280):
                self.introduce()
                self.min_iou = Slider(0.05, 0.95, value=0.5, step=0.05, label="IoU threshold")
                self.min_score = Slider(0.0, 1.0, value=0.4, step=0.01, label="Score threshold")
                self.criterion = gr.Radio([FOUND, READ], value=FOUND, label="Count a word as correct when")
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
            self.table: table(evaluation) if has_words else NO_TRUTH,
        }


def describe(evaluation: Evaluation, reading: bool) -> str:
    """The three quotients with their numbers, and why the mean is the harmonic one. Markdown with LaTeX."""
    s = evaluation.end_to_end if reading else evaluation.detection
    text = (
        f"$$P = \\frac{{\\text{{correct}}}}{{\\text{{found}}}} = \\frac{{{s.matched}}}{{{s.found}}} = "
        f"{s.precision:.3f}"
        f"\\qquad R = \\frac{{\\text{{correct}}}}{{\\text{{true}}}} = \\frac{{{s.matched}}}{{{s.true}}} = "
        f"{s.recall:.3f}$$\n\n"
        f"$$H = \\frac{{2PR}}{{P + R}} = \\frac{{2 \\cdot {s.matched}}}{{{s.found} + {s.true}}} = "
        f"{s.hmean:.3f}$$\n\n"
        f"A word is correct if it is {READ if reading else FOUND}. In the picture, {hmean.legend(reading)}. "
    )
    if not s.true or not s.found:
        return text + (
            "A quotient with denominator zero counts as 0 here, as in the competition's script: a photo with "
            "nothing true and nothing found adds nothing to any count."
        )
    one = 2 / (1 + s.true)
    return text + (
        f"**Why harmonic?** The arithmetic mean of P and R is {(s.precision + s.recall) / 2:.3f}. It can be "
        f"gamed: a spotter that reports only one certain word has P = 1 and R = 1/{s.true} here, an "
        f"arithmetic mean of {(1 + 1 / s.true) / 2:.2f}, but H = {one:.2f}. The harmonic mean stays near the "
        "smaller of the two, so it is high only for a spotter that is good at both. Over a test set, counts "
        "are summed over all photos before dividing; one photo alone says little."
    )


def table(evaluation: Evaluation) -> str:
    """Each true word with its match, then the false alarms. Markdown."""
    rows = ["| true | read | IoU | counts as |", "|---|---|--:|---|"]
    pairs = zip(evaluation.pairs, evaluation.text_correct, strict=True)
    matched = {i: (j, correct) for (i, j), correct in pairs}
    for i, region in enumerate(evaluation.true):
        if region.ignore:
            rows.append(f"| {escape(IGNORED)} | | | do not care |")
        elif i in matched:
            j, correct = matched[i]
            verdict = "found and read" if correct else "found, read wrongly" if region.text else "found"
            text = escape(evaluation.words[j].text)
            rows.append(f"| {escape(region.text)} | {text} | {evaluation.iou[i, j]:.2f} | {verdict} |")
        else:
            best = f"{evaluation.iou[i].max():.2f}" if evaluation.words else ""
            rows.append(f"| {escape(region.text)} | | {best} | **missed** |")
    paired = {j for _, j in evaluation.pairs}
    for j in evaluation.counted:
        if j not in paired:
            best = f"{evaluation.iou[:, j].max():.2f}" if evaluation.true else ""
            rows.append(f"| | {escape(evaluation.words[j].text)} | {best} | **false alarm** |")
    if len(rows) > MAX_ROWS:
        rows = [*rows[:MAX_ROWS], f"| | | | and {len(rows) - MAX_ROWS} more |"]
    return "\n".join(rows) + "\n\nThe IoU of a missed word or a false alarm is the highest it has with any."
