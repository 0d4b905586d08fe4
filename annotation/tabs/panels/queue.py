"""The queue: its order and filter, and the photos around the open one."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.review import OPEN_STATES, STATES
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import AnnotationSession
from annotation.tabs.thumbnails import thumbnail
from spotter.tabs.shared.events import HIDDEN

ROWS_AROUND = 30  # before and after the open image
ORDERS = [
    ("Most uncertain first", "uncertainty"),
    ("Random", "random"),
    ("Oldest first", "oldest"),
    ("By name", "name"),
]


class QueuePanel:
    """Order, filter and list."""

    def __init__(self) -> None:
        self.order = gr.Dropdown(ORDERS, value="uncertainty", label="Queue", filterable=False)
        with gr.Accordion("Filter", open=False):
            self.filter = gr.CheckboxGroup(
                list(STATES), value=list(OPEN_STATES), label="States", elem_id="correct-filter"
            )
        self.listing = Listing(label="Photos in the queue", elem_id="correct-queue")

    def show_choices(self, session: AnnotationSession) -> Updates:
        return {self.order: session.queue.order, self.filter: list(session.queue.states)}

    def show_status(self, session: AnnotationSession) -> Updates:
        return {self.listing: queue_rows(session)}

    def wire(self, page: Page) -> None:
        @saving(page)
        def jump(session: AnnotationSession, values: Values) -> None:
            picked = values[self.listing]
            if picked and picked[0].isdecimal():
                session.open(int(picked[0]))

        @saving(page)
        def choose(session: AnnotationSession, values: Values) -> None:
            session.queue.order, session.queue.states = values[self.order], tuple(values[self.filter])
            session.refresh_queue()
            if session.position() is None:
                session.open(session.queue.first())

        options: dict[str, Any] = {"trigger_mode": "always_last", **HIDDEN, **IN_TURN}
        self.listing.input(jump, {*page.inputs, self.listing}, page.shown, **options)
        for choice in (self.order, self.filter):
            choice.input(choose, {*page.inputs, self.order, self.filter}, page.shown, **options)


def queue_rows(session: AnnotationSession) -> dict[str, Any]:
    """The listing's value: the queue around the open image."""
    store, ids, position = session.store, session.queue.ids, session.position()
    first = max(0, (position or 0) - ROWS_AROUND)
    images = [store.image(i) for i in ids[first : (position or 0) + ROWS_AROUND]]
    following = ids[position + 1 : position + 2] if position is not None else []
    left = len(ids) - len(images)
    return {
        "rows": [_row(store, image) for image in images],
        "current": str(session.image.id) if session.image else "",
        "head": f"{len(ids)} {'photo' if len(ids) == 1 else 'photos'}",
        "foot": f"{left} more before or after these" if left else "",
        "ahead": store.image_path(store.image(following[0])) if following else None,
    }


def _row(store: Store, image: ImageRecord) -> dict[str, Any]:
    return {
        "key": str(image.id),
        "title": image.name,
        "note": "not read yet" if image.uncertainty is None else f"uncertainty {image.uncertainty:.0%}",
        "badge": image.state,
        "picture": thumbnail(store.image_path(image)),
        "opens": True,
    }
