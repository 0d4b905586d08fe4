"""What a visitor of a demo has to know, and the button that deletes all that this visitor has added."""

from __future__ import annotations

import gradio as gr

from annotation.tabs.actions import IN_TURN, Page, Updates, Values
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.session import DEFAULT_PROJECT, AnnotationSession
from annotation.tabs.visitor_stores import MAX_PHOTOS, VisitorStores
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN
from spotter.tabs.shared.hugging_face import sign_in_button


class DemoPanel:
    """A line above the tab's other parts."""

    def __init__(self, signs_in: bool) -> None:
        """`signs_in`: visitors can."""
        with gr.Row(elem_id="correct-demo"):
            self.note = gr.Markdown(note(keeps=False), elem_classes="hint")
            if signs_in:
                sign_in_button()
            self.forget = gr.Button(tr("Delete my photos now"), size="sm", elem_id="correct-forget")

    def show(self, stores: VisitorStores) -> Updates:
        return {self.note: note(stores.keeps())}

    def wire(self, page: Page, stores: VisitorStores) -> None:
        def forget(values: Values) -> Updates:
            with errors_as_messages():
                stores.forget()
                session = AnnotationSession(page.store, page.store.ensure_project(DEFAULT_PROJECT))
                session.reload()
                gr.Info(tr("Your photos are deleted."), title=tr("Info"))
                return page.show(session, {})

        self.forget.click(forget, {page.session}, page.shown, trigger_mode="once", **HIDDEN, **IN_TURN)


def note(keeps: bool | None) -> str:
    """`keeps`: as `VisitorStores.keeps` says."""
    if keeps:
        return tr(
            "You alone see the photos that you add here, up to {number}. They stay until you delete them.",
            number=MAX_PHOTOS,
        )
    if keeps is None:
        return tr(
            "You alone see the photos that you add here, up to {number}. They are deleted after a day; "
            "sign in or export what you want to keep.",
            number=MAX_PHOTOS,
        )
    return tr(
        "You alone see the photos that you add here, up to {number}. They are deleted after a day; "
        "export what you want to keep.",
        number=MAX_PHOTOS,
    )
