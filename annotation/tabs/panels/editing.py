"""The open photo: the editor, and around it all that concerns this photo."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.editor import RegionEditor
from annotation.store import queue
from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values
from annotation.tabs.background import BackgroundReader
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.panels.conflict import ConflictPanel
from annotation.tabs.panels.copying import CopyPanel
from annotation.tabs.panels.review import ReviewPanel
from annotation.tabs.panels.suggestions import SuggestionsPanel
from annotation.tabs.readings import read_regions
from annotation.tabs.session import AnnotationSession, ensure
from spotter.language import tr, trn
from spotter.tabs.shared.events import HIDDEN, QUEUE, urgent
from spotter.tabs.shared.loading import Loader


class EditingPanel:
    """The editor with the buttons above it and the suggestions below, or a text if no photo is open."""

    def __init__(self, store: Store) -> None:
        self.empty = gr.Markdown(tr("Loading ..."), elem_id="correct-empty")
        self.show_all = gr.Button(tr("Show them"), visible=False, size="md", elem_id="correct-show-all")
        with gr.Column(visible=False) as self.work:
            self.review = ReviewPanel()
            self.conflict = ConflictPanel()
            self.editor = RegionEditor(
                size_of=lambda image_id: image_size(store, image_id), elem_id="correct-editor"
            )
            with gr.Row(elem_id="correct-below"):
                hint = tr(
                    "Page Down and Page Up: next and previous photo. Ctrl+Enter: done, next. "
                    "? in the editor: all other keys."
                )
                gr.Markdown(hint, elem_id="correct-hint")
                self.copying = CopyPanel()
            self.suggestions = SuggestionsPanel()

    def show(self, session: AnnotationSession, edit: dict[str, Any] | None, region_id: str = "") -> Updates:
        """The open photo as it is stored. `edit`: what the editor holds; `region_id`: to be selected."""
        document = session.document(edit["revision"] if edit and session.has_open(edit) else 0)
        editor = gr.update(value=document) | RegionEditor.state("")
        if document and region_id:
            editor |= RegionEditor.choose(document["image_id"], region_id)
        counts = queue.progress(session.store, session.project_id)
        return {
            self.empty: gr.update(value=empty_text(counts), visible=document is None),
            self.show_all: gr.update(visible=document is None and counts.total > 0),
            self.work: gr.update(visible=document is not None),
            self.editor: editor,
        }

    def show_status(self, session: AnnotationSession) -> Updates:
        return (
            self.review.show_status(session)
            | self.conflict.show_status(session)
            | self.suggestions.show_status(session)
        )

    def wire(self, page: Page, reader: BackgroundReader, loader: Loader) -> None:
        @urgent
        def save(values: Values) -> Updates:
            """Autosave: answers with the state of the edit, and does not touch later ones."""
            edit = values[self.editor]
            with errors_as_messages():
                session = ensure(values[page.session], page.store, values[page.who])
                saved = session.save(edit)
                if not saved.is_new:
                    return {page.session: session, self.editor: RegionEditor.state("saved", edit)}
                if saved.conflict:
                    answer = RegionEditor.state("conflict", edit, tr("choose a version above"), saved.version)
                else:
                    answer = RegionEditor.state(
                        "saved", edit, version=saved.version, unread=session.has_unread()
                    )
                if saved.merged and session.has_open(edit):
                    answer |= gr.update(value=session.document(edit["revision"]))
                # Gradio's page takes milliseconds for every component that an answer updates.
                changes = page.show_status(session, only_changes=True)
                return {page.session: session, self.editor: answer} | changes

        def read_new_outlines(values: Values) -> Updates:
            """Suggestions for regions that were drawn or moved."""
            session: AnnotationSession | None = values[page.session]
            image, polygons = session.take_to_read() if session else (None, {})
            if session is None or image is None or not polygons:
                return {self.editor: gr.skip()}
            spotter = loader.spotter()
            with reader.model_lock:
                found = read_regions(spotter, page.store.image_path(image), polygons)
            suggested = session.suggest(image.id, found)
            return {self.editor: RegionEditor.suggest(str(image.id), suggested)}

        outputs = [page.session, self.editor, *page.status]
        self.editor.input(save, page.inputs, outputs, trigger_mode="always_last", **HIDDEN, **IN_TURN)
        # Asked for by the editor, not after every save: an event costs the page as much as a save.
        self.editor.submit(
            read_new_outlines, {page.session}, self.editor, trigger_mode="always_last", **HIDDEN, **QUEUE
        )
        self.review.wire(page)
        self.review.turning.wire(page, reader)
        self.conflict.wire(page)
        self.copying.wire(page)
        self.suggestions.wire(page)


def empty_text(counts: queue.Progress) -> str:
    """Markdown for a queue without photos."""
    if not counts.total:
        return tr(
            "**No photos yet.** Add photos or a zip archive above. The spotter reads them in the background, "
            "and you correct its words here; every edit is saved at once. To continue an existing project, "
            "use Import and export."
        )
    if counts.new + counts.in_work:
        return tr(
            "**Nothing is left here.** No photo of this project is in the states that the filter shows."
        )
    if counts.skipped:
        return trn(
            "**The photo of this project is done or skipped.**",
            "**All {number:,} photos are done or skipped.**",
            counts.total,
        )
    return trn("**The photo of this project is done.**", "**All {number:,} photos are done.**", counts.total)


def image_size(store: Store, image_id: str) -> tuple[int, int] | None:
    """Width and height in pixels; None if there is no such image."""
    return store.image_size(int(image_id)) if image_id.isdecimal() and len(image_id) < 16 else None
