"""The Read tab: drop a photo, see its words."""

from __future__ import annotations

import time
from pathlib import Path

import gradio as gr

from spotter.config import PRESETS, SpotterConfig
from spotter.images import ImageError, count_pages, read_image
from spotter.language import tr
from spotter.tabs.read.api import add_read_api
from spotter.tabs.read.photo import Photo
from spotter.tabs.shared.events import HIDDEN, PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.model_card import ability, curve_picture, describe_card
from spotter.tabs.shared.overlay import MIN_SCORE, Overlay
from spotter.tabs.shared.samples import FOLDER, SAMPLES, Sample, page_entry, stored_results


def build_read(loader: Loader) -> None:
    """Adds the components of the tab to the current Blocks."""
    gr.set_static_paths([FOLDER])
    stored = stored_results(loader.card().get("sha256"))
    with gr.Row(elem_classes="chooser"):
        photo = Photo(
            label=tr("Your photo"),
            type="filepath",
            image_mode=None,
            sources=["upload", "clipboard", "webcam"],
            webcam_options=gr.WebcamOptions(mirror=False),  # mirrored text cannot be read
            buttons=[],
            height=170,
            scale=2,
            min_width=280,
            elem_id="photo",
        )
        gallery = gr.Gallery(
            [(sample.path, sample.caption) for sample in SAMPLES],
            label=tr("Samples"),
            columns=len(SAMPLES),
            height=170,
            object_fit="cover",
            allow_preview=False,
            buttons=[],
            interactive=False,
            scale=3,
            min_width=280,
            elem_id="samples",
        )
    overlay = Overlay(
        stored_sample(SAMPLES[0], stored), threshold=score_threshold(loader.card()), elem_id="words"
    )
    if sentence := ability(loader.card()):
        gr.Markdown(sentence, elem_id="ability")
    with gr.Accordion(tr("Which weights these are, and how they were trained"), open=False):
        gr.Markdown(describe_card(loader.card()), elem_id="card")
        if picture := curve_picture(loader.card()):
            gr.HTML(picture, padding=False, elem_id="curve")

    def read_photo(path: str | None, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
        """The words of a photo, with polygons in pixels of the photo."""
        return read(loader, path, Path(path).name, progress) if path else {}

    def read_sample(event: gr.SelectData, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
        sample = SAMPLES[event.index]
        return read(loader, sample.path, sample.file, progress) | {"credit": sample.credit}

    def show_sample(event: gr.SelectData) -> dict | None:
        return stored_sample(SAMPLES[event.index], stored)

    photo.input(read_photo, photo, overlay, **PRIVATE, trigger_mode="always_last", **QUEUE).failure(
        lambda: None, None, photo, **PRIVATE
    )
    add_read_api(loader)
    if stored:
        gallery.select(show_sample, None, overlay, **HIDDEN)
    else:
        gallery.select(read_sample, None, overlay, **PRIVATE, **QUEUE)


def score_threshold(card: dict) -> float:
    """The score threshold of the preset of the weights."""
    return PRESETS.get(str(card.get("preset")), SpotterConfig)().score_threshold


def read(loader: Loader, source: str | Path, name: str, progress: gr.Progress) -> dict:
    """Reads a photo; returns the value of the overlay."""
    try:
        image, pages = read_image(source), count_pages(source)
    except ImageError as error:
        raise gr.Error(str(error), print_exception=False) from error
    progress(0.1, desc=tr("Loading the spotter"))
    spotter = loader.spotter()
    progress(0.4, desc=tr("Reading the words"))
    start = time.perf_counter()
    words = spotter.spot(image, threshold=MIN_SCORE)
    seconds = time.perf_counter() - start
    entry = {"photo": image, "name": name, **page_entry(image, words, seconds, spotter.card)}
    if pages > 1:
        entry["credit"] = tr("This is the first of several pages; Correct takes all of them.")
    return entry


def stored_sample(sample: Sample, stored: dict) -> dict | None:
    """The stored result of a sample as the value of the overlay; None if there is none for these weights."""
    entry = stored.get("images", {}).get(sample.file)
    if entry is None:
        return None
    return {
        "photo": sample.path,
        "name": sample.file,
        **entry,
        "model": stored["model"],
        "credit": tr("{source} Stored result of these weights.", source=sample.credit),
    }
