"""The queue: its order and filter, and the list of its photos, which the page loads while one scrolls."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.region import AnnotationError
from annotation.review import OPEN_STATES, STATES, state_name
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.panels.confirmation import photos
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import AnnotationSession
from annotation.tabs.thumbnails import thumbnail
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

ROWS_AROUND = 20  # rows sent before and after the one to show
FOLD = """<button type="button" data-fold="correct-body" aria-expanded="true" title="%s"
aria-label="%s"></button>"""


class QueuePanel:
    """Order, filter, a field for a number, and the list."""

    def __init__(self) -> None:
        with gr.Row(elem_id="correct-queue-head"):
            fold = FOLD % (tr("Hide or show the queue"), tr("Hide or show the list of photos"))
            gr.HTML(fold, padding=False, elem_classes="fold")
            self.order = gr.Dropdown(
                orders(), value="uncertainty", label=tr("Queue"), filterable=False, elem_id="correct-order"
            )
            self.number = gr.Textbox(
                label=tr("Go to the photo with this number"),
                placeholder=tr("No."),
                max_length=9,
                elem_id="correct-number",
            )
        with gr.Accordion(tr("Filter"), open=False, elem_id="correct-states"):
            self.filter = gr.CheckboxGroup(
                [(state_name(state), state) for state in STATES],
                value=list(OPEN_STATES),
                label=tr("States"),
                elem_id="correct-filter",
            )
        self.listing = Listing(label=tr("Photos in the queue"), elem_id="correct-queue")

    def show_choices(self, session: AnnotationSession) -> Updates:
        return {self.order: session.queue.order, self.filter: list(session.queue.states)}

    def show_status(self, session: AnnotationSession) -> Updates:
        return {self.listing: queue_rows(session)}

    def wire(self, page: Page, show_all: gr.Button) -> None:
        """`show_all`: a click lets photos of all states into the queue."""

        @saving(page)
        def jump(session: AnnotationSession, values: Values) -> None:
            picked = values[self.listing]
            if picked and picked[0].isdecimal():
                session.open(int(picked[0]))

        @saving(page)
        def choose(session: AnnotationSession, values: Values) -> None:
            choose_queue(session, values[self.order], tuple(values[self.filter]))

        @saving(page)
        def choose_all(session: AnnotationSession, values: Values) -> Updates:
            choose_queue(session, session.queue.order, STATES)
            return self.show_choices(session) | page.show(session, values)

        @saving(page)
        def go_to_number(session: AnnotationSession, values: Values) -> Updates:
            session.open(photo_number(session, values[self.number]))
            return {self.number: ""} | page.show(session, values)

        def load_rows(values: Values) -> Updates:
            """Another part of the list, while one scrolls; the open photo stays as it is."""
            session: AnnotationSession | None = values[page.session]
            index, action = values[self.listing] or ("", "")
            if session is None or action != "part" or not index.isdecimal():
                return {self.listing: gr.skip()}
            with errors_as_messages():
                return {self.listing: queue_rows(session, int(index))}

        options: dict[str, Any] = {"trigger_mode": "always_last", **HIDDEN, **IN_TURN}
        self.listing.input(jump, {*page.inputs, self.listing}, page.shown, **options)
        self.listing.scroll(load_rows, {page.session, self.listing}, self.listing, **options)
        self.number.submit(go_to_number, {*page.inputs, self.number}, [self.number, *page.shown], **options)
        choices: set[Any] = {self.order, self.filter}
        for choice in choices:
            choice.input(choose, {*page.inputs, *choices}, page.shown, **options)
        show_all.click(choose_all, page.inputs, [*choices, *page.shown], **options)


def orders() -> list[tuple[str, str]]:
    """Choices: label and name."""
    return [
        (tr("Least sure first"), "uncertainty"),
        (tr("Random"), "random"),
        (tr("Oldest first"), "oldest"),
        (tr("By name"), "name"),
    ]


def choose_queue(session: AnnotationSession, order: str, states: tuple[str, ...]) -> None:
    """Another order or filter; opens the first photo if the open one is not in the queue any more."""
    session.queue.order, session.queue.states = order, states
    session.refresh_queue()
    if session.position() is None:
        session.open(session.queue.first())


def photo_number(session: AnnotationSession, text: str) -> int:
    """Id of the photo with this number in the queue, counted from 1. Raises AnnotationError."""
    ids, number = session.queue.ids, text.strip()
    if not ids:
        raise AnnotationError(tr("There is no photo in the queue; choose other states in the filter."))
    if not number.isdecimal() or not 1 <= int(number) <= len(ids):
        raise AnnotationError(
            tr("Type a number from 1 to {number}: the photo's place in the queue.", number=len(ids))
        )
    return ids[int(number) - 1]


def queue_rows(session: AnnotationSession, index: int | None = None) -> dict[str, Any]:
    """The listing's value: the part of the queue around a row, by default around the open photo."""
    store, ids, position = session.store, session.queue.ids, session.position()
    middle = min(max((position or 0) if index is None else index, 0), len(ids))
    first = max(0, middle - ROWS_AROUND)
    images = store.images_by_id(ids[first : middle + ROWS_AROUND])
    following = ids[position + 1 : position + 2] if position is not None else []
    ahead = store.images_by_id(following)
    foot = tr("“Unsure” is how much the spotter doubts the hardest words of a photo.")
    return {
        "rows": [_row(store, image) for image in images],
        "first": first,
        "total": len(ids),
        "current": str(session.image.id) if session.image else "",
        "head": photos(len(ids)),
        "foot": foot if ids else "",
        "ahead": store.image_path(ahead[0]) if ahead else None,
    }


def _row(store: Store, image: ImageRecord) -> dict[str, Any]:
    state, tip = state_name(image.state), image.name
    if image.uncertainty is None:
        note = tr("{state}, not read yet", state=state)
    else:
        note = tr("{state}, {share:.0%} unsure", state=state, share=image.uncertainty)
        tip += "\n" + tr(
            "How much the spotter doubts the five hardest words of this photo: 0% is sure, 100% is a guess."
        )
    return {
        "key": str(image.id),
        "title": image.name,
        "note": note,
        "tip": tip,
        "picture": thumbnail(store.image_path(image)),
        "opens": True,
    }
