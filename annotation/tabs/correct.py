"""The Correct tab: queue, editor, review state; every edit is saved at once."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values
from annotation.tabs.background import BackgroundReader
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.panels.background import BackgroundPanel, RereadPanel
from annotation.tabs.panels.checks import ChecksPanel
from annotation.tabs.panels.editing import EditingPanel
from annotation.tabs.panels.project import ProjectPanel, read_memory
from annotation.tabs.panels.queue import QueuePanel
from annotation.tabs.panels.transfer import TransferPanel
from annotation.tabs.panels.upload import UploadPanel
from annotation.tabs.session import AnnotationSession, restore
from spotter.tabs.shared.events import HIDDEN
from spotter.tabs.shared.javascript import component_script
from spotter.tabs.shared.loading import Loader

HERE = Path(__file__).parent
CSS = (HERE / "correct.css").read_text(encoding="utf-8")
SHORTCUTS = component_script(HERE / "shortcuts.js")
SESSION_SECONDS = 12 * 3600  # a session that nobody uses any more is dropped; its edits are saved


def build_correct(loader: Loader, store: Store, tab: gr.Tab) -> None:
    """Puts the tab's components into the Blocks that are being built."""
    reader = BackgroundReader(store, loader)
    visitor = gr.State(None, time_to_live=SESSION_SECONDS, delete_callback=lambda _: None)
    with gr.Column(elem_id="correct"):
        project = ProjectPanel()
        upload = UploadPanel()
        with gr.Row():
            with gr.Column(scale=1, min_width=230):
                queue = QueuePanel()
                background = BackgroundPanel(reader)
            with gr.Column(scale=5, min_width=320):
                editing = EditingPanel(store)
        checks, reread, transfer = ChecksPanel(), RereadPanel(), TransferPanel()
        gr.HTML(html_template=f"<style>{CSS}</style>", js_on_load=SHORTCUTS, padding=False)

    def show_status(session: AnnotationSession) -> Updates:
        return project.show_status(session) | queue.show_status(session) | editing.show_status(session)

    def show(session: AnnotationSession, values: Values, region_id: str = "") -> Updates:
        # The editor first: it reloads the open photo.
        document = editing.show(session, values.get(editing.editor), region_id)
        return (
            {visitor: session} | document | project.show(session) | background.show() | show_status(session)
        )

    review, conflict, suggestions = editing.review, editing.conflict, editing.suggestions
    status = [
        project.progress,
        queue.listing,
        review.title,
        *review.states.values(),
        conflict.box,
        conflict.text,
        suggestions.listing,
    ]
    other = [visitor, project.memory, project.project, editing.empty, editing.work, editing.editor]
    shown = [*other, background.text, background.timer, *status]
    page = Page(store, visitor, editing.editor, project.who, show, show_status, shown, status)
    project.wire(page, reader)
    upload.wire(page, reader, steps=[review.next, review.previous, review.states["done"]])
    queue.wire(page)
    background.wire(page)
    editing.wire(page, reader, loader)
    checks.wire(page, loader)
    reread.wire(page, reader, loader)
    transfer.wire(page, reader)

    def start(values: Values) -> Updates:
        """The tab is opened: everything as it was left."""
        session: AnnotationSession | None = values[visitor]
        with errors_as_messages():
            if session is None:
                session = restore(store, read_memory(values[project.memory]))
                reader.add_unread(session.project_id)
            choices = {project.who: session.who} | queue.show_choices(session) | upload.show(session)
            return show(session, {}) | choices

    outputs = [*page.shown, project.who, queue.order, queue.filter, upload.box]
    tab.select(start, {visitor, project.memory}, outputs, **HIDDEN, **IN_TURN)
