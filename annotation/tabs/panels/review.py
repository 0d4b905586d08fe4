"""Steps through the queue, and the review state of the open photo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.error_messages import escape_markdown
from annotation.tabs.session import AnnotationSession
from spotter.tabs.shared.events import HIDDEN

VISIBLE_IN = {"in work": ("done", "approved"), "approved": ("done",), "done": ("new", "in work")}


class ReviewPanel:
    """Previous, next, the photo's name, and a button per state that it may change to."""

    def __init__(self) -> None:
        with gr.Row(elem_id="correct-steps"):
            self.previous = gr.Button("Previous", size="sm", elem_id="correct-previous")
            self.next = gr.Button("Next", size="sm", elem_id="correct-next")
            self.title = gr.Markdown(elem_id="correct-title", latex_delimiters=[])
            self.states = {
                "in work": gr.Button("Reopen", size="sm", elem_id="correct-reopen"),
                "approved": gr.Button("Approve, next", size="sm", elem_id="correct-approve"),
                "done": gr.Button("Done, next", size="sm", variant="primary", elem_id="correct-done"),
            }

    def show_status(self, session: AnnotationSession) -> Updates:
        image = session.image
        buttons: Updates = {
            button: gr.update(visible=image is not None and image.state in VISIBLE_IN[state])
            for state, button in self.states.items()
        }
        title = f"**{escape_markdown(image.name)}** ({position_text(session)})" if image else ""
        return {self.title: title, **buttons}

    def wire(self, page: Page) -> None:
        def on_click(button: gr.Button, action: Callable[..., None], trigger_mode: Any = "once") -> None:
            options = {**HIDDEN, **IN_TURN}
            button.click(saving(page)(action), page.inputs, page.shown, trigger_mode=trigger_mode, **options)

        on_click(self.next, go_next, "multiple")
        on_click(self.previous, go_back, "multiple")
        on_click(self.states["done"], lambda session, values: finish(session, "done"))
        on_click(self.states["approved"], lambda session, values: finish(session, "approved"))
        on_click(self.states["in work"], lambda session, values: session.set_state("in work"))


def go_next(session: AnnotationSession, values: Values) -> None:
    if not session.step(forward=True):
        gr.Info("This is the last photo of the queue.")


def go_back(session: AnnotationSession, values: Values) -> None:
    if not session.step(forward=False):
        gr.Info("This is the first photo of the queue.")


def finish(session: AnnotationSession, state: str) -> None:
    """Sets the state and goes to the next photo; at the end, to the first of the refreshed queue."""
    session.set_state(state)
    if session.step(forward=True):
        return
    session.refresh_queue()
    if session.queue.ids and session.position() is None:
        session.open(session.queue.first())
    gr.Info("This was the last photo of the queue.")


def position_text(session: AnnotationSession) -> str:
    """Position and state of the open photo; "" without one."""
    if session.image is None:
        return ""
    position = session.position()
    where = "not in the queue" if position is None else f"{position + 1} of {len(session.queue.ids)}"
    return f"{where}, {session.image.state}"
