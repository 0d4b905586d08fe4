"""A list whose rows can be opened or acted upon: the queue, findings, reports. Texts are never markup."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, GradioModel
from pydantic import ConfigDict, Field

from spotter.language import tr_html
from spotter.tabs.shared.javascript import component_script

TEMPLATES = {"html_template": ".html", "css_template": ".css"}  # files beside this one
MAX_KEY = 200  # characters of what the page sends back
MAX_ACTION = 50

Picked = tuple[str, str]  # key of a row, and the action: "" to open it


class ListingRow(GradioModel):
    """One row. `opens`: it can be clicked; `actions`: [name, label] of its buttons."""

    key: str
    title: str
    note: str = ""
    badge: str = ""
    tip: str = ""  # shown under the mouse
    picture: str = ""  # a data: address
    opens: bool = False
    actions: list[list[str]] = Field(default_factory=list)


class ListingData(GradioModel):
    """What the page gets. It sends back only `picked`: [key, action]."""

    model_config = ConfigDict(extra="ignore")

    rows: list[ListingRow] = Field(default_factory=list)
    first: int = 0  # index of the first row, if the rows are a part of a long list
    total: int | None = None  # length of the long list
    current: str = ""  # key of the highlighted row
    head: str = ""
    foot: str = ""
    empty: str = ""  # shown if there are no rows
    folds: bool = False  # only the head is shown until it is clicked
    closes: bool = False  # it has a button that hides it
    ahead: FileData | None = None  # an image to preload
    picked: list[str] = Field(default_factory=list, max_length=2)


SCHEMA = ListingData.model_json_schema()  # made once: gradio asks for it several times per update


class Listing(gr.HTML):
    """`listing.input(fn, listing, ...)` gets (key, action) of what was clicked, or None.

    `listing.scroll(fn, listing, listing)` gets (index, "part") of a row of a long list that has to be shown.
    """

    data_model = ListingData

    def __init__(self, value: dict[str, Any] | None = None, *, label: str, **kwargs: Any) -> None:
        """`label`: for screen readers."""
        for key, suffix in TEMPLATES.items():
            kwargs.setdefault(key, tr_html(Path(__file__).with_suffix(suffix).read_text(encoding="utf-8")))
        kwargs.setdefault("js_on_load", component_script(Path(__file__).with_suffix(".js")))
        super().__init__(value, named=label, apply_default_css=False, **kwargs)

    def preprocess(self, payload: ListingData | None) -> Picked | None:  # type: ignore[override] # own data
        if payload is None or len(payload.picked) != 2:
            return None
        key, action = payload.picked
        return key[:MAX_KEY], action[:MAX_ACTION]

    def postprocess(self, value: dict[str, Any] | None) -> ListingData:  # type: ignore[override] # own data
        value = dict(value or {})
        if isinstance(value.get("ahead"), str | Path):
            value["ahead"] = FileData(path=str(value["ahead"]))
        return ListingData(**value)

    def api_info(self) -> dict[str, Any]:
        return SCHEMA

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None


def text_rows(lines: Sequence[str]) -> dict[str, Any]:
    """The value of a listing that only shows lines of text."""
    return {"rows": [{"key": str(i), "title": line} for i, line in enumerate(lines)]}
