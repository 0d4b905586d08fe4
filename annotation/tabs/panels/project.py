"""The head of the tab: which project, who works on it, how much is done."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.store import queue
from annotation.store.projects import project_name
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.background import BackgroundReader
from annotation.tabs.panels.confirmation import Confirmation
from annotation.tabs.session import DEFAULT_PROJECT, AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN
from spotter.tabs.shared.visitor import login_name


class ProjectPanel:
    """Choice of the project, the visitor's name, and the progress bar."""

    def __init__(self, memory: gr.BrowserState | None = None) -> None:
        self.memory = memory or browser_memory()
        with gr.Row(elem_id="correct-project"):
            self.project = gr.Dropdown(
                [DEFAULT_PROJECT],
                value=DEFAULT_PROJECT,
                label=tr("Project (type a new name to create one)"),
                allow_custom_value=True,
                elem_id="correct-project-name",
            )
            self.progress = gr.HTML(padding=False, elem_id="correct-progress")
            self.who = gr.Textbox(
                label=tr("Your name (recorded with your corrections)"),
                placeholder=tr("Your name"),
                max_length=100,
                elem_id="correct-who",
            )
        self.question = Confirmation("correct-new-project", tr("Create it"), "primary")

    def show(self, session: AnnotationSession) -> Updates:
        names = dict(session.store.projects())
        return {
            self.memory: session.to_memory(),
            self.project: gr.update(choices=list(names.values()), value=names[session.project_id]),
        }

    def show_name(self, session: AnnotationSession) -> Updates:
        """Where people log in, they cannot take another name."""
        return {self.who: gr.update(value=session.who, interactive=not login_name())}

    def show_status(self, session: AnnotationSession) -> Updates:
        return {self.progress: progress_bar(queue.progress(session.store, session.project_id))}

    def wire(self, page: Page, reader: BackgroundReader) -> None:
        def open_project(session: AnnotationSession, values: Values, name: str) -> Updates:
            session.project_id = session.store.ensure_project(name, is_own=True)
            session.open(None)
            session.reload()
            reader.add_unread(session.project_id)
            return page.show(session, values) | self.question.close()

        @saving(page)
        def choose(session: AnnotationSession, values: Values) -> Updates:
            """An unknown name may be a slip of the finger: the page asks before it makes a project."""
            name = project_name(values[self.project] or "")
            if name in dict(session.store.projects()).values():
                return open_project(session, values, name)
            question = tr("There is no project “{name}” yet.", name=name)
            return page.show(session, values) | self.question.ask(name, question, tr("Create it"))

        @saving(page)
        def create(session: AnnotationSession, values: Values) -> Updates:
            return open_project(session, values, values[self.question.subject] or "")

        def remember_name(values: Values) -> dict[str, Any]:
            return read_memory(values[self.memory]) | {"who": values[self.who]}

        outputs, options = [*page.shown, *self.question.outputs], HIDDEN | IN_TURN
        self.project.input(
            choose, {*page.inputs, self.project}, outputs, trigger_mode="always_last", **options
        )
        self.question.yes.click(create, {*page.inputs, self.question.subject}, outputs, **options)
        gr.on([self.who.blur, self.who.submit], remember_name, {self.memory, self.who}, self.memory, **HIDDEN)


def browser_memory() -> gr.BrowserState:
    """Survives a reload of the page."""
    return gr.BrowserState({}, storage_key="correct", secret="correct")  # the same after a restart


def read_memory(value: object) -> dict[str, Any]:
    """What the browser remembers; {} if that is no dict."""
    return value if isinstance(value, dict) else {}


def progress_bar(counts: queue.Progress) -> str:
    """HTML; the numbers in it need not be escaped. "" without photos."""
    if not counts.total:
        return ""
    finished = counts.done + counts.approved
    parts = [tr("{number} of {total} done", number=finished, total=counts.wanted)]
    if counts.approved:
        parts.append(tr("{number} approved", number=counts.approved))
    if counts.skipped:
        parts.append(tr("{number} skipped", number=counts.skipped))
    label = tr("Photos that are done")
    bar = f'<progress max="{counts.wanted}" value="{finished}" aria-label="{label}"></progress>'
    return f'<div class="progress">{bar}<span>{", ".join(parts)}</span></div>'
