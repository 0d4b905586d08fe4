"""Two people, or one person in two windows, changed the same photo: which version counts."""

from __future__ import annotations

import gradio as gr

from annotation.tabs.actions import IN_TURN, Page, Updates, saving
from annotation.tabs.error_messages import escape_markdown
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN


class ConflictPanel:
    """Visible during a conflict."""

    def __init__(self) -> None:
        with gr.Column(visible=False, elem_id="correct-conflict") as self.box:
            self.text = gr.Markdown(latex_delimiters=[])
            with gr.Row():
                self.both = gr.Button(tr("Join both"), size="sm", variant="primary")
                self.mine = gr.Button(tr("Keep my version"), size="sm")
                self.theirs = gr.Button(tr("Take the other version"), size="sm")

    def show_status(self, session: AnnotationSession) -> Updates:
        conflict = session.conflict
        text = ""
        if conflict and session.is_own_conflict:
            text = tr(
                "**{conflict}** Choose one version, or join them; where both changed the same word, the one "
                "in this window is used.",
                conflict=conflict,
            )
        elif conflict:
            text = tr(
                "**Two people have changed this photo.** {conflict} Choose one, or join them; where both "
                "changed the same word, yours is used.",
                conflict=escape_markdown(conflict),
            )
        return {self.box: gr.update(visible=bool(conflict)), self.text: text}

    def wire(self, page: Page) -> None:
        join = saving(page)(lambda session, values: session.settle(mine=True, join=True))
        keep_mine = saving(page)(lambda session, values: session.settle(mine=True))
        keep_theirs = saving(page)(lambda session, values: session.settle(mine=False))
        for button, handler in ((self.both, join), (self.mine, keep_mine), (self.theirs, keep_theirs)):
            button.click(handler, page.inputs, page.shown, trigger_mode="once", **HIDDEN, **IN_TURN)
