"""Open decisions on the photo: words of a newer model, and versions that other people saved too late."""

from __future__ import annotations

from typing import Any

from annotation.store.records import Draft, NotFoundError, Suggestion
from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.panels.listing import Listing, Picked
from annotation.tabs.session import AnnotationSession
from spotter.tabs.shared.events import HIDDEN


class SuggestionsPanel:
    """A list below the editor, empty if there is nothing to decide."""

    def __init__(self) -> None:
        self.listing = Listing(label="Suggestions and other versions", elem_id="correct-suggestions")

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
    return {"rows": rows, "head": "Waiting for your decision" if rows else ""}


def _draft_row(draft: Draft) -> dict[str, Any]:
    count = len(draft.regions)
    return {
        "key": f"draft:{draft.id}",
        "title": f"Another version by {draft.who}: {count} {'word' if count == 1 else 'words'}",
        "note": f"of {draft.at:%Y-%m-%d, %H:%M} UTC; a different version was saved first",
        "actions": [["join", "Join"], ["use", "Use it"], ["drop", "Discard"]],
    }


def _word_row(suggestion: Suggestion, is_new: bool) -> dict[str, Any]:
    what = "a new word" if is_new else "another outline"
    score = suggestion.region.score
    confidence = "" if score is None else f" (confidence {score:.0%})"
    return {
        "key": f"word:{suggestion.id}",
        "title": suggestion.region.text or "(no text)",
        "note": f"{suggestion.model_version} suggests {what}{confidence}",
        "actions": [["use", "Take"], ["drop", "Dismiss"]],
    }


def decide(session: AnnotationSession, picked: Picked | None) -> None:
    """Applies or drops what was picked in the listing. Raises AnnotationError."""
    key, action = picked or ("", "")
    kind, _, name = key.partition(":")
    store, image = session.store, session.image
    if image is None or kind not in ("draft", "word"):
        raise NotFoundError("There is nothing to decide.")
    is_used = action in ("use", "join")
    if kind == "draft":
        if not name.isdecimal() or all(draft.id != int(name) for draft in store.drafts(image.id)):
            raise NotFoundError("This version is no longer open.")
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
