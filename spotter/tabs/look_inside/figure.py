"""A picture of a view: with alternative text, legible on a phone (wide ones scroll), clickable if asked."""

from __future__ import annotations

import os
from base64 import b64encode
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

from spotter.explain.canvas import Panel, panels_of
from spotter.explain.svg import to_svg
from spotter.tabs.shared.javascript import component_script

MAX_PANELS = 128  # of a picture
MAX_VALUES = 100_000  # of a panel
TEMPLATE = Path(__file__).with_suffix("")  # figure.html, .css and .js


class PanelData(GradioModel):
    """See `spotter.explain.canvas.Panel`."""

    link: str
    box: tuple[float, float, float, float]
    part: tuple[float, float, float, float]
    cell: tuple[float, float] | None
    rows: int = 0  # of the values; 0: there are none
    columns: int = 0
    values: str = ""  # base64 of little-endian float32, row by row

    @classmethod
    def of(cls, panel: Panel) -> PanelData:
        """A panel with its values packed, as numbers written out would take four times the room."""
        data = cls(link=panel.link, box=panel.box, part=panel.part, cell=panel.cell)
        if panel.values is not None and panel.values.size <= MAX_VALUES:
            data.rows, data.columns = panel.values.shape
            data.values = b64encode(panel.values.astype("<f4").tobytes()).decode("ascii")
        return data


class FigureData(GradioModel):
    """Sent to the page, and back from it with the point of a click in pixels of the picture."""

    image: FileData | None = None
    drawing: FileData | None = None  # the same as SVG
    alt: str = ""
    width: int = 1
    height: int = 1
    # Options travel with the value, as props do not reach components mounted later (gradio 6.31).
    framed: bool = False
    scroll_below: int = 0
    clickable: bool = False
    click: list[float] = Field(default_factory=list, max_length=2)
    panels: list[PanelData] = Field(default_factory=list, max_length=MAX_PANELS)


def keep_file(data: bytes, name: str, folder: str | Path) -> str:
    """The path of a file with this content below `folder`, written unless it exists.

    Gradio's own function rewrites existing files; a browser that is just loading one gets a broken picture.
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
    """Cached, as gradio asks every figure for it several times per page and computing it takes 15 ms."""
    return FigureData.model_json_schema()


class Figure(gr.HTML):
    """The value is (picture, alternative text), picture a PIL image or (H, W, 3) uint8, or None.

    `photo`: sent as JPEG, otherwise as PNG; `framed`: on a white card (default: unless a photo);
    `scroll_below`: width in pixels below which the picture scrolls instead of shrinking; `clickable`:
    `figure.input(fn, figure, ...)` gets the point of a click as [x, y]. Pointing at a panel of the picture
    marks the same spot in all panels on the page that show the same thing, and shows the value there if the
    panel has values; the arrow keys step from cell to cell. Buttons save the picture.
    """

    data_model = FigureData

    def __init__(
        self,
        value: tuple | None = None,
        *,
        photo: bool = False,
        framed: bool | None = None,
        scroll_below: int = 0,
        clickable: bool = False,
        **kwargs: Any,
    ) -> None:
        self.photo, self.scroll_below, self.clickable = photo, scroll_below, clickable
        self.framed = not photo if framed is None else framed
        for key, ending in (("html_template", "html"), ("css_template", "css")):
            kwargs.setdefault(key, TEMPLATE.with_suffix(f".{ending}").read_text(encoding="utf-8"))
        kwargs.setdefault("js_on_load", component_script(TEMPLATE.with_suffix(".js")))
        super().__init__(value, apply_default_css=False, **kwargs)

    def preprocess(  # type: ignore[override]  # gr.HTML is declared for strings, not for a data_model
        self, payload: FigureData | None
    ) -> list[float] | None:
        if payload is None or len(payload.click) != 2 or not np.isfinite(payload.click).all():
            return None
        return payload.click

    def postprocess(self, value: tuple | None) -> FigureData:  # type: ignore[override]  # same
        if value is None:
            return FigureData()
        picture, alt = value
        picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        data = BytesIO()
        if self.photo:
            picture.save(data, "JPEG", quality=88)
        else:
            picture.save(data, "PNG", compress_level=1)  # the default of 6 takes four times as long
        name = "figure.jpg" if self.photo else "figure.png"
        path = keep_file(data.getvalue(), name, self.GRADIO_CACHE)
        drawing = keep_file(to_svg(picture).encode(), "figure.svg", self.GRADIO_CACHE)
        return FigureData(
            image=FileData(path=path),
            drawing=FileData(path=drawing),
            alt=alt,
            width=picture.width,
            height=picture.height,
            framed=self.framed,
            scroll_below=self.scroll_below,
            clickable=self.clickable,
            panels=[PanelData.of(panel) for panel in panels_of(picture)],
        )

    def api_info(self) -> dict[str, Any]:
        return schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None
