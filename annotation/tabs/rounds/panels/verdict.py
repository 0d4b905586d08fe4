"""The chosen round: is it better, by which rule; promote it, roll back to it, delete it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.region import AnnotationError
from annotation.review import OPEN_STATES
from annotation.rounds.records import RUNNING, Round
from annotation.rounds.service import Rounds
from annotation.rounds.stored_texts import stored
from annotation.store import queue
from annotation.tabs.error_messages import errors_as_messages, escape_markdown
from annotation.tabs.panels.confirmation import Confirmation, photos, words
from annotation.tabs.rounds.page import Choice, Page, Situation, Updates, Values, acting, ensure, look
from annotation.tabs.rounds.panels.changes import ChangesPanel
from annotation.tabs.rounds.texts import comparison, part_names, unfinished_sentence, verdict_sentence
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

MAX_REASON = 500  # characters


class VerdictPanel:
    """Sentences, actions and the changes region by region."""

    def __init__(self) -> None:
        with gr.Column(elem_id="rounds-verdict", visible=False) as self.box:
            with gr.Row(elem_id="rounds-verdict-head"):
                self.title = gr.Markdown(latex_delimiters=[], elem_id="rounds-title")
                self.promote = gr.Button(
                    tr("Promote"), variant="primary", size="md", elem_id="rounds-promote"
                )
                self.rollback = gr.Button(tr("Roll back"), size="md", elem_id="rounds-rollback")
                self.delete = gr.Button(tr("Delete"), size="md", elem_id="rounds-delete")
            self.confirmation = Confirmation("rounds-confirm-delete")
            self.text = gr.Markdown(latex_delimiters=[], elem_id="rounds-sentences")
            self.reason = gr.Textbox(
                label=tr(
                    "The rule is not met. To promote this round all the same, say why (the reason is kept)"
                ),
                max_length=MAX_REASON,
                visible=False,
                elem_id="rounds-reason",
            )
            self.reading = gr.Markdown(latex_delimiters=[], elem_id="rounds-reading")
            self.changes = ChangesPanel()

    @property
    def outputs(self) -> list:
        buttons = [self.promote, self.rollback, self.delete, self.reason]
        texts = [self.box, self.title, self.text, self.reading]
        return [*texts, *buttons, *self.confirmation.outputs, *self.changes.outputs]

    def show(self, situation: Situation, rounds: Rounds) -> Updates:
        one = situation.chosen
        updates = self.confirmation.close() | self.show_reading(situation, rounds)
        updates |= self.changes.show(situation, rounds)
        updates |= {self.box: gr.update(visible=bool(situation.key)), self.reason: gr.update(visible=False)}
        if one is None:
            return updates | {
                self.title: f"**{escape_markdown(situation.weights)}**",
                self.text: tr("The weights that the app was started with."),
                self.promote: gr.update(visible=False),
                self.delete: gr.update(visible=False),
                self.rollback: gr.update(
                    value=tr("Roll back to {name}", name=situation.weights), visible=not situation.serves_app
                ),
            }
        promotable = one.verdict is not None and one.weights is not None and not one.promoted
        allowed, rule = rounds.may_promote(one.id) if one.verdict is not None else (False, "")
        label = tr("Promote") if allowed else tr("Promote against the rule")
        return updates | {
            self.title: escape_title(one),
            self.text: sentences(one, rule),
            self.promote: gr.update(
                value=label, visible=promotable, variant="primary" if allowed else "secondary"
            ),
            self.reason: gr.update(value="", visible=promotable and not allowed),
            self.rollback: gr.update(
                value=tr("Roll back to {name}", name=one.name), visible=one.promoted and not one.served
            ),
            self.delete: gr.update(visible=one.state not in RUNNING and not one.served),
        }

    def show_reading(self, situation: Situation, rounds: Rounds) -> Updates:
        """How far the photos have been read with the weights that are served, if they are the chosen ones."""
        one = situation.chosen
        is_served = one.served if one is not None else situation.serves_app and bool(situation.rounds)
        if not is_served:
            return {self.reading: gr.update(visible=False)}
        store, project_id = rounds.store, situation.choice.project_id
        progress = queue.progress(store, project_id)
        total = progress.new + progress.in_work
        read = total - sum(
            len(store.unpredicted_images(project_id, situation.served, state)) for state in OPEN_STATES
        )
        text = tr("These weights are served.")
        if total:
            done = tr(
                "They have read {number:,} of {photos} that are not done.", number=read, photos=photos(total)
            )
            stays = tr(
                "What people did stays as it is: new readings replace what nobody has touched, and stand as "
                "suggestions beside the rest."
            )
            text += f" {done} {stays}"
        return {self.reading: gr.update(value=text, visible=True)}

    def wire(self, page: Page) -> None:
        @acting(page)
        def promote(choice: Choice, values: Values) -> Choice:
            one = chosen_round(page, choice)
            reason = (values[self.reason] or "").strip()
            if not reason and not page.rounds.may_promote(one.id)[0]:
                raise AnnotationError(tr("Say in a few words why this round is promoted against the rule."))
            page.rounds.promote(one.id, page.name(values), reason)
            return Choice(choice.project_id, one.id, choice.kind)

        @acting(page)
        def rollback(choice: Choice, values: Values) -> None:
            target = look(page.rounds, choice).chosen
            page.rounds.rollback(target.id if target else None, page.name(values))

        def ask(values: Values) -> Updates:
            with errors_as_messages():
                one = chosen_round(page, ensure(values[page.choice], page.rounds))
            question = tr("Delete {name} with its weights? This cannot be undone.", name=one.name)
            return self.confirmation.ask(one.id, question, tr("Delete the round"))

        @acting(page)
        def delete(choice: Choice, values: Values) -> Choice:
            page.rounds.delete(values[self.confirmation.subject])
            return Choice(choice.project_id)

        options: dict[str, Any] = {"trigger_mode": "once", **HIDDEN}
        self.promote.click(promote, {*page.inputs, self.reason}, page.shown, **options)
        self.rollback.click(rollback, page.inputs, page.shown, **options)
        self.delete.click(ask, page.inputs, self.confirmation.outputs, **options)
        self.confirmation.yes.click(delete, {*page.inputs, self.confirmation.subject}, page.shown, **options)
        self.changes.wire(page)


def chosen_round(page: Page, choice: Choice) -> Round:
    """Raises AnnotationError if somebody has deleted it."""
    one = look(page.rounds, choice).chosen
    if one is None or choice.round_id not in (None, one.id):
        raise AnnotationError(tr("Somebody has deleted this round; choose another one."))
    return one


def escape_title(one: Round) -> str:
    """Markdown: the round, and what it learnt from."""
    learnt = tr(
        "{photos}, {words}, trained {part}",
        photos=photos(one.photos),
        words=words(one.words),
        part=part_names().get(one.part, one.part),
    )
    return f"**{one.name.capitalize()}** · {escape_markdown(learnt)}"


def sentences(one: Round, rule: str) -> str:
    """Markdown: the difference, the rule, the figures, who promoted it."""
    if one.state in RUNNING:
        return tr("It is running; its verdict comes when it has been judged.")
    if one.verdict is None:
        if one.state == "done":
            return tr("There is no verdict.")
        return escape_markdown(unfinished_sentence(one))
    head, colon, rest = rule.partition(":")
    if not colon or one.promoted:  # no judgement, such as that it is served already
        head, rest = verdict_sentence(one), "" if one.promoted else rule
    lines = [f"**{escape_markdown(head)}.** {escape_markdown(rest[:2].upper() + rest[2:])}"]
    if one.promoted:
        lines.append(escape_markdown(promotion_sentence(one)))
    verdict = one.verdict
    figures = [
        comparison(tr("Hold-out"), verdict.before, verdict.after),
        comparison(tr("Rendered scenes"), verdict.rendered_before, verdict.rendered_after),
    ]
    if verdict.cross_validated:
        figures.append(tr("Measured by cross-validation in five parts, since there are few photos."))
    if one.reason:
        figures.append(stored(one.reason))
    lines.append("\n".join(f"- {escape_markdown(line)}" for line in figures))
    return "\n\n".join(lines)


def promotion_sentence(one: Round) -> str:
    """Who promoted it, when, and why against the rule."""
    who = one.promoted_by or tr("someone")
    if one.promoted_at:
        who = tr("{who} on {at:%-d %B %Y}", who=who, at=one.promoted_at)
    if one.promoted_reason:
        return tr("Promoted by {who}, against the rule: “{reason}”.", who=who, reason=one.promoted_reason)
    return tr("Promoted by {who}.", who=who)
