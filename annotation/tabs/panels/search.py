"""The search field, and what it finds: photos by name, words by text."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.store.search import MAX_COUNT, MAX_QUERY, Hit, SearchResult, search
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.panels.confirmation import photos, words
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import AnnotationSession, ensure
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

MAX_ROWS = 100  # photos, and as many words


class SearchPanel:
    """A field in the head of the tab; the list stands beside the photo, as long as something is searched."""

    def __init__(self) -> None:
        self.field = gr.Textbox(
            label=tr("Search photos and words"),
            placeholder=tr("Search"),
            max_length=MAX_QUERY,
            elem_id="correct-search",
        )
        self.results = Listing(
            label=tr("Search results"), elem_id="correct-found", visible=False, render=False
        )

    def wire(self, page: Page) -> None:
        def find(values: Values) -> Updates:
            query = (values[self.field] or "").strip()
            with errors_as_messages():
                session = ensure(values[page.session], page.store, values[page.who])
                found = search(page.store, session.project_id, query, MAX_ROWS)
            return {self.results: gr.update(value=result_rows(query, found), visible=bool(query))}

        @saving(page)
        def open_hit(session: AnnotationSession, values: Values) -> Updates:
            key, _ = values[self.results] or ("", "")
            image_id, _, region_id = key.partition(":")
            if image_id.isdecimal():
                session.open(int(image_id))
            return page.show(session, values, region_id)

        # Typing, too, but each search waits for the one before; the last one counts.
        gr.on(
            [self.field.input, self.field.submit],
            find,
            {page.session, page.who, self.field},
            self.results,
            trigger_mode="always_last",
            **HIDDEN,
        )
        self.results.input(
            open_hit,
            {*page.inputs, self.results},
            page.shown,
            trigger_mode="always_last",
            **HIDDEN,
            **IN_TURN,
        )


def result_rows(query: str, found: SearchResult) -> dict[str, Any]:
    """The listing's value."""
    foot = tr("The first {number} of each are listed; type more to narrow the search.", number=MAX_ROWS)
    left = found.photos + found.words - len(found.hits)
    return {
        "rows": [_row(hit) for hit in found.hits],
        "head": _head(found),
        "foot": foot if left else "",
        "empty": tr("No photo name and no word contains “{query}”.", query=query),
    }


def _row(hit: Hit) -> dict[str, Any]:
    is_photo = hit.region_id is None
    return {
        "key": f"{hit.image_id}:{hit.region_id or ''}",
        "title": hit.image_name if is_photo else hit.text,
        "note": tr("photo") if is_photo else hit.image_name,
        "tip": hit.image_name,
        "opens": True,
    }


def _head(found: SearchResult) -> str:
    """'1 photo and more than 10,000 words'; "" without any."""
    of_photos, of_words = photos(found.photos), words(found.words)
    if found.photos >= MAX_COUNT:
        of_photos = tr("more than {count}", count=of_photos)
    if found.words >= MAX_COUNT:
        of_words = tr("more than {count}", count=of_words)
    if found.photos and found.words:
        return tr("{photos} and {words}", photos=of_photos, words=of_words)
    return of_photos if found.photos else of_words if found.words else ""
