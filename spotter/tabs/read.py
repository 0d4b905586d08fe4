"""The Read tab: a photo in, its words over it."""

from __future__ import annotations

import time
from pathlib import Path

import gradio as gr
from gradio.components.image import ImageData

from spotter.config import SpotterConfig
from spotter.images import ImageError, read_image
from spotter.tabs.loading import Loader
from spotter.tabs.overlay import FLOOR, Overlay
from spotter.tabs.samples import FOLDER, SAMPLES, Sample, page_entry, stored_results

WEAK = 0.5  # end-to-end H-mean below which the page says that the weights are weak
# One photo at a time: the spotter uses every core.
QUEUE = {"concurrency_id": "model", "concurrency_limit": 1}


class Photo(gr.Image):
    """An image input that hands over the uploaded file unopened; gr.Image would open it before any check."""

    def get_block_name(self) -> str:
        return "image"

    def preprocess(self, payload: ImageData | None) -> str | None:
        return payload.path if payload else None


def build_read(loader: Loader) -> None:
    """Puts the tab's components into the Blocks that are being built."""
    gr.set_static_paths([FOLDER])
    stored = stored_results(loader.card().get("sha256"))
    with gr.Row(elem_classes="chooser"):
        photo = Photo(
            label="Your photo",
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
            label="Samples",
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
    if warning := weakness(loader.card()):
        gr.Markdown(warning, elem_id="weak")
    overlay = Overlay(
        stored_sample(SAMPLES[0], stored), threshold=SpotterConfig().score_threshold, elem_id="words"
    )
    with gr.Accordion("Which weights these are, and how they were trained", open=False):
        gr.Markdown(describe_card(loader.card()))

    def read_photo(path: str | None, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
        """Words of a photo, with their outlines in pixels of the photo."""
        return read(loader, path, Path(path).name, progress) if path else {}

    def read_sample(event: gr.SelectData, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
        sample = SAMPLES[event.index]
        return read(loader, sample.path, sample.file, progress) | {"credit": sample.credit}

    def show_sample(event: gr.SelectData) -> dict:
        return stored_sample(SAMPLES[event.index], stored)

    photo.input(read_photo, photo, overlay, api_name="read", trigger_mode="always_last", **QUEUE).failure(
        lambda: None, None, photo, api_visibility="private"
    )
    if stored:
        gallery.select(show_sample, None, overlay, api_visibility="private", show_progress="hidden")
    else:
        gallery.select(read_sample, None, overlay, api_visibility="private", **QUEUE)


def read(loader: Loader, source: str | Path, name: str, progress: gr.Progress) -> dict:
    """Reads a photo now: the overlay's value."""
    try:
        image = read_image(source)
    except ImageError as error:
        raise gr.Error(str(error), print_exception=False) from error
    progress(0.1, desc="Loading the spotter")
    spotter = loader.spotter()
    progress(0.4, desc="Reading the words")
    start = time.perf_counter()
    words = spotter.spot(image, threshold=FLOOR)
    seconds = time.perf_counter() - start
    return {"photo": image, "name": name, **page_entry(image, words, seconds, spotter.card)}


def stored_sample(sample: Sample, stored: dict) -> dict | None:
    """The stored result of a sample: the overlay's value; None when there is none for these weights."""
    entry = stored.get("images", {}).get(sample.file)
    if entry is None:
        return None
    return {
        "photo": sample.path,
        "name": sample.file,
        **entry,
        "model": stored["model"],
        "credit": f"{sample.credit} Stored result of these weights.",
    }


def describe_card(card: dict) -> str:
    """The model card as Markdown: how good the weights are first, then how they came about."""
    if not card:
        return "These weights come without a model card: how they were trained is not known."
    figures = measured(card)
    lines = [weakness(card), ""]
    if figures:
        lines += ["| measured on | images | detection H-mean | end-to-end H-mean |", "|---|---|---|---|"]
        for name, report in figures.items():
            detection, reading = report["detection"]["hmean"], report["end_to_end"]["hmean"]
            lines.append(f"| {name} | {report['images']} | {detection:.3f} | {reading:.3f} |")
        lines.append("")
    told = {key: value for key, value in card.items() if key not in ("figures", "curve")}
    lines += [f"- **{key.replace('_', ' ')}**: {describe(value)}" for key, value in told.items()]
    return "\n".join(lines)


def measured(card: dict) -> dict[str, dict]:
    """The reports of the card that hold end-to-end scores, by the name of what they were measured on."""
    return {name: report for name, report in card.get("figures", {}).items() if "end_to_end" in report}


def weakness(card: dict) -> str:
    """A warning when the weights read badly on anything they were measured on; else ""."""
    figures = measured(card)
    if not figures:
        return ""
    worst = min(figures, key=lambda name: figures[name]["end_to_end"]["hmean"])
    hmean = figures[worst]["end_to_end"]["hmean"]
    if hmean >= WEAK:
        return ""
    return f"**These weights are weak**: end-to-end H-mean {hmean:.2f} on *{worst}*. Check what they read."


def describe(value: object) -> str:
    """A value of the card in words."""
    if isinstance(value, list):
        return " · ".join(map(describe, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
