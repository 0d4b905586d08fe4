"""Who changed what and when, of the open photo and of the chosen word, with a way back."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.change_log import LogEntry, photo_log, quote, region_log
from annotation.region import AnnotationError
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.panels.listing import Listing
from annotation.tabs.photo_changes import restore_version
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

MAX_ROWS = 200
# The editor knows the chosen word; the value with this index carries its id.
CHOSEN_WORD = """(...values) => {
    values[%d] = document.querySelector("#correct-editor .selected[data-id]")?.dataset.id ?? "";
    return values;
}"""


class HistoryPanel:
    """The list of changes; it is only read while it is shown."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="with-fields"):
            self.of_photo = gr.Button(tr("History of the photo"), size="md")
            self.of_word = gr.Button(tr("History of the chosen word"), size="md")
        self.listing = Listing(label=tr("History"), elem_id="correct-history")
        hint = tr(
            "Each line is one change. **Bring this back** makes the photo, or the word, what it was right "
            "after that change; it is a new change by you, and nothing is removed from the history."
        )
        gr.Markdown(hint, elem_classes="hint")
        self.chosen = gr.Textbox(visible=False, elem_id="correct-chosen-word")

    def show_status(self, session: AnnotationSession) -> Updates:
        return {self.listing: history_rows(session)}

    def wire(self, page: Page, drawer: gr.Accordion) -> None:
        @saving(page)
        def show_photo(session: AnnotationSession, values: Values) -> Updates:
            session.history_of = ""
            return page.show_status(session)

        @saving(page)
        def show_word(session: AnnotationSession, values: Values) -> Updates:
            if not values[self.chosen]:
                raise AnnotationError(tr("Choose a word on the photo or in the list first."))
            session.history_of = values[self.chosen]
            return page.show_status(session)

        @saving(page)
        def hide(session: AnnotationSession, values: Values) -> Updates:
            session.history_of = None
            return page.show_status(session)

        @saving(page)
        def on_pick(session: AnnotationSession, values: Values) -> None:
            key, action = values[self.listing] or ("", "")
            if key.isdecimal():
                restore_version(session, int(key), only_deleted=action == "undelete")

        options: dict[str, Any] = {**HIDDEN, **IN_TURN}
        drawer.expand(show_photo, page.inputs, page.status, **options)
        drawer.collapse(hide, page.inputs, page.status, **options)
        self.of_photo.click(show_photo, page.inputs, page.status, **options)
        inputs = {*page.inputs, self.chosen}
        index = sorted(block._id for block in inputs).index(self.chosen._id)
        self.of_word.click(show_word, inputs, page.status, js=CHOSEN_WORD % index, **options)
        self.listing.input(on_pick, {*page.inputs, self.listing}, page.shown, trigger_mode="once", **options)


def history_rows(session: AnnotationSession) -> dict[str, Any]:
    """The listing's value; no rows while the history is not shown."""
    if session.history_of is None or session.image is None:
        return {}
    store, image = session.store, session.image
    revisions = store.history(image.id, session.history_of or None)
    if session.history_of:
        texts = [region.text for r in revisions if (region := r.after or r.before)]
        head = tr("The word {word}", word=quote(texts[-1])) if texts else tr("The chosen word")
        log = region_log(revisions)
    else:
        head, log = image.name, photo_log(revisions, store.reviews(image.id))
    newest = max((entry.version for entry in log if entry.version is not None), default=None)
    missing = {r.region_id for r in revisions} - {region.id for region in store.regions(image.id)}
    left = len(log) - MAX_ROWS
    return {
        "rows": [_row(entry, newest, missing) for entry in log[:MAX_ROWS]],
        "head": head,
        "foot": tr("and {number:,} earlier changes", number=left) if left > 0 else "",
        "empty": tr("Nothing has been changed yet."),
    }


def _row(entry: LogEntry, newest: int | None, missing: set[str]) -> dict[str, Any]:
    actions = []
    lost = missing.intersection(entry.deleted)
    if lost:
        label = tr("Bring the word back") if len(lost) == 1 else tr("Bring the words back")
        actions.append(["undelete", label])
    if entry.version is not None and entry.version != newest:
        actions.append(["restore", tr("Bring this back")])
    return {
        "key": str(entry.version),
        "title": entry.text,
        "note": tr("{at:%-d %B %Y, %H:%M} UTC", at=entry.at),
        "badge": tr("now") if entry.version is not None and entry.version == newest else "",
        "actions": actions,
    }
