"""The endpoint `/read`, for programs and, as a tool, for assistants (MCP)."""

from __future__ import annotations

import time
from pathlib import Path

import gradio as gr

from spotter.config import MAX_SHORT_SIDE, MIN_SHORT_SIDE
from spotter.images import ImageError, read_image
from spotter.language import ENGLISH, current_language
from spotter.tabs.read.photo import Photo
from spotter.tabs.shared.events import QUEUE
from spotter.tabs.shared.loading import Loader
from spotter.words_json import model_entry, photo_entry


def add_read_api(loader: Loader) -> None:
    """Adds the endpoint to the current Blocks."""

    def read(photo: str | None, threshold: float | None = None, short_side: int | None = None) -> dict:
        """Finds and reads the words on a photo.

        Returns an object as `spotter read --json` writes it for an image: name, width, height, seconds, model
        and words by descending score, each with text, polygon and box in pixels of the upright photo, score
        of the detection, reading_score and characters; network_text, where known words changed the text.

        Args:
            photo: a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF image; of a PDF, the first page is read
            threshold: score from 0 to 1 that words exceed; by default that of the weights
            short_side: pixels, 32 to 4096, that its short side is resized to; by default that of the weights
        """
        try:
            return read_photo(loader, photo, threshold, short_side)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from error

    # Not seen: they say what the endpoint takes and returns.
    inputs = [
        Photo(label="photo", type="filepath", image_mode=None, visible=False),
        gr.Number(label="threshold", visible=False),
        gr.Number(label="short_side", precision=0, visible=False),
    ]
    words = gr.JSON(label="words", visible=False)
    is_offered = current_language() == ENGLISH  # by one page, or there would be a second endpoint for each
    visibility = "public" if is_offered else "private"
    gr.Button(visible=False).click(read, inputs, words, api_name="read", api_visibility=visibility, **QUEUE)


def read_photo(loader: Loader, path: str | None, threshold: float | None, short_side: int | None) -> dict:
    """The result of the endpoint. Raises ValueError with one sentence."""
    if path is None:
        raise ImageError("There is no photo: give a file.")
    if threshold is not None and not 0 <= threshold <= 1:
        raise ValueError(f"The threshold must be from 0 to 1, not {threshold}.")
    if short_side is not None and not MIN_SHORT_SIDE <= short_side <= MAX_SHORT_SIDE:
        raise ValueError(
            f"The short side must be from {MIN_SHORT_SIDE} to {MAX_SHORT_SIDE} pixels, not {short_side}."
        )
    image = read_image(path)
    spotter = loader.spotter()
    start = time.perf_counter()
    words = spotter.spot(image, threshold, short_side)
    entry = photo_entry(image, words, time.perf_counter() - start)
    return {"image": Path(path).name, **entry, "model": model_entry(spotter.card)}
