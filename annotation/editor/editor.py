"""The region editor: polygons and texts of one photo, corrected by mouse, touch or keyboard.

    editor = RegionEditor(size_of=store.size_of)          # image id -> (width, height), None when unknown
    editor.input(save, editor, editor, trigger_mode="always_last", show_progress="hidden")

`save` gets `{"image_id", "version", "revision", "regions"}` or None: finite, inside of the image, rounded to
0.1 px.
Of what the browser sends only the id of the image is believed; its size comes from `size_of`. `revision`
grows with every edit: ignore what is not newer than what you have. Answer with `RegionEditor.state("saved",
value)` and `RegionEditor.suggest(...)`: neither touches an edit under way. An event that shows another
image must take the editor as input and save first, since the last edit may still wait behind a slower one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel
from gradio.processing_utils import save_pil_to_cache
from PIL import Image
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from annotation.region import (
    MAX_POINTS,
    MAX_REGIONS,
    MAX_TEXT,
    MIN_POINTS,
)  # LIMITS in model.js says the same

HERE = Path(__file__).parent
HTML = (HERE / "editor.html").read_text(encoding="utf-8")
CSS = (HERE / "editor.css").read_text(encoding="utf-8")
# They share one scope, in this order.
SCRIPTS = ("geometry.js", "model.js", "view.js", "list.js", "tools.js", "keys.js", "editor.js")
JS = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)

NUMBERS = itertools.count(1)  # the same region may be chosen again
MAX_SIDE = 100_000
MAX_REVISION = 2**53 - 1  # the largest whole number JavaScript counts to
DISPLAY_SIDE = 4000  # pixels; a larger array is sent to the page scaled down, polygons stay in its own pixels

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Score = Annotated[float, Field(strict=True, ge=0, le=1)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


def _without_controls(text: str) -> str:
    """Line ends and other control characters as spaces: databases refuse some of them, a word has none."""
    return "".join(" " if ord(sign) < 32 or ord(sign) == 127 else sign for sign in text)


def _drop_additional(schema: dict) -> None:
    """gradio_client cannot read `"additionalProperties": false`: with it, no page of the app would load."""
    schema.pop("additionalProperties", None)


class Strict(GradioModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_drop_additional)


class CharacterData(Strict):
    """One character that was read."""

    text: str = Field(max_length=16)
    score: Score


class SuggestionData(Strict):
    """A text the spotter proposes, with its confidence and the model that proposes it."""

    text: Text
    score: Score | None = None
    characters: list[CharacterData] = Field(default_factory=list, max_length=MAX_TEXT)
    model: str = Field("", max_length=200)


class RegionData(Strict):
    """One word. Pixels of the original image, clockwise, not closed."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")
    points: list[Point] = Field(min_length=MIN_POINTS, max_length=MAX_POINTS)
    text: Text = ""
    score: Score | None = None  # of the detection; None: nobody but a person found it
    reading_score: Score | None = None  # None: typed by a person, or not read yet
    characters: list[CharacterData] = Field(default_factory=list, max_length=MAX_TEXT)
    illegible: bool = False
    difficult: bool = False
    locked: bool = False  # a person has touched it: no model may change it
    origin: Literal["model", "person", "import"] = "model"
    suggestion: SuggestionData | None = None

    @field_validator("text")
    @classmethod
    def one_line(cls, text: str) -> str:
        return _without_controls(text)

    def within(self, width: int, height: int) -> RegionData:
        """The region with its points inside of the image, rounded to a tenth of a pixel."""
        points = [[round(min(max(x, 0), width), 1), round(min(max(y, 0), height), 1)] for x, y in self.points]
        return self.model_copy(update={"points": points})


