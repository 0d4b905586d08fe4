"""What there is to gain, and the button that starts a round."""

from __future__ import annotations

import gradio as gr

from annotation.rounds.config import RoundConfig
from annotation.rounds.records import PARTS, Gain
from annotation.tabs.error_messages import errors_as_messages, escape_markdown
from annotation.tabs.rounds.page import Choice, Page, Situation, Updates, Values, acting, ensure
from annotation.tabs.rounds.texts import (
    characters_sentence,
    cross_validation_sentence,
    gain_sentence,
    missing_sentence,
    part_names,
)
from spotter.language import tr, trn
from spotter.tabs.shared.events import HIDDEN

AUTO = "auto"
MAX_TYPED = 10_000  # characters


class StartPanel:
    """The first line of the tab. It is hidden while a round runs."""

    def __init__(self, config: RoundConfig) -> None:
        self.config = config
        with gr.Column(elem_id="rounds-start", visible=False) as self.box:
            with gr.Row(elem_id="rounds-gain"):
                self.gain = gr.Markdown(latex_delimiters=[], elem_id="rounds-gain-text")
                self.start = gr.Button(tr("Start"), variant="primary", elem_id="rounds-start-button")
            self.why = gr.Markdown(latex_delimiters=[], elem_id="rounds-why")
            self.cross_validate = gr.Button(
                tr("Start with cross-validation instead"), visible=False, elem_id="rounds-cross-validate"
            )
            self.warnings = gr.Markdown(latex_delimiters=[], visible=False, elem_id="rounds-warnings")
            settings = gr.Accordion(tr("Settings of the round"), open=False, elem_id="rounds-settings")
            with settings, gr.Row(elem_classes="with-fields"):
                self.minutes = gr.Number(
                    config.minutes,
                    label=tr("Minutes"),
                    minimum=0.1,
                    maximum=config.max_minutes,
                )
                names = part_names()
                parts = [(tr("chosen from the corrections"), AUTO), *((names[part], part) for part in PARTS)]
                self.part = gr.Dropdown(parts, value=AUTO, label=tr("Trained"), filterable=False)
                self.characters = gr.Textbox(
                    label=tr("Characters to learn, besides those of the texts"),
                    placeholder="é ü ñ ß",
                    max_length=MAX_TYPED,
                    elem_id="rounds-characters",
                )

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
            self.cross_validate: gr.update(visible=gain.can_cross_validate),
            self.characters: " ".join(gain.named),
        }

    @property
    def outputs(self) -> list:
        shown = [self.box, self.gain, self.why, self.warnings, self.start, self.cross_validate]
        return [*shown, self.characters]

    def wire(self, page: Page) -> None:
        def begin(choice: Choice, values: Values, cross_validate: bool) -> Choice:
            minutes, part = values[self.minutes], values[self.part] or AUTO
            options = page.name(values), values[self.characters] or "", cross_validate
            page.rounds.start(choice.project_id, minutes, part, *options)
            return Choice(choice.project_id)

        @acting(page)
        def start(choice: Choice, values: Values) -> Choice:
            return begin(choice, values, cross_validate=False)

        @acting(page)
        def start_in_parts(choice: Choice, values: Values) -> Choice:
            return begin(choice, values, cross_validate=True)

        def name_characters(values: Values) -> None:
            """Kept when the field is left, so that nothing that is shown anew replaces them."""
            with errors_as_messages():
                choice = ensure(values[page.choice], page.rounds)
                page.rounds.name_characters(choice.project_id, values[self.characters] or "")

        self.characters.blur(name_characters, {*page.inputs, self.characters}, None, **HIDDEN)
        inputs = {*page.inputs, self.minutes, self.part, self.characters}
        for button, action in ((self.start, start), (self.cross_validate, start_in_parts)):
            button.click(action, inputs, page.shown, trigger_mode="once", **HIDDEN)


def why_sentence(gain: Gain, config: RoundConfig) -> str:
    """Why no round can start, or which part one would train, and why."""
    if missing := missing_sentence(gain, config):
        return f"{missing} {cross_validation_sentence(config)}" if gain.can_cross_validate else missing
    if not gain.photos:
        return ""
    learns = characters_sentence(gain.characters)
    judge = trn("{number:,} photo only judges it.", "{number:,} photos only judge it.", gain.holdout)
    return f"{gain.reason} {judge} {learns}".rstrip()
