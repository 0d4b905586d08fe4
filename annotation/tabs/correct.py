"""The Correct tab: queue, editor, review state; every edit is saved at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from annotation.editor import RegionEditor
from annotation.region import AnnotationError
from annotation.store import queue
from annotation.store.predictions import model_version
from annotation.store.review import STATES
from annotation.store.store import Store
from annotation.tabs.background import BackgroundReader
from annotation.tabs.error_messages import plain, told
from annotation.tabs.panels.checks import Checks
from annotation.tabs.panels.listing import Listing
from annotation.tabs.panels.photos import Photos
from annotation.tabs.panels.queue import progress_bar, queue_rows, title
from annotation.tabs.panels.suggestions import Reread, Waiting
from annotation.tabs.panels.transfer import Transfer
from annotation.tabs.recognition import reread
from annotation.tabs.session import Desk
from spotter.tabs.shared.events import HIDDEN, QUEUE
from spotter.tabs.shared.loading import Loader

HERE = Path(__file__).parent
CSS = (HERE / "correct.css").read_text(encoding="utf-8")
KEYS = (HERE / "shortcuts.js").read_text(encoding="utf-8")
PROJECT = "default"  # as on the command line
# One after the other: else what an edit showed could reach the page after the step that came after it.
IN_TURN = {"concurrency_id": "correct", "concurrency_limit": 1}
ORDERS = [
    ("Least sure first", "uncertainty"),
    ("Random", "random"),
    ("Oldest first", "oldest"),
    ("By name", "name"),
]
KEYS_HINT = (
    "Page Down and Page Up: next and previous photo. Ctrl+Enter: done, next. ? in the editor: all other keys."
)
NO_PHOTOS = """**No photos yet.** Add photos or a zip archive above: the spotter reads them in the background,
and its words wait here to be corrected; every edit is saved at once. Or bring a project with you under
Import and export."""
NO_MATCH = """**Nothing is left here.** No photo of this project is in the chosen states; choose others in the
filter, or add photos."""


class Correct:
    """Components of the tab and the updates of what shows the open image."""

    def __init__(self, loader: Loader, store: Store, tab: gr.Tab) -> None:
        self.loader, self.store = loader, store
        self.reader = BackgroundReader(store, loader)
        self.desk = gr.State(None, time_to_live=12 * 3600, delete_callback=lambda _: None)
        # What outlives a reload of the page; the secret only has to be the same after a restart.
        self.memory = gr.BrowserState({}, storage_key="correct", secret="correct")
        self.timer = gr.Timer(2, active=False)
        with gr.Column(elem_id="correct"):
            self._build_head()
            self.photos = Photos()
            with gr.Row():
                with gr.Column(scale=1, min_width=230):
                    self._build_queue()
                with gr.Column(scale=5, min_width=320):
                    self._build_work()
            self.panels = [Checks(), Reread(), Transfer()]
            gr.HTML(html_template=f"<style>{CSS}</style>", js_on_load=KEYS, padding=False)
        self.shown = [
            self.desk,
            self.memory,
            self.project,
            self.progress,
            self.listing,
            self.title,
            self.empty,
            self.work,
            self.editor,
            self.conflict_box,
            self.conflict,
            self.waiting.listing,
            self.photos.box,
            self.reading,
            self.timer,
            *self.states.values(),
        ]
        self._wire(tab)
        for part in (self.photos, self.waiting, *self.panels):
            part.wire(self)

    # Components

    def _build_head(self) -> None:
        with gr.Row(elem_id="correct-project", equal_height=True):
            self.project = gr.Dropdown(
                [PROJECT],
                value=PROJECT,
                label="Project (type a new name to begin one)",
                allow_custom_value=True,
                scale=2,
                min_width=200,
            )
            self.who = gr.Textbox(
                label="Your name (stands beside your corrections)",
                max_length=100,
                scale=2,
                min_width=200,
            )
            with gr.Column(scale=2, min_width=200):
                self.progress = gr.HTML(padding=False)

    def _build_queue(self) -> None:
        self.order = gr.Dropdown(ORDERS, value="uncertainty", label="Queue", filterable=False)
        with gr.Accordion("Filter", open=False):
            self.filter = gr.CheckboxGroup(
                list(STATES), value=list(queue.OPEN), label="States", elem_id="correct-filter"
            )
        self.listing = Listing(label="Photos of the queue", elem_id="correct-queue")
        self.reading = gr.Markdown(elem_id="correct-reading")

    def _build_work(self) -> None:
        self.empty = gr.Markdown("One moment ...", elem_id="correct-empty")
        with gr.Column(visible=False) as self.work:
            with gr.Row(elem_id="correct-steps"):
                self.previous = gr.Button("Previous", size="sm", elem_id="correct-previous")
                self.next = gr.Button("Next", size="sm", elem_id="correct-next")
                self.title = gr.Markdown(elem_id="correct-title", latex_delimiters=[])
                self.states = {
                    "in work": gr.Button("Reopen", size="sm", elem_id="correct-reopen"),
                    "approved": gr.Button("Approve, next", size="sm", elem_id="correct-approve"),
                    "done": gr.Button("Done, next", size="sm", variant="primary", elem_id="correct-done"),
                }
            with gr.Column(visible=False, elem_id="correct-conflict") as self.conflict_box:
                self.conflict = gr.Markdown(latex_delimiters=[])
                with gr.Row():
                    self.both = gr.Button("Join both", size="sm", variant="primary")
                    self.mine = gr.Button("Keep my version", size="sm")
                    self.theirs = gr.Button("Take the other version", size="sm")
            self.editor = RegionEditor(size_of=self.size_of, elem_id="correct-editor")
            gr.Markdown(KEYS_HINT, elem_id="correct-hint")
            self.waiting = Waiting()

    # What the panels ask for

    def on(self, event: Callable, change: Callable, more: list, mode: str = "once") -> None:
        """Wires an event that saves what the editor holds, does something, and shows what is open then.

        `change` gets the desk and the values of `more`, and may raise AnnotationError. `mode`: gradio's
        trigger_mode, what becomes of an event that comes while another one is under way.
        """

        def handle(desk: Desk | None, payload: dict | None, who: str, *values: Any) -> dict:
            desk = self.ready(desk, who)
            with told():
                desk.save(payload)
                change(desk, *values)
                return self.show(desk, payload)

        inputs = [self.desk, self.editor, self.who, *more]
        event(handle, inputs, self.shown, trigger_mode=mode, **HIDDEN, **IN_TURN)

    def ready(self, desk: Desk | None, who: str) -> Desk:
        """The visitor's desk; a new one when the program was started anew."""
        if desk is None:
            desk = Desk(self.store, self.store.project(PROJECT))
        desk.who = who
        return desk

    def refresh(self, desk: Desk, image_id: int | None = None) -> None:
        """Makes the queue anew; the image stays open, else the first one is opened."""
        desk.refresh()
        wanted = image_id if image_id is not None else desk.image.id if desk.image else None
        try:
            desk.open(wanted if wanted is not None else next(iter(desk.ids), None))
        except AnnotationError:  # of another database
            desk.open(next(iter(desk.ids), None))

    def version(self) -> str:
        """Of the weights of this app."""
        return model_version(self.loader.spotter().card)

    def reader_knows(self) -> tuple[str, int]:
        """The characters that the reader knows, and the most it reads in a word."""
        spotter = self.loader.spotter()
        return spotter.charset.characters, spotter.model.config.max_steps - 1

    def size_of(self, image_id: str) -> tuple[int, int] | None:
        try:
            image = self.store.image(int(image_id))
        except (ValueError, AnnotationError):
            return None
        return image.width, image.height

    # Updates

    def show(self, desk: Desk, payload: dict | None = None, region_id: str = "") -> dict:
        """Everything that depends on the project, the queue and the open image.

        `payload`: what the editor sent; `region_id`: of the region to be selected.
        """
        image = desk.image
        same = image is not None and payload is not None and payload["image_id"] == str(image.id)
        document = desk.document(payload["revision"] if same else 0)
        image = desk.image
        projects = dict(self.store.projects())
        counts = queue.progress(self.store, desk.project_id)
        memory = {"project": projects[desk.project_id], "who": desk.who, "image": image.id if image else None}
        editor = gr.update(value=document) | RegionEditor.state("")
        if region_id:
            editor |= RegionEditor.choose(str(image.id), region_id)
        return {
            self.desk: desk,
            self.memory: memory | {"order": desk.order, "states": list(desk.states)},
            self.project: gr.update(choices=list(projects.values()), value=projects[desk.project_id]),
            self.empty: gr.update(value=NO_MATCH if counts.total else NO_PHOTOS, visible=image is None),
            self.work: gr.update(visible=image is not None),
            self.editor: editor,
            **self.background(),
            **self.about(desk),
        }

    def about(self, desk: Desk) -> dict:
        """What an edit or a change of state can change."""
        image, conflict = desk.image, desk.conflict
        state = image.state if image else ""
        says = f"**Two people have changed this photo.** {plain(conflict)} Choose one, or join them: "
        says += "where both changed the same word, yours counts."
        waiting = self.waiting.rows(self.store.open_image(image.id)) if image else {}
        return {
            self.progress: progress_bar(queue.progress(self.store, desk.project_id)),
            self.listing: queue_rows(desk),
            self.title: f"**{plain(image.name)}** ({title(desk)})" if image else "",
            self.conflict_box: gr.update(visible=bool(conflict)),
            self.conflict: says if conflict else "",
            self.waiting.listing: waiting,
            self.states["in work"]: gr.update(visible=state in ("done", "approved")),
            self.states["approved"]: gr.update(visible=state == "done"),
            self.states["done"]: gr.update(visible=state in ("new", "in work")),
        }

    def background(self) -> dict:
        """About the images that are read in the background."""
        state = self.reader.state
        lines = [f"The spotter reads photos: {state.done} of {state.total}."] if state.is_busy else []
        if state.problem:
            lines.append(f"A photo could not be read: {plain(state.problem)}")
        return {self.reading: "\n\n".join(lines), self.timer: gr.Timer(active=state.is_busy)}

    # Events

    def _wire(self, tab: gr.Tab) -> None:
        desk, editor = self.desk, self.editor
        about = [self.progress, self.listing, self.title, self.conflict_box, self.conflict]
        about += [self.waiting.listing, *self.states.values()]
        start = [*self.shown, self.who, self.order, self.filter]
        tab.select(self.start, [desk, self.memory], start, **HIDDEN, **IN_TURN)
        saved, everything = [desk, editor, *about], [desk, editor, self.who]
        editing = editor.input(
            self.edited, everything, saved, trigger_mode="always_last", **HIDDEN, **IN_TURN
        )
        editing.then(self.read_again, desk, editor, **HIDDEN, **QUEUE)
        self.who.blur(self.remember, [self.memory, self.who], self.memory, **HIDDEN)
        self.timer.tick(self.tick, [desk, editor, self.who], self.shown, **HIDDEN, **IN_TURN)
        self.on(self.next.click, step_on, [], "multiple")
        self.on(self.previous.click, step_back, [], "multiple")
        self.on(self.listing.input, jump, [self.listing], "always_last")
        self.on(self.project.input, self.choose_project, [self.project], "always_last")
        for choice in (self.order, self.filter):
            self.on(choice.input, choose_queue, [self.order, self.filter], "always_last")
        self.on(self.states["done"].click, lambda desk: finish(desk, "done"), [])
        self.on(self.states["approved"].click, lambda desk: finish(desk, "approved"), [])
        self.on(self.states["in work"].click, lambda desk: desk.set_state("in work"), [])
        self.on(self.both.click, lambda desk: desk.settle(mine=True, join=True), [])
        self.on(self.mine.click, lambda desk: desk.settle(mine=True), [])
        self.on(self.theirs.click, lambda desk: desk.settle(mine=False), [])

    def start(self, desk: Desk | None, memory: dict | None) -> dict:
        """The tab is opened: everything as it was left."""
        memory = memory if isinstance(memory, dict) else {}
        with told():
            if desk is None:
                desk = Desk(self.store, self.store.project(str(memory.get("project") or PROJECT)))
                desk.who = str(memory.get("who") or "")
                if memory.get("order") in queue.ORDERS:
                    desk.order = memory["order"]
                if isinstance(memory.get("states"), list):
                    desk.states = tuple(state for state in STATES if state in memory["states"])
                self.refresh(desk, memory["image"] if type(memory.get("image")) is int else None)
                self.reader.add_unread(desk.project_id)
            choices = {self.who: desk.who, self.order: desk.order, self.filter: list(desk.states)}
            is_empty = self.store.image_count(desk.project_id) == 0
            return self.show(desk) | choices | {self.photos.box: gr.Accordion(open=is_empty)}

    def remember(self, memory: dict | None, who: str) -> dict:
        return (memory if isinstance(memory, dict) else {}) | {"who": who}

    def edited(self, desk: Desk | None, payload: dict | None, who: str) -> dict:
        """Autosave."""
        desk = self.ready(desk, who)
        with told():
            saved = desk.save(payload)
            if not saved.is_new:
                return {self.desk: desk, self.editor: RegionEditor.state("saved", payload)}
            state = "conflict" if saved.conflict else "saved"
            message = "choose a version above" if saved.conflict else ""
            update = RegionEditor.state(state, payload, message, saved.version)
            if saved.merged and desk.image is not None and payload["image_id"] == str(desk.image.id):
                update |= gr.update(value=desk.document(payload["revision"]))
            return {self.desk: desk, self.editor: update} | self.about(desk)

    def read_again(self, desk: Desk | None) -> dict:
        """Suggestions for regions that were drawn or moved."""
        found = reread(desk, self.loader, self.reader.model) if desk else None
        return RegionEditor.suggest(*found) if found else gr.skip()

    def choose_project(self, desk: Desk, name: str | None) -> None:
        desk.project_id = self.store.project(name or "")
        desk.open(None)
        self.refresh(desk)
        self.reader.add_unread(desk.project_id)

    def tick(self, desk: Desk | None, payload: dict | None, who: str) -> dict:
        """While images are read: how far, and their words."""
        desk = self.ready(desk, who)
        with told():
            if desk.image is None:
                self.refresh(desk)
            shown = desk.image and payload and payload["image_id"] == str(desk.image.id)
            if shown and self.store.image(desk.image.id).version != desk.image.version and not desk.conflict:
                saved = desk.save(payload)
                return self.about(desk) if saved.conflict else self.show(desk, payload)
            if desk.image and not shown:
                return self.show(desk)
            return {**self.background(), **self.about(desk)}


def step_on(desk: Desk) -> None:
    if not desk.step(forward=True):
        gr.Info("This is the last photo of the queue.")


def step_back(desk: Desk) -> None:
    if not desk.step(forward=False):
        gr.Info("This is the first photo of the queue.")


def jump(desk: Desk, picked: tuple[str, str] | None) -> None:
    if picked and picked[0].isdecimal():
        desk.open(int(picked[0]))


def choose_queue(desk: Desk, order: str, states: list[str]) -> None:
    desk.order, desk.states = order, tuple(states)
    desk.refresh()
    if desk.place() is None:
        desk.open(next(iter(desk.ids), None))


def finish(desk: Desk, state: str) -> None:
    """Sets the state and goes on; at the end the queue is made anew."""
    desk.set_state(state)
    if desk.step(forward=True):
        return
    desk.refresh()
    if desk.ids and desk.place() is None:
        desk.open(desk.ids[0])
    gr.Info("This was the last photo of the queue.")
