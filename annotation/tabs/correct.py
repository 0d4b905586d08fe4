"""The Correct tab: queue, editor, review state; what is done is saved at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
from sqlalchemy.exc import SQLAlchemyError

from annotation import queue
from annotation.editor import RegionEditor
from annotation.records import ImageRecord
from annotation.review import STATES
from annotation.schema import AnnotationError
from annotation.store import Store
from annotation.tabs.background import BackgroundReader, model_version
from annotation.tabs.desk import Desk
from annotation.tabs.listing import Listing
from annotation.tabs.photos import Photos
from annotation.tabs.thumbnails import thumbnail
from spotter.tabs.loading import Loader
from spotter.tabs.read import QUEUE

HERE = Path(__file__).parent
CSS = (HERE / "correct.css").read_text(encoding="utf-8")
KEYS = (HERE / "shortcuts.js").read_text(encoding="utf-8")
PROJECT = "default"  # as on the command line
AROUND = 30  # rows of the queue before and after the open image
HIDDEN = {"api_visibility": "private", "show_progress": "hidden"}
ORDERS = [
    ("Least sure first", "uncertainty"),
    ("Random", "random"),
    ("Oldest first", "oldest"),
    ("By name", "name"),
]
INTRODUCTION = """Correct what the spotter found; every edit is saved at once. Photos added here stay in the
project's database, and everybody who can open this page can see them."""
KEYS_HINT = (
    "Page Down and Page Up: next and previous photo. Ctrl+Enter: done, next. ? in the editor: all other keys."
)
NO_PHOTOS = """**No photos yet.** Add photos or a zip archive above: the spotter reads them in the background,
and its words wait here to be corrected. Or bring a project with you under Import and export."""
NO_MATCH = """**Nothing is left here.** No photo of this project is in the chosen states; choose others in the
filter, or add photos."""
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~$&:-])")


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
            self.reading,
            self.timer,
            *self.states.values(),
        ]
        self._wire(tab)
        self.photos.wire(self)

    # Components

    def _build_head(self) -> None:
        gr.HTML(html_template=f"<style>{CSS}</style>", js_on_load=KEYS, padding=False)
        gr.Markdown(INTRODUCTION)
        with gr.Row(elem_id="correct-project", equal_height=True):
            self.project = gr.Dropdown(
                [PROJECT],
                value=PROJECT,
                label="Project",
                info="Type a new name to begin one.",
                allow_custom_value=True,
                scale=2,
                min_width=200,
            )
            self.who = gr.Textbox(
                label="Your name",
                info="Stands beside your corrections.",
                max_length=100,
                scale=2,
                min_width=200,
            )
            self.progress = gr.HTML(padding=False, elem_classes="block", min_height=20)

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
                    self.mine = gr.Button("Keep my version", size="sm", variant="primary")
                    self.theirs = gr.Button("Take the other version", size="sm")
            self.editor = RegionEditor(size_of=self.size_of, elem_id="correct-editor")
            gr.Markdown(KEYS_HINT, elem_id="correct-hint")

    # Updates

    def size_of(self, image_id: str) -> tuple[int, int] | None:
        try:
            image = self.store.image(int(image_id))
        except (ValueError, AnnotationError):
            return None
        return image.width, image.height

    def show(self, desk: Desk, revision: int = 0) -> dict:
        """Updates of everything that depends on the project, the queue and the open image."""
        image = desk.image
        document = desk.document(revision)
        counts = queue.progress(self.store, desk.project_id)
        names = [name for _, name in self.store.projects()]
        name = dict(self.store.projects())[desk.project_id]
        memory = {"project": name, "who": desk.who, "image": image.id if image else None}
        return {
            self.desk: desk,
            self.memory: memory | {"order": desk.order, "states": list(desk.states)},
            self.project: gr.update(choices=names, value=name),
            self.progress: progress_bar(counts),
            self.empty: gr.update(value=NO_MATCH if counts.total else NO_PHOTOS, visible=image is None),
            self.work: gr.update(visible=image is not None),
            self.editor: gr.update(value=document) | RegionEditor.state(""),
            **self.background(),
            **self.about(desk),
        }

    def about(self, desk: Desk) -> dict:
        """Updates of what an edit or a change of state can change."""
        image = desk.image
        state = image.state if image else ""
        place = desk.place()
        where = f" ({place + 1} of {len(desk.ids)})" if place is not None else ""
        return {
            self.listing: self.rows(desk),
            self.title: f"**{plain(image.name)}**{where}: {state}" if image else "",
            self.conflict_box: gr.update(visible=bool(desk.conflict)),
            self.conflict: conflict_text(desk),
            self.states["in work"]: gr.update(visible=state in ("done", "approved")),
            self.states["approved"]: gr.update(visible=state == "done"),
            self.states["done"]: gr.update(visible=state in ("new", "in work")),
        }

    def background(self) -> dict:
        """Updates about the images that are read in the background."""
        state = self.reader.state
        lines = [f"The spotter reads new photos: {state.done} of {state.total}."] if state.is_busy else []
        if state.problem:
            lines.append(f"A photo could not be read: {plain(state.problem)}")
        return {self.reading: "\n\n".join(lines), self.timer: gr.Timer(active=state.is_busy)}

    def rows(self, desk: Desk) -> dict:
        """The queue around the open image."""
        place = desk.place() or 0
        first = max(0, place - AROUND)
        images = [self.store.image(i) for i in desk.ids[first : place + AROUND]]
        ahead = desk.ids[place + 1 : place + 2]
        left = len(desk.ids) - len(images)
        return {
            "rows": [self.row(image) for image in images],
            "current": str(desk.image.id) if desk.image else "",
            "head": f"{len(desk.ids)} {'photo' if len(desk.ids) == 1 else 'photos'}",
            "foot": f"{left} more before or after these" if left else "",
            "empty": "No photo here.",
            "ahead": self.store.image_path(self.store.image(ahead[0])) if ahead else None,
        }

    def row(self, image: ImageRecord) -> dict:
        doubt = "not read yet" if image.uncertainty is None else f"doubt {image.uncertainty:.0%}"
        return {
            "key": str(image.id),
            "title": image.name,
            "note": doubt,
            "badge": image.state,
            "picture": thumbnail(self.store.image_path(image)),
            "opens": True,
        }

    # Events

    def _wire(self, tab: gr.Tab) -> None:
        everything = self.shown
        about = [self.desk, self.listing, self.title, self.conflict_box, self.conflict, *self.states.values()]
        start = dict(
            fn=self.start,
            inputs=[self.desk, self.memory],
            outputs=[*everything, self.who, self.order, self.filter],
        )
        tab.select(**start, **HIDDEN)
        saving = [self.desk, self.editor, self.who]
        self.editor.input(
            self.edited, saving, [self.editor, self.progress, *about], trigger_mode="always_last", **HIDDEN
        ).then(self.read_again, self.desk, self.editor, **HIDDEN, **QUEUE)
        for component, handler, more in (
            (
                self.next.click,
                lambda desk: desk.step(True) or gr.Info("This is the last photo of the queue."),
                [],
            ),
            (
                self.previous.click,
                lambda desk: desk.step(False) or gr.Info("This is the first photo of the queue."),
                [],
            ),
            (self.listing.input, self.jump, [self.listing]),
            (self.project.input, self.choose_project, [self.project]),
            (self.order.input, self.choose_queue, [self.order, self.filter]),
            (self.filter.input, self.choose_queue, [self.order, self.filter]),
            (self.states["done"].click, lambda desk: self.finish(desk, "done"), []),
            (self.states["approved"].click, lambda desk: self.finish(desk, "approved"), []),
            (self.states["in work"].click, lambda desk: desk.set_state("in work"), []),
            (self.mine.click, lambda desk: desk.settle(True), []),
            (self.theirs.click, lambda desk: desk.settle(False), []),
        ):
            component(self.event(handler), [*saving, *more], everything, **HIDDEN)
        self.timer.tick(self.tick, saving, [*everything], **HIDDEN)

    def event(self, change):
        """A handler that saves what the editor holds, does something, and shows what is then open."""

        def handle(desk: Desk | None, payload: dict | None, who: str, *values) -> dict:
            desk = self.ready(desk, who)
            with told():
                desk.save(payload)
                change(desk, *values)
                same = desk.image is not None and payload and payload["image_id"] == str(desk.image.id)
                return self.show(desk, payload["revision"] if same else 0)

        return handle

    def ready(self, desk: Desk | None, who: str = "") -> Desk:
        """The visitor's desk; a new one when the program was started anew."""
        if desk is None:
            desk = Desk(self.store, self.store.project(PROJECT))
        desk.who = who
        return desk

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
                self.refresh(desk, memory.get("image"))
                self.reader.add_unread(desk.project_id)
            return self.show(desk) | {
                self.who: desk.who,
                self.order: desk.order,
                self.filter: list(desk.states),
            }

    def refresh(self, desk: Desk, image_id: object = None) -> None:
        """Makes the queue anew; the image stays open, else the first one is opened."""
        desk.refresh()
        wanted = image_id if type(image_id) is int else desk.image.id if desk.image else None
        try:
            desk.open(wanted if wanted is not None else next(iter(desk.ids), None))
        except AnnotationError:  # of another database
            desk.open(next(iter(desk.ids), None))

    def edited(self, desk: Desk | None, payload: dict | None, who: str) -> dict:
        """Autosave."""
        desk = self.ready(desk, who)
        with told():
            saved = desk.save(payload)
            if not saved.is_new:
                return {self.desk: desk, self.editor: RegionEditor.state("saved", payload)}
            if saved.conflict:
                pill = RegionEditor.state("conflict", payload, saved.conflict)
            else:
                pill = RegionEditor.state("saved", payload)
            if saved.merged and desk.image is not None and payload["image_id"] == str(desk.image.id):
                pill = gr.update(value=desk.document(payload["revision"])) | pill
            counts = queue.progress(self.store, desk.project_id)
            return {self.editor: pill, self.progress: progress_bar(counts), self.desk: desk} | self.about(
                desk
            )

    def read_again(self, desk: Desk | None) -> dict:
        """Suggestions for regions that were drawn or moved."""
        image, shapes = desk.take_unread() if desk else (None, {})
        if not shapes:
            return gr.skip()
        spotter = self.loader.spotter()
        path = self.store.image_path(image)
        with self.reader.model:
            readings = self.read_shapes(spotter, path, shapes)
        model = model_version(spotter)
        items = [
            {
                "id": name,
                "points": shapes[name],
                "text": reading.text,
                "score": reading.reading_score,
                "model": model,
                "characters": [{"text": c.text, "score": c.score} for c in reading.characters],
            }
            for name, reading in readings.items()
            if reading.text
        ]
        return RegionEditor.suggest(str(image.id), desk.suggest(image.id, items))

    @staticmethod
    def read_shapes(spotter, path: Path, shapes: dict) -> dict:
        """Id -> reading; a shape that cannot be read (too thin, outside) is left out."""
        try:
            return dict(zip(shapes, spotter.read(path, list(shapes.values())), strict=True))
        except ValueError:
            found = {}
            for name, points in shapes.items():
                try:
                    found[name] = spotter.read(path, [points])[0]
                except ValueError:
                    continue
            return found

    def jump(self, desk: Desk, picked: tuple[str, str] | None) -> None:
        if picked and picked[0].isdecimal():
            desk.open(int(picked[0]))

    def choose_project(self, desk: Desk, name: str | None) -> None:
        desk.project_id = self.store.project(name or "")
        desk.open(None)
        self.refresh(desk)
        self.reader.add_unread(desk.project_id)

    def choose_queue(self, desk: Desk, order: str, states: list[str]) -> None:
        desk.order, desk.states = order, tuple(states)
        desk.refresh()
        if desk.place() is None:
            desk.open(next(iter(desk.ids), None))

    def finish(self, desk: Desk, state: str) -> None:
        desk.set_state(state)
        if not desk.step(True):
            gr.Info("This was the last photo of the queue.")
            desk.refresh()
            if desk.ids and desk.place() is None:
                desk.open(desk.ids[0])

    def tick(self, desk: Desk | None, payload: dict | None, who: str) -> dict:
        """While images are read: how far, and their words."""
        desk = self.ready(desk, who)
        with told():
            if not desk.ids or desk.image is None:
                self.refresh(desk)
            shown = desk.image and payload and payload["image_id"] == str(desk.image.id)
            if shown and self.store.image(desk.image.id).version == desk.image.version:
                counts = queue.progress(self.store, desk.project_id)
                return {self.progress: progress_bar(counts), **self.background(), **self.about(desk)}
            saved = desk.save(payload)
            if saved.conflict:
                return self.about(desk)
            return self.show(desk, payload["revision"] if shown else 0)


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong inside is told in one sentence."""
    try:
        yield
    except AnnotationError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except SQLAlchemyError as error:
        raise gr.Error("The database could not be reached; your last edit is not saved yet.") from error


def progress_bar(counts: queue.Progress) -> str:
    """Numbers only, so nothing in it has to be escaped."""
    if not counts.total:
        return ""
    finished = counts.done + counts.approved
    says = f"{finished} of {counts.total} done" + (f", {counts.approved} approved" if counts.approved else "")
    bar = f'<progress max="{counts.total}" value="{finished}" aria-label="Photos that are done"></progress>'
    return f'<div class="progress">{bar}<span>{says}</span></div>'


def conflict_text(desk: Desk) -> str:
    if not desk.conflict:
        return ""
    return f"**Two people have changed this photo.** {plain(desk.conflict)} Choose which one counts."


def plain(text: str) -> str:
    """A text that others wrote, as Markdown that shows it as it is."""
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))