class EditorData(Strict):
    """A photo with its regions, as it goes to the page and comes back."""

    image_id: str = Field("", max_length=200)
    photo: FileData | None = None  # for the page's eyes only
    width: int = Field(1, ge=1, le=MAX_SIDE)
    height: int = Field(1, ge=1, le=MAX_SIDE)
    version: int = Field(0, ge=0, le=MAX_REVISION)  # of the stored image they come from, see `state`
    revision: int = Field(0, ge=0, le=MAX_REVISION)
    regions: list[RegionData] = Field(default_factory=list, max_length=MAX_REGIONS)

    @model_validator(mode="after")
    def ids_differ(self) -> EditorData:
        if len({region.id for region in self.regions}) < len(self.regions):
            raise ValueError("two of them have the same id")
        return self

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> EditorData:
        """What gradio calls with the JSON of the page: the visitor gets one sentence, not a list."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise gr.Error(_sentence(error)) from None


class Proposal(SuggestionData):
    """A suggestion for one region; with `points`, only as long as the region has this shape."""

    id: str
    points: list[Point] | None = None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = [str(part + 1) if isinstance(part, int) else part for part in first["loc"]]
    reason = first["msg"].removeprefix("Value error, ").lower()
    return "The regions were not taken: " + " ".join([*place, reason]) + "."


class RegionEditor(gr.HTML):
    """Shows and edits the regions of a photo.

    The value is a dict as EditorData; `photo`: path or (H, W, 3) array.
    """

    data_model = EditorData

    def __init__(
        self,
        value: dict | None = None,
        *,
        size_of: Callable[[str], tuple[int, int] | None],
        pill: dict | None = None,
        proposed: dict | None = None,
        chosen: dict | None = None,
        **kwargs: Any,
    ) -> None:
        """`size_of`: width and height of the image with this id, None when this page has no such image.

        `pill`, `proposed` and `chosen` are what `state`, `suggest` and `choose` send.
        """
        self._size_of = size_of
        # As attributes: gr.HTML takes an unknown name that stands in quotes in the script for an event.
        self.pill, self.proposed, self.chosen = pill or {}, proposed or {}, chosen or {}
        kwargs.setdefault("html_template", HTML)
        kwargs.setdefault("css_template", CSS)
        kwargs.setdefault("js_on_load", JS)
        kwargs.setdefault("apply_default_css", False)
        super().__init__(value, pill=self.pill, proposed=self.proposed, chosen=self.chosen, **kwargs)

    def preprocess(self, payload: EditorData | None) -> dict | None:
        if payload is None or not payload.image_id:
            return None
        size = self._size_of(payload.image_id)
        if size is None:
            raise gr.Error("This photo is not known here: load the page again.")
        return {
            "image_id": payload.image_id,
            "version": payload.version,
            "revision": payload.revision,
            "regions": [region.within(*size).model_dump() for region in payload.regions],
        }

    def postprocess(self, value: dict | None) -> EditorData:
        value = dict(value or {})
        photo = value.get("photo")
        if isinstance(photo, np.ndarray):
            photo = self._save(photo)
        if isinstance(photo, str | Path):
            value["photo"] = FileData(path=str(photo))
        data = EditorData(**value)
        data.regions = [region.within(data.width, data.height) for region in data.regions]
        return data

    def _save(self, photo: np.ndarray) -> str:
        picture = Image.fromarray(photo)
        picture.thumbnail((DISPLAY_SIDE, DISPLAY_SIDE))
        return save_pil_to_cache(picture, cache_dir=self.GRADIO_CACHE, name="photo", format="jpeg")

    @staticmethod
    def state(
        state: Literal["saved", "saving", "conflict", ""],
        value: dict | None = None,
        message: str = "",
        version: int | None = None,
    ) -> dict:
        """An update that sets the pill; `value`: what was saved, so that a later edit stays "Saving…".

        `version`: of the stored image now, which the next edit comes with. From the first update on the
        editor says what is not saved, and keeps it in the browser until it is.
        """
        value = value or {}
        about = {"image_id": value.get("image_id", ""), "revision": value.get("revision"), "version": version}
        return gr.update(pill={"state": state, "message": message, **about})

    @staticmethod
    def suggest(image_id: str, items: Iterable[dict]) -> dict:
        """An update with texts for regions (dicts as Proposal): all that are open, not only the new ones.

        May be joined with the pill: `state("saved", value) | suggest(...)`.
        """
        proposals = [Proposal(**item).model_dump() for item in items]
        return gr.update(proposed={"image_id": image_id, "items": proposals})

    @staticmethod
    def choose(image_id: str, region_id: str) -> dict:
        """An update that selects a region as soon as its photo is shown."""
        return gr.update(chosen={"image_id": image_id, "id": region_id, "number": next(NUMBERS)})

    def api_info(self) -> dict[str, Any]:
        return EditorData.model_json_schema()

    def example_payload(self) -> None:
        return None

    def example_value(self) -> None:
        return None
