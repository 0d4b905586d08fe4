"""The photo of Look inside: picked once, traced once, with one selected word for all views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import Dependency
from PIL import Image

from spotter.explain.topics.overview import below_threshold, draw_overview, draw_word, word_at
from spotter.images import ImageError, read_image
from spotter.language import tr, trn
from spotter.served import OfferedWeights
from spotter.tabs.look_inside.comparison import Comparison
from spotter.tabs.look_inside.figure import Figure, keep_file
from spotter.tabs.look_inside.network_map import NetworkMap
from spotter.tabs.look_inside.place import WRITE_WORD, Place, photo_name
from spotter.tabs.look_inside.take_away import TakeAway
from spotter.tabs.look_inside.tour import Tour
from spotter.tabs.look_inside.trace_memory import TraceMemory
from spotter.tabs.look_inside.traces import stored_trace
from spotter.tabs.look_inside.truth import Truth
from spotter.tabs.look_inside.view import Values
from spotter.tabs.shared.events import HIDDEN, PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.overlay import MIN_SCORE
from spotter.tabs.shared.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

ICON_WIDTH = 144  # pixels, twice that on the page
TOGGLE = """() => {
  const drawer = document.querySelector("#inside-drawer"), button = document.querySelector("#inside-open");
  button.setAttribute("aria-expanded", drawer.classList.toggle("open"));
}"""
CLOSE = """() => {
  document.querySelector("#inside-drawer").classList.remove("open");
  document.querySelector("#inside-open").setAttribute("aria-expanded", false);
}"""


class PhotoPicker:
    """The bar above the views, the drawer that it opens, and the map; `trace`: state of the photo's trace;
    `offered`: weights to compare with.
    """

    def __init__(self, loader: Loader, trace: gr.State, offered: Callable[[], list[OfferedWeights]]) -> None:
        self.loader, self.trace, self.memory = loader, trace, TraceMemory(trace)
        self.comparison = Comparison(offered, loader.device, self.memory)
        with gr.Row(elem_id="inside-bar", equal_height=False):
            self.open = gr.Button(
                short_name(SAMPLES[0].caption), icon=SAMPLES[0].path, size="sm", elem_id="inside-open"
            )
            self.name = gr.Textbox("", visible=False)  # in the address
            self.word = gr.Dropdown(
                [],
                label=tr("Word followed through all views"),
                show_label=False,
                container=False,
                elem_id="inside-word",
                interactive=True,
            )
            self.crop = Figure(photo=True, elem_id="inside-crop")
            self.comparison.layout()
            self.tour = Tour(loader)
            self.take_away = TakeAway(loader)
        with gr.Column(elem_id="inside-drawer"), gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=260):
                self.gallery = gr.Gallery(
                    [(sample.path, sample.caption) for sample in SAMPLES],
                    label=tr("Pick a sample"),
                    columns=3,
                    height=268,
                    object_fit="cover",
                    allow_preview=False,
                    buttons=[],
                    interactive=False,
                    elem_id="inside-samples",
                )
                self.upload = gr.UploadButton(
                    tr("Use your own photo"), file_types=["image"], size="sm", elem_id="inside-photo"
                )
                self.status = gr.Markdown("", elem_id="inside-status")
            with gr.Column(scale=4, min_width=280):
                gr.Markdown(tr("Click the word to follow."), elem_id="inside-hint")
                self.figure = Figure(photo=True, clickable=True, elem_id="inside-overview")
            with gr.Column(scale=4, min_width=280):
                self.truth = Truth()
        self.take_away.panel()
        with gr.Column(elem_id="inside-head"):
            self.map = NetworkMap(elem_id="inside-map")
            self.tour.panel()

    def wire(self, tab: gr.Tab) -> list[Dependency]:
        """Returns the events after which the views have to be redrawn."""
        about_word = [self.figure, self.crop, self.map]
        outputs: list[Any] = [self.trace, self.word, self.name, self.open, self.status, *about_word]
        outputs += [*self.truth.outputs, self.comparison.source, self.comparison.choice]
        loading: dict[str, Any] = {**PRIVATE, **QUEUE}
        loading |= {"show_progress": "full", "show_progress_on": self.map}

        # gradio evaluates the annotations to find the request; `Trace` is only there for type checkers.
        def load_first(current: Any, request: gr.Request, progress: gr.Progress = gr.Progress()):  # noqa: B008
            if current is not None:
                return {self.comparison.choice: self.comparison.choices(current)}
            place = Place.of(request.query_params)
            return self.load(place.source, progress, place.word, request.query_params)

        def load_sample(event: gr.SelectData, progress: gr.Progress = gr.Progress()):  # noqa: B008
            return self.load(SAMPLES[event.index].path, progress)

        def load_tour(progress: gr.Progress = gr.Progress()):  # noqa: B008
            return self.load(SAMPLES[0].path, progress)

        def load_upload(path: str | None, progress: gr.Progress = gr.Progress()):  # noqa: B008
            return self.load(path, progress) if path else gr.skip()

        loaded = [
            tab.select(load_first, self.trace, outputs, **loading),
            self.gallery.select(load_sample, None, outputs, **loading),
            self.upload.upload(load_upload, self.upload, outputs, **loading),
            self.tour.start.click(load_tour, None, outputs, **loading),
        ]
        for event in loaded:  # a deck made before shows another photo
            event.success(lambda: gr.update(visible=False), None, self.take_away.deck.file, **HIDDEN)
            event.success(None, [self.name, self.word], js=WRITE_WORD, **HIDDEN)

        def click_word(trace: Trace | None, point: list[float] | None):
            word = None if trace is None or point is None else word_at(trace, point)
            if trace is None or word is None:
                return gr.skip()
            return {self.word: word} | self.pictures(trace, word)

        def select_word(trace: Trace | None, word: int):
            return gr.skip() if trace is None else self.pictures(trace, word)

        self.open.click(None, js=TOGGLE, **HIDDEN)
        for picked in (self.gallery.select, self.upload.upload, self.tour.start.click):
            picked(None, js=CLOSE, **HIDDEN)
        clicked = self.figure.input(click_word, [self.trace, self.figure], [self.word, *about_word], **HIDDEN)
        selected = self.word.input(select_word, [self.trace, self.word], about_word, **HIDDEN)
        for event in (clicked, selected):
            event.success(None, [self.name, self.word], js=WRITE_WORD, **HIDDEN)
        restored = self.truth.restore.click(lambda lines: lines, self.truth.initial, self.truth.box, **HIDDEN)
        self.take_away.wire(self.trace, self.word, self.truth.box)
        return [*loaded, clicked, restored]

    def load(
        self,
        source: str | Path,
        progress: Callable[..., Any],
        word: int = 0,
        query: Mapping[str, str] | None = None,
    ) -> Values:
        """Values of all components for a photo, with its stored trace, or traced now if there is none.

        word: index of the word that is followed first; the last one if there are fewer. query: of the
        address.
        """
        trace = stored_trace(source, self.loader.card().get("sha256"))
        stored = trace is not None
        if trace is None:
            try:
                image = read_image(source)
            except ImageError as error:
                raise gr.Error(str(error), print_exception=False) from error
            progress(0.1, desc=tr("Loading the spotter"))
            spotter = self.loader.spotter()
            progress(0.4, desc=tr("Running the network on the photo"))
            trace = spotter.trace(image, threshold=MIN_SCORE)
        self.memory.make_room(trace)
        first = min(word, len(trace.words) - 1) if trace.words else None
        return {
            self.trace: trace,
            self.word: gr.update(choices=word_choices(trace), value=first, interactive=bool(trace.words)),
            self.name: photo_name(source),
            self.open: gr.update(value=name_of(source), icon=self.icon_file(trace)),
            self.status: summary(trace, stored),
            **self.pictures(trace, first),
            **self.truth.values(source, trace),
            self.comparison.source: str(source),
            self.comparison.choice: self.comparison.choices(trace, query),
        }

    def pictures(self, trace: Trace, word: int | None) -> Values:
        """The photo with its words, one of them selected; that word alone; and the map of both."""
        return {
            self.figure: draw_overview(trace, word),
            self.crop: draw_word(trace, word),
            self.map: (trace, word),
        }

    def icon_file(self, trace: Trace) -> str:
        """A small picture of the photo for the button that opens the drawer."""
        picture, data = Image.fromarray(trace.image), BytesIO()
        picture.thumbnail((ICON_WIDTH, ICON_WIDTH))
        picture.save(data, "JPEG", quality=85)
        return keep_file(data.getvalue(), "icon.jpg", self.open.GRADIO_CACHE)


def name_of(source: str | Path) -> str:
    """What the bar calls a photo: a sample by its caption."""
    sample = next((sample for sample in SAMPLES if sample.path == Path(source)), None)
    return tr("Your photo") if sample is None else short_name(sample.caption)


def short_name(caption: str) -> str:
    """A caption without what it says in brackets."""
    return caption.partition(" (")[0]


def word_choices(trace: Trace) -> list[tuple[str, int]]:
    """The label of each word in the dropdown, and its index."""
    return [(word_label(trace, i), i) for i in range(len(trace.words))]


def word_label(trace: Trace, index: int) -> str:
    word = trace.words[index]
    values = {"number": index + 1, "word": word.text or tr("(no text)"), "score": word.score}
    if below_threshold(trace, index):
        return tr("{number}  {word}  ·  score {score:.2f}, below the threshold", **values)
    return tr("{number}  {word}  ·  score {score:.2f}", **values)


def summary(trace: Trace, stored: bool = False) -> str:
    """What was traced, in one line."""
    height, width = trace.image.shape[:2]
    stages, proposals = trace.scores.shape
    count, below = len(trace.words), sum(below_threshold(trace, i) for i in range(len(trace.words)))
    words = trn("{number} word", "{number} words", count)
    if below:
        words = tr(
            "{words}, {below} of them below the threshold of {threshold:g}",
            words=words,
            below=below,
            threshold=trace.config.score_threshold,
        )
    if not count:
        words = tr("No words found: the views up to the six stages work without one")
    size = trace.nbytes / 1e6
    parts = [
        words,
        tr("network input {width} × {height} × 3", width=width, height=height),
        trn("{number} proposal", "{number} proposals", proposals),
        trn("{number} stage", "{number} stages", stages),
        tr("trace {size:.0f} MB, stored with rounded maps", size=size)
        if stored
        else tr("trace {size:.0f} MB", size=size),
    ]
    second_pass = tr(
        "Read makes a second pass, over a smaller copy of the photo, for large words; it is not shown here."
    )
    known_words = tr(
        "Readings are the network's own; Read compares those it is not sure of with a list of frequent words."
    )
    notes = [
        *([second_pass] if trace.config.coarse_scale else []),
        *([known_words] if trace.config.known_word_weight else []),
    ]
    return "\n\n".join([" · ".join(parts), *notes])
