"""The photo of Look inside: picked once, traced once, with one selected word for all views."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import Dependency

from spotter.explain.topics.overview import below_threshold, draw_overview, draw_word, word_at
from spotter.images import ImageError, read_image
from spotter.tabs.look_inside.deck import LessonDeck
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.tour import Tour
from spotter.tabs.look_inside.traces import stored_trace
from spotter.tabs.look_inside.truth import Truth
from spotter.tabs.look_inside.view import Values
from spotter.tabs.shared.events import HIDDEN, PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.overlay import MIN_SCORE
from spotter.tabs.shared.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


class PhotoPicker:
    """The components above the views; `trace` is the state that holds the photo's trace."""

    def __init__(self, loader: Loader, trace: gr.State) -> None:
        self.loader, self.trace = loader, trace
        with gr.Row(elem_id="inside", equal_height=False):
            with gr.Column(scale=4, min_width=280):
                self.gallery = gr.Gallery(
                    [(sample.path, sample.caption) for sample in SAMPLES],
                    label="Pick a sample",
                    columns=3,
                    height=268,
                    object_fit="cover",
                    allow_preview=False,
                    buttons=[],
                    interactive=False,
                    elem_id="inside-samples",
                )
                self.upload = gr.UploadButton(
                    "Use your own photo", file_types=["image"], size="sm", elem_id="inside-photo"
                )
            with gr.Column(scale=5, min_width=280):
                self.figure = Figure(photo=True, clickable=True, elem_id="inside-overview")
            with gr.Column(scale=3, min_width=240):
                self.word = gr.Dropdown(
                    [],
                    label="Word followed through all views",
                    info="or click one on the photo",
                    elem_id="inside-word",
                    interactive=True,
                )
                self.crop = Figure(photo=True, elem_id="inside-crop")
                self.status = gr.Markdown("", elem_id="inside-status")
        with gr.Row(elem_id="inside-more"):
            self.tour = Tour()
            self.deck = LessonDeck(loader)
        self.truth = Truth()

    def wire(self, tab: gr.Tab) -> list[Dependency]:
        """Returns the events after which the views have to be redrawn."""
        outputs = [self.trace, self.word, self.figure, self.crop, self.status, *self.truth.outputs]
        loading: dict[str, Any] = {**PRIVATE, **QUEUE}
        loading |= {"show_progress": "full", "show_progress_on": self.figure}

        def load_first(current: Trace | None, progress: gr.Progress = gr.Progress()):  # noqa: B008
            return gr.skip() if current is not None else self.load(SAMPLES[0].path, progress)

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
            event.success(lambda: gr.update(visible=False), None, self.deck.file, **HIDDEN)

        def click_word(trace: Trace | None, point: list[float] | None):
            word = None if trace is None or point is None else word_at(trace, point)
            if trace is None or word is None:
                return gr.skip()
            return {self.word: word} | self.pictures(trace, word)

        def select_word(trace: Trace | None, word: int):
            return gr.skip() if trace is None else self.pictures(trace, word)

        clicked = self.figure.input(
            click_word, [self.trace, self.figure], [self.word, self.figure, self.crop], **HIDDEN
        )
        self.word.input(select_word, [self.trace, self.word], [self.figure, self.crop], **HIDDEN)
        restored = self.truth.restore.click(lambda lines: lines, self.truth.initial, self.truth.box, **HIDDEN)
        self.deck.wire(self.trace, self.word, self.truth.box)
        return [*loaded, clicked, restored]

    def load(self, source: str | Path, progress: Callable[..., Any]) -> Values:
        """Values of all components for a photo, with its stored trace, or traced now if there is none."""
        trace = stored_trace(source, self.loader.card().get("sha256"))
        stored = trace is not None
        if trace is None:
            try:
                image = read_image(source)
            except ImageError as error:
                raise gr.Error(str(error), print_exception=False) from error
            progress(0.1, desc="Loading the spotter")
            spotter = self.loader.spotter()
            progress(0.4, desc="Running the network on the photo")
            trace = spotter.trace(image, threshold=MIN_SCORE)
        word = 0 if trace.words else None
        return {
            self.trace: trace,
            self.word: gr.update(choices=word_choices(trace), value=word, interactive=bool(trace.words)),
            self.status: summary(trace, stored),
            **self.pictures(trace, word),
            **self.truth.values(source, trace),
        }

    def pictures(self, trace: Trace, word: int | None) -> Values:
        """The photo with its words, one of them selected; and that word alone."""
        return {self.figure: draw_overview(trace, word), self.crop: draw_word(trace, word)}


def word_choices(trace: Trace) -> list[tuple[str, int]]:
    """The label of each word in the dropdown, and its index."""
    return [
        (
            f"{i + 1}  {word.text or '(no text)'}  ·  score {word.score:.2f}"
            + (", below the threshold" if below_threshold(trace, i) else ""),
            i,
        )
        for i, word in enumerate(trace.words)
    ]


def summary(trace: Trace, stored: bool = False) -> str:
    """What was traced, in one line."""
    height, width = trace.image.shape[:2]
    stages, proposals = trace.scores.shape
    count, below = len(trace.words), sum(below_threshold(trace, i) for i in range(len(trace.words)))
    words = "1 word" if count == 1 else f"{count} words"
    if below:
        words += f", {below} of them below the threshold of {trace.config.score_threshold:g}"
    if not count:
        words = "No words found: the first six views work without one"
    return (
        f"{words} · network input {width} × {height} × 3 · {proposals} proposals · "
        f"{stages} stages · "
        f"trace {trace.nbytes / 1e6:.0f} MB" + (", stored with rounded maps" if stored else "")
    )
