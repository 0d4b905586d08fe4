"""The open photo is skipped for a reason, or deleted: it goes to the bin, from where it can be restored."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.region import AnnotationError
from annotation.review import reason_names
from annotation.store.bin import MAX_REASON, restore_images
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.panels.confirmation import Confirmation, words
from annotation.tabs.panels.listing import Listing
from annotation.tabs.photo_changes import delete as delete_photos
from annotation.tabs.photo_changes import skip as skip_open
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN


class PhotoPanel:
    """Skip and delete, and a line to undo the deletion."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="with-fields"):
            self.reason = gr.Dropdown(
                [(name, reason) for reason, name in reason_names().items()],
                value=None,
                label=tr("Skip this photo, because (choose or type)"),
                allow_custom_value=True,
                min_width=220,
                elem_id="correct-reason",
            )
            self.skip = gr.Button(tr("Skip, next"), size="md", elem_id="correct-skip-photo")
            self.delete = gr.Button(tr("Delete this photo"), size="md", elem_id="correct-delete-photo")
        self.confirmation = Confirmation("correct-confirm-photo")
        self.undo = Listing(label=tr("Deleted photos"), elem_id="correct-undo")

    def wire(self, page: Page) -> None:
        @saving(page)
        def skip(session: AnnotationSession, values: Values) -> Updates:
            skip_open(session, (values[self.reason] or "")[: MAX_REASON + 1])
            return {self.reason: None} | page.show(session, values)

        @saving(page)
        def ask(session: AnnotationSession, values: Values) -> Updates:
            if session.image is None:
                raise AnnotationError(tr("No photo is open."))
            question = tr(
                "Delete {name} with its {words}? It can be restored from the bin for 30 days.",
                name=session.image.name,
                words=words(len(session.store.regions(session.image.id))),
            )
            return self.confirmation.ask(session.image.id, question, tr("Delete the photo"))

        @saving(page)
        def delete(session: AnnotationSession, values: Values) -> Updates:
            image_id = values[self.confirmation.subject]
            image = session.store.image(image_id)
            delete_photos(session, [image_id])
            row = {
                "key": str(image.id),
                "title": tr("{name} is in the bin.", name=image.name),
                "actions": [["undo", tr("Undo")]],
            }
            return {self.undo: {"rows": [row]}} | self.confirmation.close() | page.show(session, values)

        @saving(page)
        def undo(session: AnnotationSession, values: Values) -> Updates:
            key, _ = values[self.undo] or ("", "")
            if key.isdecimal():
                restore_images(session.store, [int(key)], session.who)
                session.reload(int(key))
            return {self.undo: {}} | page.show(session, values)

        options: dict[str, Any] = {"trigger_mode": "once", **HIDDEN, **IN_TURN}
        self.skip.click(skip, {*page.inputs, self.reason}, [self.reason, *page.shown], **options)
        self.delete.click(ask, page.inputs, self.confirmation.outputs, **options)
        self.confirmation.yes.click(
            delete,
            {*page.inputs, self.confirmation.subject},
            [self.undo, *self.confirmation.outputs, *page.shown],
            **options,
        )
        self.undo.input(undo, {*page.inputs, self.undo}, [self.undo, *page.shown], **options)
