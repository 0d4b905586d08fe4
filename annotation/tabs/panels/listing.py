"""A list whose rows can be opened or acted upon: the queue, findings, reports. Texts are shown as texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, GradioModel
from pydantic import ConfigDict, Field

PART = Path(__file__).with_suffix("")


class RowData(GradioModel):
    """One row. `opens`: a click on it means something; `actions`: [name, label] of its buttons."""

    key: str
    title: str
    note: str = ""
    badge: str = ""
    picture: str = ""  # a data: address
    opens: bool = False
    actions: list[list[str]] = Field(default_factory=list)


class ListingData(GradioModel):
    """What the page gets. It gives back `picked`, [key, action], alone; the action "" opens the row."""

    model_config = ConfigDict(extra="ignore")

    rows: list[RowData] = Field(default_factory=list)
    current: str = ""  # key of the marked row
    head: str = ""
    foot: str = ""
    empty: str = ""  # said when there is no row
    ahead: FileData | None = None  # a picture that will be wanted next
    picked: list[str] = Field(default_factory=list, max_length=2)


class Listing(gr.HTML):
    """`listing.input(fn, listing, ...)` gets (key, action) of what was clicked, or None."""

    data_model = ListingData

    def __init__(self, value: dict | None = None, *, label: str, **kwargs: Any) -> None:
        """`label`: for those who do not see it."""
        for key, ending in (("html_template", "html"), ("css_template", "css"), ("js_on_load", "js")):
            kwargs.setdefault(key, PART.with_suffix(f".{ending}").read_text(encoding="utf-8"))
        super().__init__(value, named=label, apply_default_css=False, **kwargs)

    def preprocess(self, payload: ListingData | None) -> tuple[str, str] | None:
        if payload is None or len(payload.picked) != 2:
            return None
        key, action = payload.picked
        return key[:200], action[:50]

    def postprocess(self, value: dict | None) -> ListingData:
        value = dict(value or {})
        if isinstance(value.get("ahead"), str | Path):
            value["ahead"] = FileData(path=str(value["ahead"]))
        return ListingData(**value)

    def api_info(self) -> dict[str, Any]:
        return ListingData.model_json_schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None


def sentences(lines: Sequence[str]) -> dict:
    """The value of a listing that only tells something."""
    return {"rows": [{"key": str(i), "title": line} for i, line in enumerate(lines)]}
