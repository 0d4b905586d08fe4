"""Steps through the queue, and the review state of the open photo."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from annotation.review import SKIPPED, reason_name, state_name
from annotation.store.bin import skip_reasons
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.error_messages import escape_markdown
from annotation.tabs.panels.history import HistoryPanel
from annotation.tabs.panels.photo import PhotoPanel
from annotation.tabs.panels.turning import TurningPanel
from annotation.tabs.photo_changes import reopen
from annotation.tabs.session import AnnotationSession
from spotter.language import tr, trn
from spotter.tabs.shared.events import HIDDEN

MAX_TITLE = 50  # characters of a name above the photo; the queue shows the whole name under the mouse
VISIBLE_IN = {"in work": ("done", "approved", SKIPPED), "approved": ("done",), "done": ("new", "in work")}


class ReviewPanel:
    """Previous, next, the photo's name, a button per state that it may change to, and a drawer."""

    def __init__(self) -> None:
        with gr.Row(elem_id="correct-steps"):
            self.previous = gr.Button(tr("Previous"), size="sm", elem_id="correct-previous")
            self.title = gr.Markdown(elem_id="correct-title", latex_delimiters=[])
            self.states = {
                "in work": gr.Button(tr("Reopen"), size="sm", elem_id="correct-reopen"),
                "approved": gr.Button(tr("Approve, next"), size="sm", elem_id="correct-approve"),
            }
            with gr.Accordion(tr("This photo"), open=False, elem_id="correct-photo") as self.drawer:
                self.turning, self.photo, self.history = TurningPanel(), PhotoPanel(), HistoryPanel()
            self.next = gr.Button(tr("Next"), size="sm", elem_id="correct-next")
            done = gr.Button(tr("Done, next"), size="sm", variant="primary", elem_id="correct-done")
            self.states["done"] = done

    def show_status(self, session: AnnotationSession) -> Updates:
        image = session.image
        buttons: Updates = {
            button: gr.update(visible=image is not None and image.state in VISIBLE_IN[state])
            for state, button in self.states.items()
        }
        where = escape_markdown(position_text(session))
        title = f"**{escape_markdown(short_name(image.name))}** ({where})" if image else ""
        return {self.title: title, **buttons} | self.history.show_status(session)

    def wire(self, page: Page) -> None:
        def on_click(button: gr.Button, action: Callable[..., None], trigger_mode: Any = "once") -> None:
            options = {**HIDDEN, **IN_TURN}
            button.click(saving(page)(action), page.inputs, page.shown, trigger_mode=trigger_mode, **options)

        self.photo.wire(page)
        self.history.wire(page, self.drawer)
        on_click(self.next, go_next, "multiple")
        on_click(self.previous, go_back, "multiple")
        on_click(self.states["done"], lambda session, values: finish(session, "done"))
        on_click(self.states["approved"], lambda session, values: finish(session, "approved"))
        on_click(self.states["in work"], lambda session, values: reopen(session))


def go_next(session: AnnotationSession, values: Values) -> None:
    if not session.step(forward=True):
        gr.Info(tr("This is the last photo of the queue."), title=tr("Info"))


def go_back(session: AnnotationSession, values: Values) -> None:
    if not session.step(forward=False):
        gr.Info(tr("This is the first photo of the queue."), title=tr("Info"))


def finish(session: AnnotationSession, state: str) -> None:
    """Sets the state and goes to the next photo; at the end, to the first of the refreshed queue."""
    session.set_state(state)
    note_missing_texts(session)
    if session.step(forward=True):
        return
    session.refresh_queue()
    if session.queue.ids and session.position() is None:
        session.open(session.queue.first())
    gr.Info(tr("This was the last photo of the queue."), title=tr("Info"))


def note_missing_texts(session: AnnotationSession) -> None:
    if session.image is None:
        return
    regions = session.store.regions(session.image.id)
    missing = sum(not region.text and not region.illegible for region in regions)
    if missing:
        text = trn(
            "{name} is done, but a word has no text and no flag “illegible”. Check lists it.",
            "{name} is done, but {number} words have no text and no flag “illegible”. Check lists them.",
            missing,
            name=escape(short_name(session.image.name)),
        )
        gr.Info(text, title=tr("Info"))


def short_name(name: str) -> str:
    """A long name without its middle: the end often tells photos apart."""
    return name if len(name) <= MAX_TITLE else f"{name[: MAX_TITLE - 20]}…{name[-18:]}"


def position_text(session: AnnotationSession) -> str:
    """Position and state of the open photo; "" without one."""
    if session.image is None:
        return ""
    position = session.position()
    state = state_name(session.image.state)
    if session.image.state == SKIPPED:
        reason = skip_reasons(session.store, [session.image.id]).get(session.image.id)
        state += f": {reason_name(reason)}" if reason else ""
    if position is None:
        return tr("not in the queue, {state}", state=state)
    total = len(session.queue.ids)
    return tr("{number} of {total}, {state}", number=position + 1, total=total, state=state)
