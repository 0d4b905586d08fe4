"""A line chart with intervals; values under the mouse, points that can be chosen. Texts are never markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel
from pydantic import ConfigDict, Field

from spotter.tabs.shared.javascript import component_script

TEMPLATES = {"html_template": ".html", "css_template": ".css"}  # files beside this one
MAX_KEY = 50  # characters of what the page sends back


class Point(GradioModel):
    """`key`: it can be chosen; `label`: below it, otherwise the axis shows numbers."""

    x: float
    y: float
    low: float | None = None  # ends of its interval
    high: float | None = None
    tip: str = ""  # shown under the mouse
    label: str = ""
    key: str = ""
    mark: str = ""  # a word above the point, which is filled then


class ChartData(GradioModel):
    """What the page gets. It sends back only `picked`: the key of the chosen point."""

    model_config = ConfigDict(extra="ignore")

    points: list[Point] = Field(default_factory=list)  # ordered by x
    current: str = ""  # key of the highlighted point
    empty: str = ""  # shown if there are no points
    picked: str = ""


class Chart(gr.HTML):
    """`chart.input(fn, chart, ...)` gets the key of the point that was chosen, "" for none."""

    data_model = ChartData

    def __init__(self, *, label: str, unit: str = "", **kwargs: Any) -> None:
        """`label`: what the heights are; `unit`: of the numbers at the axis."""
        for key, suffix in TEMPLATES.items():
            kwargs.setdefault(key, Path(__file__).with_suffix(suffix).read_text(encoding="utf-8"))
        kwargs.setdefault("js_on_load", component_script(Path(__file__).with_suffix(".js")))
        super().__init__(None, apply_default_css=False, named=label, unit=unit, **kwargs)

    def preprocess(self, payload: ChartData | None) -> str:  # type: ignore[override] # own data
        return "" if payload is None else payload.picked[:MAX_KEY]

    def postprocess(self, value: ChartData | None) -> ChartData:  # type: ignore[override] # own data
        return value or ChartData()

    def api_info(self) -> dict[str, Any]:
        return ChartData.model_json_schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None
