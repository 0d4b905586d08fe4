"""The component that takes a photo."""

from __future__ import annotations

import gradio as gr
from gradio.data_classes import ImageData


class Photo(gr.Image):
    """Passes on the path of the uploaded file; gr.Image would decode it before any check."""

    def get_block_name(self) -> str:
        return "image"

    def preprocess(self, payload: ImageData | None) -> str | None:
        return payload.path if payload else None
