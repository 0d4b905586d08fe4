"""The region editor: polygons and texts of one photo, corrected by mouse, touch or keyboard.

    editor = RegionEditor(size_of=store.size_of)          # image id -> (width, height), None if unknown
    editor.input(save, editor, editor, trigger_mode="always_last", show_progress="hidden")

`save` gets `{"image_id", "version", "revision", "regions"}` or None; points are finite, inside the image and
rounded to 0.1 pixels. The size of the image comes from `size_of`, never from the browser.

`revision` grows with every edit: ignore an edit that is not newer than the last one. Answer with
`RegionEditor.state("saved", value)` and `RegionEditor.suggest(...)`; neither disturbs an edit in progress. An
event that shows another image must take the editor as input and save first, as the last edit may still be
waiting behind a slower one.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from annotation.editor.schema import EditorData, Proposal, RegionData
from spotter.language import tr, tr_html
from spotter.tabs.shared.javascript import component_script

HERE = Path(__file__).parent
CSS = (HERE / "editor.css").read_text(encoding="utf-8")
HTML = (HERE / "editor.html").read_text(encoding="utf-8")
# gradio compiles both its templates again with every edit, and a css_template makes the browser restyle the
# whole page. So the template is empty, and the script fills it. The id gives the rules precedence over those
# of gradio.
TEMPLATE = '<div id="region-editor"></div>'
MARKUP = f"<style>#region-editor {{\n{CSS}}}</style>\n{HTML}"
FILL = """const markup = document.createRange().createContextualFragment({markup});
element.querySelector("#region-editor").append(markup);"""
JS = component_script(HERE / "editor.js")

MAX_DISPLAY_SIDE = 4000  # pixels; a larger array is displayed scaled down, polygons keep its own pixels
CHOICE_NUMBERS = itertools.count(1)  # the same region may be chosen twice
SCHEMA = EditorData.model_json_schema()  # made once: gradio asks for it several times per update


class RegionEditor(gr.HTML):
    """Shows and edits the regions of a photo.

    The value is a dict as EditorData; `photo`: path or (H, W, 3) uint8 array.
    """

    data_model = EditorData

    def __init__(
        self,
        value: dict[str, Any] | None = None,
        *,
        size_of: Callable[[str], tuple[int, int] | None],
        pill: dict[str, Any] | None = None,
        proposed: dict[str, Any] | None = None,
        chosen: dict[str, Any] | None = None,
        added: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """`size_of`: width and height of the image with this id, None if this page has no such image.

        `pill`, `proposed`, `chosen` and `added` are set by `state`, `suggest`, `choose` and `add_regions`.
        """
        self._size_of = size_of
        # As attributes: gradio sends an update of those only.
        self.pill, self.proposed, self.chosen = pill or {}, proposed or {}, chosen or {}
        self.added = added or {}
        kwargs.setdefault("html_template", TEMPLATE)
        kwargs.setdefault("js_on_load", script(tr_html(MARKUP)))
        kwargs.setdefault("apply_default_css", False)
        kwargs |= {"pill": self.pill, "proposed": self.proposed, "chosen": self.chosen, "added": self.added}
        super().__init__(value, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Called for attributes that do not exist, dozens of times per update: gr.HTML would search the whole
        script for each, in case it is the name of an event."""
        raise AttributeError(f"RegionEditor has no attribute {name!r}.")

    def preprocess(self, payload: EditorData | None) -> dict[str, Any] | None:  # type: ignore[override] # own data
        if payload is None or not payload.image_id:
            return None
        size = self._size_of(payload.image_id)
        if size is None:
            raise gr.Error(tr("This photo is unknown; reload the page."), print_exception=False)
        return {
            "image_id": payload.image_id,
            "version": payload.version,
            "revision": payload.revision,
            "regions": [region.clamped(*size).model_dump() for region in payload.regions],
        }

    def postprocess(self, value: dict[str, Any] | None) -> EditorData:  # type: ignore[override] # own data
        value = dict(value or {})
        photo = value.get("photo")
        if isinstance(photo, np.ndarray):
            photo = self._save(photo)
        if isinstance(photo, str | Path):
            value["photo"] = FileData(path=str(photo))
        data = EditorData(**value)
        data.regions = [region.clamped(data.width, data.height) for region in data.regions]
        return data

    def _save(self, photo: np.ndarray) -> str:
        image = Image.fromarray(photo)
        image.thumbnail((MAX_DISPLAY_SIDE, MAX_DISPLAY_SIDE))
        return save_pil_to_cache(image, cache_dir=self.GRADIO_CACHE, name="photo", format="jpeg")

    @staticmethod
    def state(
        state: Literal["saved", "saving", "conflict", ""],
        value: dict[str, Any] | None = None,
        message: str = "",
        version: int | None = None,
        unread: bool = False,
    ) -> dict[str, Any]:
        """An update of the pill; `value`: what was saved, so that a later edit still shows "Saving…".

        `version`: of the stored image now; the next edit comes with it. After the first such update the
        editor shows what is not saved yet, and keeps it in the browser. `unread`: the editor shall ask for
        suggestions: it triggers the event `submit`.
        """
        value = value or {}
        about = {"image_id": value.get("image_id", ""), "revision": value.get("revision"), "version": version}
        about["unread"] = unread
        return gr.update(pill={"state": state, "message": message, **about})

    @staticmethod
    def suggest(image_id: str, items: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """An update with suggested texts (dicts as Proposal): all that are open, not only the new ones.

        May be combined with the pill: `state("saved", value) | suggest(...)`.
        """
        proposals = [Proposal(**item).model_dump() for item in items]
        return gr.update(proposed={"image_id": image_id, "items": proposals})

    @staticmethod
    def choose(image_id: str, region_id: str) -> dict[str, Any]:
        """An update that selects a region as soon as its photo is shown."""
        return gr.update(chosen={"image_id": image_id, "id": region_id, "number": next(CHOICE_NUMBERS)})

    @staticmethod
    def add_regions(image_id: str, regions: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """An update that adds regions (dicts as RegionData) as an edit of the person, who can undo it."""
        values = [RegionData(**region).model_dump() for region in regions]
        return gr.update(added={"image_id": image_id, "regions": values, "number": next(CHOICE_NUMBERS)})

    def api_info(self) -> dict[str, Any]:
        return SCHEMA

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None


@cache
def script(markup: str) -> str:
    """For `js_on_load`; `markup`: a file of ours, never what people or files say."""
    return "\n".join(['"use strict";', FILL.format(markup=json.dumps(markup)), JS])
