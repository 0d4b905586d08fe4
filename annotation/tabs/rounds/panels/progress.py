"""The running round: its stage, the time left, its curves; the last round if it did not end well."""

from __future__ import annotations

import math

import gradio as gr

from annotation.rounds.records import Progress, Round
from annotation.rounds.stored_texts import stored
from annotation.tabs.error_messages import escape_markdown
from annotation.tabs.rounds.chart import Chart, ChartData, Point
from annotation.tabs.rounds.page import Choice, Page, Situation, Updates, Values, acting
from annotation.tabs.rounds.texts import progress_sentence, unfinished_sentence
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

MAX_POINTS = 200  # of a curve; longer ones are thinned out
# It contains a number and our own text only, so nothing has to be escaped.
BAR = """<progress max="1" value="{share:.4f}" aria-label="{label}"></progress>"""


class ProgressPanel:
    """Shown while a round runs, or while the newest one waits to be resumed."""

    def __init__(self) -> None:
        with gr.Column(elem_id="rounds-progress", visible=False) as self.box:
            with gr.Row(elem_id="rounds-stage"):
                self.text = gr.Markdown(latex_delimiters=[], elem_id="rounds-stage-text")
                self.stop = gr.Button(tr("Stop"), size="md", elem_id="rounds-stop")
                self.resume = gr.Button(tr("Resume"), size="md", variant="primary", elem_id="rounds-resume")
            self.bar = gr.HTML(padding=False, elem_id="rounds-bar")
            with gr.Row(elem_id="rounds-curves") as self.curves:
                self.losses = Chart(label=tr("Training loss"), elem_id="rounds-losses")
                self.holdout = Chart(
                    label=tr("End-to-end H on the hold-out"), unit=" %", elem_id="rounds-holdout-curve"
                )

    @property
    def outputs(self) -> list:
        return [
            self.box,
            self.text,
            self.stop,
            self.resume,
            self.bar,
            self.curves,
            self.losses,
            self.holdout,
        ]

    def show(self, situation: Situation, progress: Progress | None) -> Updates:
        """`progress`: of the running round."""
        one, waits = situation.running, situation.unfinished
        if one is None and waits is None:
            return {self.box: gr.update(visible=False)}
        updates = {
            self.box: gr.update(visible=True),
            self.stop: gr.update(visible=one is not None),
            self.resume: gr.update(visible=one is None),
            self.bar: gr.update(visible=one is not None),
            self.curves: gr.update(visible=one is not None),
        }
        if one is not None:
            return updates | self.show_progress(one, progress, situation.project)
        assert waits is not None
        return updates | {self.text: escape_markdown(unfinished_sentence(waits))}

    def show_progress(self, one: Round, progress: Progress | None, project: str) -> Updates:
        """What changes while a round runs. `project`: the one on the page."""
        text = f"**{escape_markdown(progress_sentence(one, progress, project))}**"
        if progress is not None and progress.message:
            text += f" {escape_markdown(stored(progress.message))}"
        losses = curve(progress.losses if progress else [], tr("loss {value:.3g} after {minutes:.1f} min"))
        percents = [(minutes, 100 * value) for minutes, value in progress.holdout] if progress else []
        label = tr("Progress of the round")
        share = min(max(progress.share, 0.0), 1.0) if progress else 0.0
        return {
            self.text: text,
            self.bar: gr.update(value=BAR.format(share=share, label=label), visible=True),
            self.losses: losses,
            self.holdout: curve(percents, tr("{value:.1f} % after {minutes:.1f} min")),
        }

    def wire(self, page: Page) -> None:
        @acting(page)
        def stop(choice: Choice, values: Values) -> None:
            one = page.rounds.current()
            if one is not None:  # it may have ended meanwhile
                page.rounds.stop(one.id, page.name(values))

        @acting(page)
        def resume(choice: Choice, values: Values) -> Choice:
            for one in page.rounds.list(choice.project_id)[:1]:
                page.rounds.resume(one.id)
            return Choice(choice.project_id)

        self.stop.click(stop, page.inputs, page.shown, trigger_mode="once", **HIDDEN)
        self.resume.click(resume, page.inputs, page.shown, trigger_mode="once", **HIDDEN)


def curve(values: list[tuple[float, float]], form: str) -> ChartData:
    """`values`: (minutes, value); `form`: of what stands under the mouse."""
    values = [value for value in values if all(map(math.isfinite, value))]
    step = -(-len(values) // MAX_POINTS) or 1
    kept = values[::-1][::step][::-1]  # the last one always
    points = [Point(x=x, y=y, tip=form.format(value=y, minutes=x)) for x, y in kept]
    return ChartData(points=points, empty=tr("The first value comes in a minute or so."))
