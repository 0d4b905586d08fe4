"""Turns the open photo by 90 degrees, with its regions."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.store.turning import turn_image
from annotation.tabs.actions import IN_TURN, Page, Values, saving
from annotation.tabs.background import BackgroundReader
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN


class TurningPanel:
    """Two buttons. The turned photo is read again; the one before lies in the bin."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="with-fields"):
            self.left = gr.Button(tr("Turn left"), size="md", elem_id="correct-turn-left")
            self.right = gr.Button(tr("Turn right"), size="md", elem_id="correct-turn-right")

    def wire(self, page: Page, reader: BackgroundReader) -> None:
        def turn(session: AnnotationSession, quarters: int) -> None:
            if session.image is None:
                return
            image = turn_image(session.store, session.image.id, quarters, session.who)
            session.reload(image.id)
            reader.add([image.id])

        @saving(page)
        def turn_left(session: AnnotationSession, values: Values) -> None:
            turn(session, 3)

        @saving(page)
        def turn_right(session: AnnotationSession, values: Values) -> None:
            turn(session, 1)

        options: dict[str, Any] = {"trigger_mode": "once", **HIDDEN, **IN_TURN}
        self.left.click(turn_left, page.inputs, page.shown, **options)
        self.right.click(turn_right, page.inputs, page.shown, **options)
