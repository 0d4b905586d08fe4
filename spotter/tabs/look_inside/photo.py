"""The photo of Look inside: picked once, traced once, with one selected word for all views."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from spotter.explain.topics.overview import draw_overview, draw_word, is_faint, word_at
from spotter.images import ImageError, read_image
from spotter.tabs.look_inside.deck import LessonDeck
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.tour import Tour
from spotter.tabs.look_inside.traces import stored_trace
from spotter.tabs.look_inside.truth import Truth
from spotter.tabs.read.tab import QUEUE
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.overlay import FLOOR
from spotter.tabs.shared.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


def word_choices(trace: Trace) -> list[tuple[str, int]]:
    """What the dropdown shows of each word."""
    return [
        (
            f"{i + 1}  {word.text or '(no text)'}  ·  score {word.score:.2f}"
            + (", below the threshold" if is_faint(trace, i) else ""),
            i,
        )
        for i, word in enumerate(trace.words)
    ]


def overview(trace: Trace, word: int | None) -> tuple:
    """Values of two figures: the photo with its words, one of them selected; and that word alone."""
    return draw_overview(trace, word), draw_word(trace, word)


class PhotoPicker:
    """The components above the views."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
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
                self.photo = gr.UploadButton(
                    "Take your own photo", file_types=["image"], size="sm", elem_id="inside-photo"
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

    def wire(self, tab: gr.Tab, trace: gr.State) -> list[gr.events.Dependency]:
        """The events after which the views have to be drawn again."""
        outputs = [trace, self.word, self.figure, self.crop, self.status, *self.truth.outputs]

        def first(current: Trace | None, progress: gr.Progress = gr.Progress()):  # noqa: B008
            return gr.skip() if current is not None else self.look(SAMPLES[0].path, progress)

        def sample(event: gr.SelectData, progress: gr.Progress = gr.Progress()):  # noqa: B008
            return self.look(SAMPLES[event.index].path, progress)

        def again(progress: gr.Progress = gr.Progress()):  # noqa: B008
            return self.look(SAMPLES[0].path, progress)

        def own(path: str | None, progress: gr.Progress = gr.Progress()):  # noqa: B008
            return self.look(path, progress) if path else gr.skip()

        options = {
            "api_visibility": "private",
            "show_progress": "full",
            "show_progress_on": self.figure,
            **QUEUE,
        }
        events = [
            tab.select(first, trace, outputs, **options),
            self.gallery.select(sample, None, outputs, **options),
            self.photo.upload(own, self.photo, outputs, **options),
            self.tour.start.click(again, None, outputs, **options),
        ]
        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        for event in events:  # a deck made before is of another photo
            event.success(lambda: gr.update(visible=False), None, self.deck.file, **quiet)

        def click(current: Trace | None, place: list[float] | None):
            word = None if current is None or place is None else word_at(current, place)
            if word is None:
                return gr.skip(), gr.skip(), gr.skip()
            return word, *overview(current, word)

        def select(current: Trace | None, word: int):
            return (gr.skip(), gr.skip()) if current is None else overview(current, word)

        events.append(
            self.figure.input(click, [trace, self.figure], [self.word, self.figure, self.crop], **quiet)
        )
        self.word.input(select, [trace, self.word], [self.figure, self.crop], **quiet)
        restored = self.truth.restore.click(lambda lines: lines, self.truth.first, self.truth.box, **quiet)
        self.deck.wire(trace, self.word, self.truth.box)
        return [*events, restored]

    def look(self, source: str | Path, progress: Callable) -> tuple:
        """Values of trace, word, figure, crop, status and truth for a photo: stored if there is a stored
        trace, else traced now.
        """
        trace = stored_trace(source, self.loader.card().get("sha256"))
        stored = trace is not None
        if not stored:
            try:
                image = read_image(source)
            except ImageError as error:
                raise gr.Error(str(error), print_exception=False) from error
            progress(0.1, desc="Loading the spotter")
            spotter = self.loader.spotter()
            progress(0.4, desc="Following the photo through the network")
            trace = spotter.trace(image, threshold=FLOOR)
        word = 0 if trace.words else None
        return (
            trace,
            gr.update(choices=word_choices(trace), value=word, interactive=bool(trace.words)),
            *overview(trace, word),
            summary(trace, stored),
            *self.truth.values(source, trace),
        )


def summary(trace: Trace, stored: bool = False) -> str:
    height, width = trace.image.shape[:2]
    stages, proposals = trace.scores.shape
    count, faint = len(trace.words), sum(is_faint(trace, i) for i in range(len(trace.words)))
    words = "1 word" if count == 1 else f"{count} words"
    if faint:
        words += f", {faint} of them below the threshold of {trace.config.score_threshold:g}"
    if not count:
        words = "No words found: the first six views follow the photo without one"
    return (
        f"{words} · network input {width} × {height} × 3 · {proposals} proposals · "
        f"{stages} stages · "
        f"trace {trace.nbytes / 1e6:.0f} MB" + (", stored with rounded maps" if stored else "")
    )
