"""Open decisions on the photo: words of a newer model, and versions that other people saved too late."""

from __future__ import annotations

from typing import Any

from annotation.store.records import Draft, NotFoundError, Suggestion
from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.panels.confirmation import words
from annotation.tabs.panels.listing import Listing, Picked
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN


class SuggestionsPanel:
    """A list below the editor, empty if there is nothing to decide."""

    def __init__(self) -> None:
        self.listing = Listing(label=tr("Suggestions and other versions"), elem_id="correct-suggestions")

    def show_status(self, session: AnnotationSession) -> Updates:
        return {self.listing: suggestion_rows(session.store, session.image.id) if session.image else {}}

    def wire(self, page: Page) -> None:
        @saving(page)
        def on_pick(session: AnnotationSession, values: Values) -> None:
            decide(session, values[self.listing])

        inputs = {*page.inputs, self.listing}
        self.listing.input(on_pick, inputs, page.shown, trigger_mode="once", **HIDDEN, **IN_TURN)


def suggestion_rows(store: Store, image_id: int) -> dict[str, Any]:
    """The listing's value."""
    rows = [_draft_row(draft) for draft in store.drafts(image_id)]
    suggestions = store.suggestions(image_id)
    texts = {region.id: region.text for region in store.regions(image_id)} if suggestions else {}
    for suggestion in suggestions:
        text = texts.get(suggestion.replaces or "")
        if text is None or text == suggestion.region.text:  # else the editor shows it at the word
            rows.append(_word_row(suggestion, is_new=text is None))
    return {"rows": rows, "head": tr("Waiting for your decision") if rows else ""}


def _draft_row(draft: Draft) -> dict[str, Any]:
    return {
        "key": f"draft:{draft.id}",
        "title": tr("Another version by {who}: {words}", who=draft.who, words=words(len(draft.regions))),
        "note": tr("of {at:%Y-%m-%d, %H:%M} UTC; a different version was saved first", at=draft.at),
        "actions": [["join", tr("Join")], ["use", tr("Use it")], ["drop", tr("Discard")]],
    }


def _word_row(suggestion: Suggestion, is_new: bool) -> dict[str, Any]:
    model, score = suggestion.model_version, suggestion.region.score
    note = (
        tr("{model} suggests a new word", model=model)
        if is_new
        else tr("{model} suggests another outline", model=model)
    )
    if score is not None:
        note = tr("{suggestion} (confidence {score:.0%})", suggestion=note, score=score)
    return {
        "key": f"word:{suggestion.id}",
        "title": suggestion.region.text or tr("(no text)"),
        "note": note,
        "actions": [["use", tr("Take")], ["drop", tr("Dismiss")]],
    }


def decide(session: AnnotationSession, picked: Picked | None) -> None:
    """Applies or drops what was picked in the listing. Raises AnnotationError."""
    key, action = picked or ("", "")
    kind, _, name = key.partition(":")
    store, image = session.store, session.image
    if image is None or kind not in ("draft", "word"):
        raise NotFoundError(tr("There is nothing to decide."))
    is_used = action in ("use", "join")
    if kind == "draft":
        if not name.isdecimal() or all(draft.id != int(name) for draft in store.drafts(image.id)):
            raise NotFoundError(tr("This version is no longer open."))
        if is_used:
            version = store.image(image.id).version
            store.apply_draft(int(name), version, session.who, join=action == "join")
        else:
            store.discard_draft(int(name))
        if session.draft_id == int(name):
            session.draft_id, session.conflict = None, ""
    elif is_used:
        store.accept_suggestion(image.id, store.image(image.id).version, name, session.who)
    else:
        store.dismiss_suggestion(image.id, name)
