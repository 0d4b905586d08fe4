"""What waits for a decision on the open photo: words of a newer model, versions that came second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from annotation.store.records import NotFoundError, OpenImage
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import Desk

if TYPE_CHECKING:
    from annotation.tabs.correct import Correct


class Waiting:
    """A list under the editor, there only when something waits; `wire` when the rest of the tab is there."""

    def __init__(self) -> None:
        self.listing = Listing(label="Waiting for a decision", elem_id="correct-suggestions")

    def rows(self, opened: OpenImage) -> dict:
        """The listing's value."""
        here = {region.id: region for region in opened.regions}
        rows = [
            {
                "key": f"draft:{draft.id}",
                "title": f"Another version by {draft.who}: {len(draft.regions)} words",
                "note": f"kept on {draft.at:%Y-%m-%d at %H:%M} UTC, as another version was saved first",
                "actions": [["join", "Join"], ["use", "Use it"], ["drop", "Discard"]],
            }
            for draft in opened.drafts
        ]
        for suggestion in opened.suggestions:
            beside = here.get(suggestion.beside)
            if beside is not None and beside.text != suggestion.region.text:
                continue  # the editor shows it at the word
            what = "another shape for it" if beside is not None else "a word that is not here"
            score = "" if suggestion.region.score is None else f", {suggestion.region.score:.0%} sure"
            rows.append(
                {
                    "key": f"word:{suggestion.id}",
                    "title": suggestion.region.text or "(no text)",
                    "note": f"{suggestion.model_version} suggests {what}{score}",
                    "actions": [["use", "Take"], ["drop", "Dismiss"]],
                }
            )
        return {"rows": rows, "head": "Waiting for your decision" if rows else ""}

    def decide(self, desk: Desk, picked: tuple[str, str] | None) -> None:
        """Raises AnnotationError."""
        kind, _, name = (picked or ("", ""))[0].partition(":")
        if desk.image is None or kind not in ("draft", "word"):
            raise NotFoundError("There is nothing to decide.")
        used, store, image = picked[1] in ("use", "join"), desk.store, desk.image
        if kind == "draft":
            if not name.isdecimal() or all(draft.id != int(name) for draft in store.drafts(image.id)):
                raise NotFoundError("This version is no longer waiting.")
            if used:
                store.apply_draft(int(name), store.image(image.id).version, desk.who, picked[1] == "join")
            else:
                store.discard_draft(int(name))
            if desk.draft == int(name):
                desk.draft, desk.conflict = None, ""
        elif used:
            store.accept_suggestion(image.id, store.image(image.id).version, name, desk.who)
        else:
            store.dismiss_suggestion(image.id, name)

    def wire(self, tab: Correct) -> None:
        tab.on(self.listing.input, self.decide, [self.listing])


class Reread:
    """The button that reads a whole project with the weights of this app."""

    def __init__(self) -> None:
        with gr.Accordion("Read with the current weights", open=False):
            gr.Markdown(
                "Reads all photos that these weights have not read. Words nobody touched are replaced; "
                "beside what a person has corrected the new ones wait as suggestions.",
                elem_classes="hint",
            )
            self.button = gr.Button("Read the whole project", size="md")

    def wire(self, tab: Correct) -> None:
        tab.on(self.button.click, lambda desk: tab.reader.add_unread(desk.project_id, tab.version()), [])
