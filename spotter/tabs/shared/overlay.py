"""Custom component: words over their photo as SVG, and a list of them (overlay.html, .css, .js)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel
from gradio.processing_utils import save_pil_to_cache
from PIL import Image
from pydantic import Field

from spotter.language import tr_html
from spotter.tabs.shared.javascript import component_script

HERE = Path(__file__).parent
MIN_SCORE = 0.1  # threshold of the request; the slider then hides words without another request
DISPLAY_SIDE = (
    2000  # pixels; larger photos are scaled down for the page, polygons stay in pixels of the original
)


class CharacterData(GradioModel):
    """One recognised character."""

    text: str
    score: float


class WordData(GradioModel):
    """A `Word`, as in the `--json` format."""

    id: str
    polygon: list[list[float]]
    box: list[float]
    text: str
    score: float
    reading_score: float
    characters: list[CharacterData] = Field(default_factory=list)
    network_text: str | None = None


class OverlayData(GradioModel):
    """The value on the page: a photo and its entry in the `--json` format."""

    photo: FileData | None = None
    name: str = ""
    width: int = 1
    height: int = 1
    seconds: float = 0.0
    words: list[WordData] = Field(default_factory=list)
    model: dict[str, Any] = Field(default_factory=dict)
    credit: str = ""


class Overlay(gr.HTML):
    """Shows words over a photo. The value is a dict with the fields of OverlayData; `photo`: path or (H, W,
    3) array.
    """

    data_model = OverlayData

    def __init__(self, value: dict | None = None, *, threshold: float = 0.4, **kwargs: Any) -> None:
        kwargs.setdefault("html_template", tr_html((HERE / "overlay.html").read_text(encoding="utf-8")))
        kwargs.setdefault("css_template", (HERE / "overlay.css").read_text(encoding="utf-8"))
        kwargs.setdefault("js_on_load", component_script(HERE / "overlay.js"))
        super().__init__(value, apply_default_css=False, threshold=threshold, **kwargs)

    def preprocess(self, payload: OverlayData | None) -> dict | None:  # type: ignore[override]  # gr.HTML has text
        return None if payload is None else payload.model_dump()

    def postprocess(self, value: dict | None) -> OverlayData:  # type: ignore[override]  # gr.HTML has text
        value = dict(value or {})
        photo = value.get("photo")
        if isinstance(photo, np.ndarray):
            photo = self._save(photo)
        if isinstance(photo, str | Path):
            value["photo"] = FileData(path=str(photo))
        return OverlayData(**value)

    def _save(self, photo: np.ndarray) -> str:
        """Re-encodes the photo: browsers do not support every format, and metadata is removed."""
        picture = Image.fromarray(photo)
        picture.thumbnail((DISPLAY_SIDE, DISPLAY_SIDE))
        return save_pil_to_cache(picture, cache_dir=self.GRADIO_CACHE, name="photo", format="jpeg")

    def api_info(self) -> dict[str, Any]:
        return OverlayData.model_json_schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None
