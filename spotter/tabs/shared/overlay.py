"""Words over their photo: a component of our own, an SVG with a list beside it (overlay.html, .css, .js)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel
from gradio.processing_utils import save_pil_to_cache
from PIL import Image
from pydantic import Field

HERE = Path(__file__).parent
FLOOR = 0.1  # lowest score the page asks the spotter for; the slider then hides words without reading again
DISPLAY_SIDE = 2000  # pixels; a larger photo is sent to the page scaled down, polygons stay in its own pixels


class CharacterData(GradioModel):
    """One character that was read."""

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


class OverlayData(GradioModel):
    """What the page gets: a photo and its entry of the `--json` format."""

    photo: FileData | None = None
    name: str = ""
    width: int = 1
    height: int = 1
    seconds: float = 0.0
    words: list[WordData] = Field(default_factory=list)
    model: dict[str, Any] = Field(default_factory=dict)
    credit: str = ""


class Overlay(gr.HTML):
    """Shows words over a photo. The value is a dict as OverlayData; `photo`: path or (H, W, 3) array."""

    data_model = OverlayData

    def __init__(self, value: dict | None = None, *, threshold: float = 0.4, **kwargs: Any) -> None:
        kwargs.setdefault("html_template", (HERE / "overlay.html").read_text(encoding="utf-8"))
        kwargs.setdefault("css_template", (HERE / "overlay.css").read_text(encoding="utf-8"))
        kwargs.setdefault("js_on_load", (HERE / "overlay.js").read_text(encoding="utf-8"))
        super().__init__(value, apply_default_css=False, threshold=threshold, **kwargs)

    def preprocess(self, payload: OverlayData | None) -> dict | None:
        return None if payload is None else payload.model_dump()

    def postprocess(self, value: dict | None) -> OverlayData:
        value = dict(value or {})
        photo = value.get("photo")
        if isinstance(photo, np.ndarray):
            photo = self._save(photo)
        if isinstance(photo, str | Path):
            value["photo"] = FileData(path=str(photo))
        return OverlayData(**value)

    def _save(self, photo: np.ndarray) -> str:
        """Re-encoded: browsers cannot show every format, and what else was in the file stays out."""
        picture = Image.fromarray(photo)
        picture.thumbnail((DISPLAY_SIDE, DISPLAY_SIDE))
        return save_pil_to_cache(picture, cache_dir=self.GRADIO_CACHE, name="photo", format="jpeg")

    def api_info(self) -> dict[str, Any]:
        return OverlayData.model_json_schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None
