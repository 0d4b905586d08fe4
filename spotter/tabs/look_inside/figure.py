"""A picture of a view: with alternative text, legible on a phone (wide ones scroll), clickable if asked."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel
from gradio.processing_utils import hash_bytes
from PIL import Image
from pydantic import Field

from spotter.explain.canvas import panels_of

PART = Path(__file__).with_suffix("")


class PanelData(GradioModel):
    """See `spotter.explain.canvas.Panel`."""

    link: str
    box: tuple[float, float, float, float]
    part: tuple[float, float, float, float]
    cell: tuple[float, float] | None


class FigureData(GradioModel):
    """What the page gets, and gives back with the place of a click in pixels of the picture."""

    image: FileData | None = None
    alt: str = ""
    width: int = 1
    height: int = 1
    # How it is shown. With the value, since props do not reach components mounted later (gradio 6.31).
    framed: bool = False
    least: int = 0
    clickable: bool = False
    click: list[float] = Field(default_factory=list, max_length=2)
    panels: list[PanelData] = Field(default_factory=list, max_length=64)


def keep_file(data: bytes, name: str, folder: str | Path) -> str:
    """The path of a file with this content below `folder`, written unless it is there.

    Gradio's own function writes it again; who is just being sent it then gets a broken picture.
    """
    path = Path(folder) / hash_bytes(data) / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(data)
        os.replace(part.name, path)
    return str(path.resolve())


@cache
def schema() -> dict[str, Any]:
    """Gradio asks every figure for it several times a page, and making it takes 15 ms."""
    return FigureData.model_json_schema()


class Figure(gr.HTML):
    """The value is (picture, alternative text), picture a PIL image or (H, W, 3) uint8, or None.

    `photo`: sent as JPEG, else as PNG; `framed`: on a white card (default: unless a photo); `least`: pixels
    below which a narrow screen scrolls instead of shrinking it; `clickable`: `figure.input(fn, figure, ...)`
    gets the place of a click as [x, y]. Pointing at a place in one of the picture's panels marks it in all
    panels on the page that show the same.
    """

    data_model = FigureData

    def __init__(
        self,
        value: tuple | None = None,
        *,
        photo: bool = False,
        framed: bool | None = None,
        least: int = 0,
        clickable: bool = False,
        **kwargs: Any,
    ) -> None:
        self.photo, self.least, self.clickable = photo, least, clickable
        self.framed = not photo if framed is None else framed
        for key, ending in (("html_template", "html"), ("css_template", "css"), ("js_on_load", "js")):
            kwargs.setdefault(key, PART.with_suffix(f".{ending}").read_text(encoding="utf-8"))
        super().__init__(value, apply_default_css=False, **kwargs)

    def preprocess(self, payload: FigureData | None) -> list[float] | None:
        if payload is None or len(payload.click) != 2 or not np.isfinite(payload.click).all():
            return None
        return payload.click

    def postprocess(self, value: tuple | None) -> FigureData:
        if value is None:
            return FigureData()
        picture, alt = value
        picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        data = BytesIO()
        if self.photo:
            picture.save(data, "JPEG", quality=88)
        else:
            picture.save(data, "PNG", compress_level=1)  # 6, the default, takes four times as long
        name = "figure.jpg" if self.photo else "figure.png"
        path = keep_file(data.getvalue(), name, self.GRADIO_CACHE)
        return FigureData(
            image=FileData(path=path),
            alt=alt,
            width=picture.width,
            height=picture.height,
            framed=self.framed,
            least=self.least,
            clickable=self.clickable,
            panels=[PanelData(**asdict(panel)) for panel in panels_of(picture)],
        )

    def api_info(self) -> dict[str, Any]:
        return schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None
