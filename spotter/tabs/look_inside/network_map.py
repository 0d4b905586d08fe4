"""The map of the network: figure 2 of the paper with this photo and this word in it. A click opens a view."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr
from gradio.data_classes import GradioModel
from PIL import Image
from pydantic import Field

from spotter.explain.topics.network_map import shapes, thumbnails, titles
from spotter.tabs.shared.javascript import component_script

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

TEMPLATE = Path(__file__).with_suffix("")  # network_map.html, .css and .js
DataPath = Literal["shared", "detection", "recognition"]  # grey, green and orange, as in the paper


@dataclass(frozen=True)
class Node:
    """A part of the network on the map."""

    name: str  # of its thumbnail and in `titles`
    view: str  # the view that a click opens
    column: float
    row: float
    path: DataPath
    small: bool = False  # only a label


@dataclass(frozen=True)
class Edge:
    """An arrow; `shape`: key of the shape that is printed on it."""

    start: str
    end: str
    path: DataPath
    shape: str = ""
    gradient: bool = True  # whether the recognition loss flows back along it
    under: bool = False  # it ends under the node, instead of beside it


NODES = (
    Node("why", "why", 0, 0, "shared", small=True),
    Node("photo", "why", -0.3, 1, "shared"),
    Node("swin", "windows", 0.8, 1, "shared"),
    Node("fpn", "pyramid", 1.9, 1, "shared"),
    Node("dilated", "dilated", 3, 1, "shared"),
    Node("proposals", "start", 4, 0, "detection"),
    Node("stage", "stage", 5, 0, "detection"),
    Node("stages", "stages", 6, 0, "detection"),
    Node("matching", "matching", 7.15, 0, "detection", small=True),
    Node("mask", "mask", 8.3, 0, "detection"),
    Node("roi", "roi", 4, 2, "recognition"),
    Node("a", "conversion", 5, 2, "recognition", small=True),
    Node("d", "conversion", 6, 1, "detection", small=True),
    Node("m1", "conversion", 6.9, 1, "detection"),
    Node("m2", "conversion", 7.8, 1, "detection"),
    Node("m3", "conversion", 8.7, 1, "detection"),
    Node("r1", "conversion", 6.9, 2, "recognition", small=True),
    Node("r2", "conversion", 7.8, 2, "recognition", small=True),
    Node("r3", "conversion", 8.7, 2, "recognition"),
    Node("attention", "attention", 9.9, 2, "recognition"),
    Node("decoder", "letters", 11, 2, "recognition"),
    Node("text", "letters", 12, 2, "recognition"),
    Node("hmean", "hmean", 12, 1, "shared", small=True),
    Node("quiz", "quiz", 12, 0, "shared", small=True),
)
EDGES = (
    Edge("photo", "swin", "shared", "photo", gradient=False),
    Edge("swin", "fpn", "shared", "swin"),
    Edge("fpn", "dilated", "shared", "fpn"),
    Edge("dilated", "stage", "detection", "cells", under=True),
    Edge("dilated", "roi", "recognition"),
    Edge("proposals", "stage", "detection", "features"),
    Edge("stage", "stages", "detection", "stages"),
    Edge("stages", "matching", "detection", gradient=False),
    Edge("matching", "mask", "detection", "vector", gradient=False),
    Edge("stages", "d", "detection", "f_prop"),
    Edge("roi", "a", "recognition", "roi"),
    Edge("a", "d", "detection"),
    Edge("d", "m1", "detection", "m1"),
    Edge("m1", "m2", "detection", "m2"),
    Edge("m2", "m3", "detection", "m3"),
    Edge("m1", "r1", "detection"),
    Edge("m2", "r2", "detection"),
    Edge("m3", "r3", "detection"),
    Edge("a", "r1", "recognition", "m1"),
    Edge("r1", "r2", "recognition"),
    Edge("r2", "r3", "recognition"),
    Edge("r3", "attention", "recognition", "m3"),
    Edge("mask", "attention", "detection", "mask", gradient=False),
    Edge("attention", "decoder", "recognition", "attention"),
    Edge("decoder", "text", "recognition", "decoder"),
    Edge("text", "hmean", "shared", gradient=False),
    Edge("hmean", "quiz", "shared", gradient=False),
)


class NodeData(GradioModel):
    """A `Node` with its thumbnail."""

    title: str
    view: str
    column: float
    row: float
    path: str
    small: bool
    image: str = ""  # data URL


class EdgeData(GradioModel):
    """An `Edge` with its shape as text."""

    start: str
    end: str
    path: str
    shape: str = ""
    gradient: bool = True
    under: bool = False


class MapData(GradioModel):
    """Sent to the page."""

    nodes: dict[str, NodeData] = Field(default_factory=dict, max_length=64)
    edges: list[EdgeData] = Field(default_factory=list, max_length=128)


class NetworkMap(gr.HTML):
    """The value is (trace, word) or None. The page itself opens views: it clicks on their sub-tabs."""

    data_model = MapData

    def __init__(self, value: tuple[Trace, int | None] | None = None, **kwargs: Any) -> None:
        for key, ending in (("html_template", "html"), ("css_template", "css")):
            kwargs.setdefault(key, TEMPLATE.with_suffix(f".{ending}").read_text(encoding="utf-8"))
        kwargs.setdefault("js_on_load", component_script(TEMPLATE.with_suffix(".js")))
        super().__init__(value, apply_default_css=False, padding=False, **kwargs)

    def preprocess(self, payload: MapData | None) -> None:  # type: ignore[override]  # gr.HTML has text
        return None

    def postprocess(self, value: tuple[Trace, int | None] | None) -> MapData:  # type: ignore[override]  # same
        pictures = {} if value is None else thumbnails(*value)
        sizes = {} if value is None else shapes(*value)
        names = titles()
        nodes = {
            node.name: NodeData(
                title=names[node.name],
                view=node.view,
                column=node.column,
                row=node.row,
                path=node.path,
                small=node.small,
                image=data_url(pictures[node.name]) if node.name in pictures else "",
            )
            for node in NODES
        }
        edges = [
            EdgeData(
                start=edge.start,
                end=edge.end,
                path=edge.path,
                shape=sizes.get(edge.shape, ""),
                gradient=edge.gradient,
                under=edge.under,
            )
            for edge in EDGES
        ]
        return MapData(nodes=nodes, edges=edges)

    def api_info(self) -> dict[str, Any]:
        return MapData.model_json_schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None


def data_url(picture: Image.Image) -> str:
    """The picture as a JPEG inside an address, so that the map comes in one answer."""
    data = BytesIO()
    picture.save(data, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{b64encode(data.getvalue()).decode('ascii')}"
