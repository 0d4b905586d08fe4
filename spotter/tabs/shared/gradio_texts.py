"""Texts of Gradio's own that it has in English only, in the other languages of the page."""

from __future__ import annotations

import gradio as gr

from spotter.language import ENGLISH, LANGUAGES, speaking, tr


def gradio_translations() -> gr.I18n:
    """Texts that Gradio looks up by their keys."""
    translations = {}
    for language in LANGUAGES:
        if language != ENGLISH:
            with speaking(language):
                translations[language] = {"status.queue_position": tr("In queue: {position} of {size}")}
    return gr.I18n(**translations)


def gradio_labels() -> dict[str, str]:
    """Labels, and words of the line that tells how far an event is, that are fixed in Gradio's code; with
    their translations.
    """
    return {
        "More tabs": tr("More tabs"),
        "File upload": tr("File upload"),
        "Upload file": tr("Upload file"),
        "Capture from camera": tr("Capture from camera"),
        "Paste from clipboard": tr("Paste from clipboard"),
        "Click to upload or drop files": tr("Click to upload or drop files"),
        "Reset to default value": tr("Reset to default value"),
        "Gradio footer navigation": tr("Gradio footer navigation"),
        "queue:": tr("queue:"),
        "processing |": tr("processing |"),
    }
