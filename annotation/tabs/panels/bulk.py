"""Changes of many photos at once: a preview first, then one click, which can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from annotation.region import AnnotationError
from annotation.review import STATES, state_name
from annotation.store import bin as photo_bin
from annotation.store import bulk, queue
from annotation.store.bulk import BulkResult, Change
from annotation.store.search import MAX_QUERY, search
from annotation.store.store import Store
from annotation.tabs.actions import Page, Updates, Values, saving
from annotation.tabs.panels.confirmation import photos, words
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import PRIVATE

REPLACE, DELETE = "replace", "delete"
QUEUE, FOUND, ALL = "queue", "found", "all"
MAX_ROWS = 200  # changes that are listed
MAX_NAMES = 20  # photos that are named in one sentence


@dataclass(frozen=True)
class Plan:
    """What a person has seen in the preview: changes of words, or photos to delete."""

    changes: list[Change] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Done:
    """The last change, so that it can be undone."""

    result: BulkResult | None = None
    deleted: list[int] = field(default_factory=list)


class BulkPanel:
    """An accordion: what, where, preview, apply, undo."""

    def __init__(self) -> None:
        with gr.Accordion(tr("Change many"), open=False, elem_id="correct-bulk"):
            with gr.Row(elem_classes="with-fields"):
                self.action = gr.Dropdown(
                    actions(), value=REPLACE, label=tr("What"), filterable=False, min_width=270
                )
                self.place = gr.Dropdown(
                    places(), value=QUEUE, label=tr("Where"), filterable=False, min_width=270
                )
            with gr.Row(elem_classes="with-fields") as self.texts:
                self.find = gr.Textbox(label=tr("Text"), max_length=MAX_QUERY, max_lines=1)
                self.new = gr.Textbox(label=tr("Replace by"), max_length=MAX_QUERY, max_lines=1)
                self.match_case = gr.Checkbox(label=tr("Match case"), min_width=120)
                self.whole_word = gr.Checkbox(label=tr("Whole words only"), min_width=150)
            hint = tr(
                "Nothing is changed until you have seen the preview. Every change is recorded under your "
                "name."
            )
            self.hint = gr.Markdown(hint, elem_classes="hint")
            with gr.Row(elem_classes="with-fields"):
                self.preview = gr.Button(tr("Preview"), size="md", variant="primary")
                self.apply = gr.Button(tr("Apply"), size="md", visible=False, elem_id="correct-apply")
                self.undo = gr.Button(tr("Undo this change"), size="md", visible=False)
            self.listing = Listing(label=tr("Preview"), elem_id="correct-preview")
            self.plan, self.done = gr.State(Plan()), gr.State(Done())

    def wire(self, page: Page, search_field: gr.Textbox) -> None:
        @saving(page)
        def show_preview(session: AnnotationSession, values: Values) -> Updates:
            plan = self.make_plan(session, values, values[search_field] or "")
            return self.show(session.store, plan)

        @saving(page)
        def apply(session: AnnotationSession, values: Values) -> Updates:
            plan, store, who = values[self.plan], session.store, session.who
            result = bulk.execute(store, plan.changes, who)
            photo_bin.delete_images(store, plan.deleted, who)
            text = deleted_text(plan.deleted) if plan.deleted else result_text(result)
            done = Done(result, plan.deleted) if result.versions or plan.deleted else Done()
            session.reload()
            return self.report(text, done) | page.show(session, values)

        @saving(page)
        def undo(session: AnnotationSession, values: Values) -> Updates:
            done, store, who = values[self.done], session.store, session.who
            if done.deleted:
                count = photo_bin.restore_images(store, done.deleted, who)
                text = tr("{photos} taken out of the bin.", photos=photos(count))
            else:
                text = undone_text(bulk.undo(store, done.result or BulkResult(), who))
            session.reload()
            return self.report(text, Done()) | page.show(session, values)

        outputs = [self.plan, self.done, self.apply, self.undo, self.listing]
        fields: set[Any] = {self.action, self.place, self.find, self.new, self.match_case, self.whole_word}
        options: dict[str, Any] = {**PRIVATE, "show_progress_on": [self.hint], "trigger_mode": "once"}
        gr.on(
            [self.preview.click, self.find.submit, self.new.submit],
            show_preview,
            {*page.inputs, *fields, search_field},
            outputs,
            **options,
        )
        self.apply.click(apply, {*page.inputs, self.plan}, [*outputs, *page.shown], **options)
        self.undo.click(undo, {*page.inputs, self.done}, [*outputs, *page.shown], **options)
        self.action.input(
            lambda action: {self.texts: gr.Row(visible=action == REPLACE)}, self.action, self.texts, **PRIVATE
        )
        # What is applied is what was seen.
        gr.on(
            [choice.input for choice in fields],
            lambda: {self.plan: Plan(), self.apply: gr.update(visible=False), self.listing: {}},
            None,
            [self.plan, self.apply, self.listing],
            **PRIVATE,
        )

    def make_plan(self, session: AnnotationSession, values: Values, query: str) -> Plan:
        """Raises AnnotationError."""
        store, project_id, action = session.store, session.project_id, values[self.action]
        image_ids = chosen_images(session, values[self.place], query)
        if action == DELETE:
            return Plan(deleted=image_ids)
        if action == REPLACE:
            switches = values[self.match_case], values[self.whole_word]
            changes = bulk.plan_replacement(
                store, project_id, values[self.find] or "", values[self.new] or "", *switches
            )
            chosen = set(image_ids)
            return Plan([change for change in changes if change.image_id in chosen])
        flag, _, value = action.partition(":")
        return Plan(bulk.plan_flag(store, project_id, flag, value == "set", image_ids))

    def show(self, store: Store, plan: Plan) -> Updates:
        count = len(plan.changes) or len(plan.deleted)
        label = (
            tr("Delete {photos}", photos=photos(len(plan.deleted)))
            if plan.deleted
            else tr("Change {words}", words=words(len(plan.changes)))
        )
        return {
            self.plan: plan,
            self.apply: gr.update(
                visible=count > 0, value=label, variant="stop" if plan.deleted else "primary"
            ),
            self.listing: preview_rows(store, plan),
        }

    def report(self, text: str, done: Done) -> Updates:
        return {
            self.plan: Plan(),
            self.done: done,
            self.apply: gr.update(visible=False),
            self.undo: gr.update(visible=done != Done()),
            self.listing: {"rows": [], "head": text},
        }


def actions() -> list[tuple[str, str]]:
    """Choices: label and name."""
    return [
        (tr("Replace a text in all words"), REPLACE),
        (tr("Clear “difficult” of all words"), "difficult:clear"),
        (tr("Set “difficult” on all words"), "difficult:set"),
        (tr("Clear “illegible” of all words"), "illegible:clear"),
        (tr("Set “illegible” on all words"), "illegible:set"),
        (tr("Delete the photos"), DELETE),
    ]


def places() -> list[tuple[str, str]]:
    """Choices: label and name."""
    return [
        (tr("The photos in the queue"), QUEUE),
        (tr("The photos that the search finds"), FOUND),
        (tr("All photos of the project"), ALL),
    ]


def chosen_images(session: AnnotationSession, place: str, query: str) -> list[int]:
    """Ids of the photos that are meant. Raises AnnotationError."""
    store, project_id = session.store, session.project_id
    if place == QUEUE:
        session.refresh_queue()
        return list(session.queue.ids)
    if place == ALL:
        return queue.queue(store, project_id, "name", STATES)
    if not query.strip():
        raise AnnotationError(tr("Type a name or a word into the search field first."))
    found = search(store, project_id, query, bulk.MAX_CHANGES)
    if found.photos + found.words > len(found.hits):
        raise AnnotationError(
            tr("The search finds more than {number:,} words; type more of it.", number=bulk.MAX_CHANGES)
        )
    return list(dict.fromkeys(hit.image_id for hit in found.hits))


def preview_rows(store: Store, plan: Plan) -> dict[str, Any]:
    """The listing's value."""
    if plan.deleted:
        shown = store.images_by_id(plan.deleted[:MAX_ROWS])
        rows = [
            {"key": str(i), "title": image.name, "note": state_name(image.state)}
            for i, image in enumerate(shown)
        ]
        foot = tr("They go to the bin, with their words, and can be taken out of it.")
        head = tr("{photos} to delete", photos=photos(len(plan.deleted)))
        return {"rows": rows, "head": head, "foot": foot}
    changes = plan.changes
    rows = [
        {"key": str(i), "title": change_text(change), "note": change.image_name}
        for i, change in enumerate(changes[:MAX_ROWS])
    ]
    images = {change.image_id for change in changes}
    finished = {change.image_id for change in changes if change.is_finished}
    notes = [tr("The first {number} are listed.", number=MAX_ROWS)] if len(changes) > MAX_ROWS else []
    if finished:
        done = photos(len(finished))
        notes.append(tr("{photos} done or approved: in work again after this change.", photos=done))
    head = tr("{words} on {photos}", words=words(len(changes)), photos=photos(len(images)))
    return {
        "rows": rows,
        "head": head if changes else "",
        "foot": " ".join(notes),
        "empty": tr("Nothing there to change."),
    }


def change_text(change: Change) -> str:
    if change.field == "text":
        return f"{change.before} → {change.after or tr('(no text)')}"
    if change.field == "difficult":
        return tr("difficult: yes") if change.after else tr("difficult: no")
    return tr("illegible: yes") if change.after else tr("illegible: no")


def result_text(result: BulkResult) -> str:
    changed = tr(
        "{words} changed on {photos}.", words=words(result.words), photos=photos(len(result.versions))
    )
    return changed + left_out_text(result.left_out)


def undone_text(result: BulkResult) -> str:
    before = tr("{photos} as before.", photos=photos(len(result.versions)))
    return before + left_out_text(result.left_out)


def deleted_text(deleted: Sequence[int]) -> str:
    return tr("{photos} moved to the bin.", photos=photos(len(deleted)))


def left_out_text(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown, more = ", ".join(names[:MAX_NAMES]), len(names) - MAX_NAMES
    if more > 0:
        shown = tr("{names} and {number} more", names=shown, number=more)
    return " " + tr("Left out, since somebody changed them meanwhile: {names}.", names=shown)
