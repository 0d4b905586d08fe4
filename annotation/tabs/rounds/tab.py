"""The Rounds tab: corrections make the spotter better, and people see by how much before it is served."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from annotation.region import AnnotationError
from annotation.rounds.service import Rounds
from annotation.tabs.error_messages import errors_as_messages, escape_markdown
from annotation.tabs.panels.project import read_memory
from annotation.tabs.rounds.page import Choice, Page, Updates, Values, acting, ensure, look
from annotation.tabs.rounds.panels.ledger import LedgerPanel
from annotation.tabs.rounds.panels.progress import ProgressPanel
from annotation.tabs.rounds.panels.start import StartPanel
from annotation.tabs.rounds.panels.verdict import VerdictPanel
from annotation.tabs.session import DEFAULT_PROJECT, default_project
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN
from spotter.tabs.shared.visitor import login_name

CSS = Path(__file__).with_name("rounds.css").read_text(encoding="utf-8")
POLL_SECONDS, IDLE_SECONDS = 2, 15  # while a round runs; while another visitor might start one
SESSION_SECONDS = 12 * 3600
MAX_ID_DIGITS = 15


def build_rounds(rounds: Rounds, tab: gr.Tab, memory: gr.BrowserState) -> None:
    """Puts the tab's components into the Blocks that are being built.

    `memory`: what the browser remembers of Correct: project and name.
    """
    visitor = gr.State(None, time_to_live=SESSION_SECONDS, delete_callback=lambda _: None)
    with gr.Column(elem_id="rounds"):
        gr.HTML(html_template=f"<style>{CSS}</style>", padding=False, elem_id="rounds-style")
        with gr.Row(elem_id="rounds-head"):
            project = gr.Dropdown(
                [DEFAULT_PROJECT],
                value=DEFAULT_PROJECT,
                label=tr("Project"),
                elem_id="rounds-project",
            )
            who = gr.Textbox(
                label=tr("Your name (recorded with what you start and promote)"),
                placeholder=tr("Your name"),
                max_length=100,
                elem_id="rounds-who",
            )
            served = gr.Markdown(latex_delimiters=[], elem_id="rounds-served")
        start, progress = StartPanel(rounds.config), ProgressPanel()
        ledger, verdict = LedgerPanel(), VerdictPanel()
    timer = gr.Timer(IDLE_SECONDS, active=False)

    def show(choice: Choice) -> Updates:
        situation = look(rounds, choice)
        store, running = rounds.store, situation.running
        gain = None if running else rounds.gain(choice.project_id)
        return {
            visitor: situation.choice,
            project: gr.update(choices=[name for _, name in store.projects()], value=situation.project),
            served: escape_markdown(situation.problem)
            or tr("Served: **{name}**", name=escape_markdown(situation.served_name)),
            timer: gr.Timer(POLL_SECONDS if running else IDLE_SECONDS, active=True),
            **start.show(situation, gain, bool(store.image_count(choice.project_id))),
            **progress.show(situation, rounds.progress(running.id) if running else None),
            **ledger.show(situation, rounds),
            **verdict.show(situation, rounds),
        }

    panels = [*start.outputs, *progress.outputs, *ledger.outputs, *verdict.outputs]
    page = Page(rounds, visitor, who, show, [visitor, project, served, timer, *panels])
    for panel in (start, progress, ledger, verdict):
        panel.wire(page)

    def open_tab(values: Values, request: gr.Request | None = None) -> Updates:
        """What the address names, else the project that Correct shows."""
        remembered = read_memory(values[memory])
        with errors_as_messages():
            choice = opened(rounds, values[visitor], str(remembered.get("project") or ""), request)
            name = login_name() or values[who] or str(remembered.get("who") or "")
            shown = show(choice)
            named = {"project": dict(rounds.store.projects())[choice.project_id], "who": name}
            shown_name = gr.update(value=name, interactive=not login_name())
            return shown | {who: shown_name, memory: remembered | named}

    def tick(values: Values) -> Updates:
        """The progress, or everything if a round has begun or ended or other weights are served."""
        with errors_as_messages():
            choice = ensure(values[visitor], rounds)
            situation = look(rounds, choice)
            if situation.seen != choice.seen:
                return show(choice)
            updates = verdict.show_reading(situation, rounds)
            if situation.running:
                one = situation.running
                updates |= progress.show_progress(one, rounds.progress(one.id), situation.project)
            return updates

    @acting(page)
    def choose_project(choice: Choice, values: Values) -> Choice:
        return Choice(rounds.store.find_project(str(values[project])))

    def remember(values: Values) -> dict[str, Any]:
        return read_memory(values[memory]) | {"project": values[project], "who": values[who]}

    tab.select(open_tab, {visitor, memory, who}, [*page.shown, who, memory], **HIDDEN)
    timer.tick(tick, page.inputs, page.shown, trigger_mode="once", **HIDDEN)
    chosen = project.input(choose_project, {*page.inputs, project}, page.shown, **HIDDEN)
    for event in (chosen.success, who.blur):
        event(remember, {memory, project, who}, memory, **HIDDEN)


def opened(rounds: Rounds, choice: Choice | None, project: str, request: gr.Request | None) -> Choice:
    """`choice`: of this page before, None right after it was loaded; `project`: the one of Correct."""
    known = {name: number for number, name in rounds.store.projects()}
    if choice is None:
        number = round_in_address(request)
        with suppress(AnnotationError):  # it was deleted
            found = rounds.get(number) if number else None
            if found is not None and found.project_id in known.values():
                return Choice(found.project_id, number)
        return Choice(known.get(project) or default_project(rounds.store), number)
    if project in known and known[project] != choice.project_id:
        return Choice(known[project])
    return ensure(choice, rounds)


def round_in_address(request: gr.Request | None) -> int | None:
    """Id of the round in the page's address, where the ledger puts it; None without one."""
    value = request.query_params.get("round", "") if request else ""
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= MAX_ID_DIGITS else None
