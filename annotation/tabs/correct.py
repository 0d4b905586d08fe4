"""The Correct tab: queue, editor, review state; every edit is saved at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import gradio as gr
from gradio.blocks import Block

from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values
from annotation.tabs.background import BackgroundReader
from annotation.tabs.daily_purge import DailyPurge
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.panels.background import BackgroundPanel, RereadPanel
from annotation.tabs.panels.bulk import BulkPanel
from annotation.tabs.panels.checks import ChecksPanel
from annotation.tabs.panels.demo import DemoPanel
from annotation.tabs.panels.editing import EditingPanel
from annotation.tabs.panels.manage import ManagePanel
from annotation.tabs.panels.project import ProjectPanel, read_memory
from annotation.tabs.panels.queue import QueuePanel
from annotation.tabs.panels.roles import RolesPanel
from annotation.tabs.panels.search import SearchPanel
from annotation.tabs.panels.statistics import StatisticsPanel
from annotation.tabs.panels.transfer import TransferPanel
from annotation.tabs.panels.upload import UploadPanel
from annotation.tabs.session import AnnotationSession, restore
from annotation.tabs.visitor_stores import VisitorStores
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN
from spotter.tabs.shared.javascript import component_script
from spotter.tabs.shared.loading import Loader

HERE = Path(__file__).parent
CSS = (HERE / "correct.css").read_text(encoding="utf-8")
SHORTCUTS = component_script(HERE / "shortcuts.js")
DRAWERS = component_script(HERE / "drawers.js")
BUTTON = """<button type="button" class="%s">%s</button>"""
MAX_ID_DIGITS = 15
MAX_REGION_ID = 100  # characters
SESSION_SECONDS = 12 * 3600  # a session that nobody uses any more is dropped; its edits are saved


def build_correct(
    loader: Loader,
    store: Store | VisitorStores,
    tab: gr.Tab,
    memory: gr.BrowserState | None = None,
    any_server: bool = True,
) -> None:
    """Puts the tab's components into the Blocks that are being built.

    `memory`: what the browser remembers, if another tab needs it too; it must be outside of the tabs then.
    `any_server`: visitors may name a Label Studio server, else only that of the environment is used.
    """
    demo_of = store if isinstance(store, VisitorStores) else None
    store = cast(Store, store)  # VisitorStores has all of its attributes
    reader, purge = BackgroundReader(store, loader), DailyPurge(store)
    loader.on_change(reader.read_again)
    visitor = gr.State(None, time_to_live=SESSION_SECONDS, delete_callback=lambda _: None)
    with gr.Column(elem_id="correct"):
        skip = f"<style>{CSS}</style>" + BUTTON % ("skip", tr("To the photo"))  # seen when Tab comes to it
        gr.HTML(html_template=skip, js_on_load=SHORTCUTS, padding=False, elem_id="correct-skip")
        demo = DemoPanel(demo_of.signs_in) if demo_of else None
        with gr.Row(elem_id="correct-head"):  # one line: its accordions are drawers that open below it
            project = ProjectPanel(memory)
            search = SearchPanel()
            # On a phone, where the head would be too long.
            gr.HTML(BUTTON % ("", tr("More")), padding=False, elem_id="correct-more")
            upload = UploadPanel(is_shared=not demo_of)
            transfer, checks = TransferPanel(any_server), ChecksPanel()
            bulk, statistics, manage = BulkPanel(), StatisticsPanel(), ManagePanel()
            with manage.drawer:
                reread = RereadPanel()
        upload.report.render()
        role_note = gr.Markdown(visible=False, elem_id="correct-role", latex_delimiters=[])
        with gr.Row(elem_id="correct-body"):
            with gr.Column(elem_id="correct-side"):
                search.results.render()
                checks.listing.render()
                queue = QueuePanel()
                background = BackgroundPanel(reader)
            with gr.Column(elem_id="correct-main"):
                editing = EditingPanel(store)
        with manage.drawer:
            roles = RolesPanel(role_note, limited_parts(editing, upload, transfer, bulk, manage))
        gr.HTML(js_on_load=DRAWERS, padding=False, elem_id="correct-drawers")

    def show_status(session: AnnotationSession, only_changes: bool = False) -> Updates:
        updates = project.show_status(session) | queue.show_status(session) | editing.show_status(session)
        before, session.shown = session.shown, updates
        if not only_changes:
            return updates
        return {part: update for part, update in updates.items() if before.get(part) != update}

    def show(session: AnnotationSession, values: Values, region_id: str = "") -> Updates:
        # The editor first: it reloads the open photo.
        document = editing.show(session, values.get(editing.editor), region_id)
        updates = (
            {visitor: session} | document | project.show(session) | background.show() | show_status(session)
        )
        for part, update in roles.show(session).items():  # some are shown and disabled
            updates[part] = updates.get(part, {}) | update
        return updates

    review, conflict, suggestions = editing.review, editing.conflict, editing.suggestions
    status = [
        project.progress,
        queue.listing,
        review.title,
        *review.states.values(),
        conflict.box,
        conflict.text,
        suggestions.listing,
        review.history.listing,
    ]
    other = [visitor, project.memory, project.project, editing.empty, editing.show_all, editing.work]
    other.append(editing.editor)
    shown = [*other, background.text, background.timer, *roles.shown, *status]
    page = Page(store, visitor, editing.editor, project.who, show, show_status, shown, status)
    project.wire(page, reader)
    search.wire(page)
    bulk.wire(page, search.field)
    upload.wire(page, reader)
    queue.wire(page, editing.show_all)
    background.wire(page)
    editing.wire(page, reader, loader)
    checks.wire(page, loader)
    reread.wire(page, reader, loader)
    statistics.wire(page)
    transfer.wire(page, reader)
    manage.wire(page)
    roles.wire(page)
    if demo and demo_of:
        demo.wire(page, demo_of)

    def start(values: Values, request: gr.Request | None = None) -> Updates:
        """The tab is opened: everything as it was left, and the photo that the address names."""
        session: AnnotationSession | None = values[visitor]
        region_id = ""
        with errors_as_messages():
            if session is None:
                region_id = in_address(request, "region")[:MAX_REGION_ID]
                session = restore(store, read_memory(values[project.memory]), image_in_address(request))
                reader.add_unread(session.project_id)
                if not demo_of:
                    purge.start()
            choices = project.show_name(session) | queue.show_choices(session) | upload.show(session)
            if demo and demo_of:
                choices |= demo.show(demo_of)
            return show(session, {}, region_id) | choices

    outputs = [*page.shown, project.who, queue.order, queue.filter, upload.box]
    outputs += [demo.note] if demo else []
    tab.select(start, {visitor, project.memory}, outputs, **HIDDEN, **IN_TURN)


def limited_parts(
    editing: EditingPanel,
    upload: UploadPanel,
    transfer: TransferPanel,
    bulk: BulkPanel,
    manage: ManagePanel,
) -> dict[str, Sequence[Block]]:
    """What is disabled for people whose role does not allow it, see `RolesPanel`."""
    states, photo, turning = editing.review.states, editing.review.photo, editing.review.turning
    edit: list[Block] = [
        states["done"],
        states["in work"],
        photo.skip,
        photo.delete,
        turning.left,
        turning.right,
    ]
    edit += [editing.copying.button, upload.files, upload.folder, transfer.file, bulk.preview]
    manage_parts = [manage.name, manage.rename, manage.typed, manage.delete, manage.empty]
    return {"edit": edit, "approve": [states["approved"]], "manage": manage_parts}


def image_in_address(request: gr.Request | None) -> int | None:
    """Id of the image in the page's address, where the editor puts it; None without one."""
    value = in_address(request, "image")
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= MAX_ID_DIGITS else None


def in_address(request: gr.Request | None, name: str) -> str:
    """A part of the page's address; "" if it is missing."""
    return request.query_params.get(name, "") if request else ""
