"""A table whose rows can be chosen or lead to another address. Texts are never markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel
from pydantic import ConfigDict, Field

from spotter.tabs.shared.javascript import component_script

TEMPLATES = {"html_template": ".html", "css_template": ".css"}  # files beside this one
MAX_KEY = 50  # characters of what the page sends back


class Column(GradioModel):
    title: str
    at_end: bool = False  # numbers are aligned at their end


class Cell(GradioModel):
    text: str = ""  # of a picture: its description
    note: str = ""
    badge: str = ""
    plain: bool = False  # the badge is outlined only
    tone: str = ""  # "good", "bad" or "quiet"
    picture: str = ""  # a data: address


class Row(GradioModel):
    """`opens`: it can be chosen; `address`: where its first cell leads, begins with "?"."""

    key: str
    cells: list[Cell]
    opens: bool = False
    address: str = ""


class TableData(GradioModel):
    """What the page gets. It sends back only `picked`: the key of the chosen row."""

    model_config = ConfigDict(extra="ignore")

    columns: list[Column] = Field(default_factory=list)
    rows: list[Row] = Field(default_factory=list)
    current: str | None = None  # key of the highlighted row, "" for none; None leaves the address alone
    empty: str = ""  # shown if there are no rows
    foot: str = ""
    csv: str = ""  # offered as a file
    picked: str = ""


class Table(gr.HTML):
    """`table.input(fn, table, ...)` gets the key of the row that was chosen, "" for none."""

    data_model = TableData

    def __init__(self, *, label: str, in_address: str = "", file: str = "", **kwargs: Any) -> None:
        """`label`: for screen readers; `in_address`: name of the chosen row's key in the page's address;
        `file`: name of the CSV file.
        """
        for key, suffix in TEMPLATES.items():
            kwargs.setdefault(key, Path(__file__).with_suffix(suffix).read_text(encoding="utf-8"))
        kwargs.setdefault("js_on_load", component_script(Path(__file__).with_suffix(".js")))
        kwargs |= {"named": label, "in_address": in_address, "file": file}
        super().__init__(None, apply_default_css=False, **kwargs)

    def preprocess(self, payload: TableData | None) -> str:  # type: ignore[override] # own data
        return "" if payload is None else payload.picked[:MAX_KEY]

    def postprocess(self, value: TableData | None) -> TableData:  # type: ignore[override] # own data
        return value or TableData()

    def api_info(self) -> dict[str, Any]:
        return TableData.model_json_schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None
