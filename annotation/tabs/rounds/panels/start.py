"""What there is to gain, and the button that starts a round."""

from __future__ import annotations

import gradio as gr

from annotation.rounds.config import RoundConfig
from annotation.rounds.records import PARTS, Gain
from annotation.tabs.error_messages import escape_markdown
from annotation.tabs.panels.confirmation import counted
from annotation.tabs.rounds.page import Choice, Page, Situation, Updates, Values, acting
from annotation.tabs.rounds.texts import PARTS as PART_NAMES
from annotation.tabs.rounds.texts import gain_sentence, missing_sentence
from spotter.tabs.shared.events import HIDDEN

AUTO = "auto"
PART_CHOICES = [
    ("chosen from the corrections", AUTO),
    *((PART_NAMES[part], part) for part in PARTS),
]


class StartPanel:
    """The first line of the tab. It is hidden while a round runs."""

    def __init__(self, config: RoundConfig) -> None:
        self.config = config
        with gr.Column(elem_id="rounds-start", visible=False) as self.box:
            with gr.Row(elem_id="rounds-gain"):
                self.gain = gr.Markdown(latex_delimiters=[], elem_id="rounds-gain-text")
                self.start = gr.Button("Start", variant="primary", elem_id="rounds-start-button")
            self.why = gr.Markdown(latex_delimiters=[], elem_id="rounds-why")
            self.warnings = gr.Markdown(latex_delimiters=[], visible=False, elem_id="rounds-warnings")
            settings = gr.Accordion("Settings of the round", open=False, elem_id="rounds-settings")
            with settings, gr.Row(elem_classes="with-fields"):
                self.minutes = gr.Number(
                    config.minutes,
                    label="Minutes",
                    minimum=0.1,
                    maximum=config.max_minutes,
                )
                self.part = gr.Dropdown(PART_CHOICES, value=AUTO, label="Trained", filterable=False)

    def show(self, situation: Situation, gain: Gain | None, has_photos: bool) -> Updates:
        """`gain`: None while a round runs."""
        if gain is None:
            return {self.box: gr.update(visible=False)}
        lines = "\n".join(f"- {escape_markdown(warning)}" for warning in gain.warnings)
        return {
            self.box: gr.update(visible=True),
            self.gain: escape_markdown(gain_sentence(gain, has_photos)),
            self.why: escape_markdown(why_sentence(gain, self.config)),
            self.warnings: gr.update(value=lines, visible=bool(gain.warnings)),
            self.start: gr.update(interactive=not gain.missing and gain.photos > 0),
        }

    @property
    def outputs(self) -> list:
        return [self.box, self.gain, self.why, self.warnings, self.start]

    def wire(self, page: Page) -> None:
        @acting(page)
        def start(choice: Choice, values: Values) -> Choice:
            minutes, part = values[self.minutes], values[self.part] or AUTO
            page.rounds.start(choice.project_id, minutes, part, page.name(values))
            return Choice(choice.project_id)

        inputs = {*page.inputs, self.minutes, self.part}
        self.start.click(start, inputs, page.shown, trigger_mode="once", **HIDDEN)


def why_sentence(gain: Gain, config: RoundConfig) -> str:
    """Why no round can start, or which part one would train, and why."""
    if missing := missing_sentence(gain, config):
        return missing
    verb = "judges" if gain.holdout == 1 else "judge"
    return f"{gain.reason} {counted(gain.holdout, 'photo')} only {verb} it." if gain.photos else ""
