"""What the region editor exchanges with the page. Everything that comes from a browser is validated here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import gradio as gr
from gradio.data_classes import FileData, GradioModel
from pydantic import (
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import from_json

from annotation.region import MAX_POINTS, MAX_REGIONS, MAX_TEXT, MIN_POINTS  # as LIMITS in regions.js

MAX_SIDE = 100_000  # pixels
MAX_REVISION = 2**53 - 1  # the largest whole number that JavaScript represents exactly
MAX_CHARACTER = 16  # code points of one character, which may be composed

SPACES = dict.fromkeys([*range(32), 127], " ")

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Score = Annotated[float, Field(strict=True, ge=0, le=1)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


def one_line(text: str) -> str:
    """Control characters, line ends included, become spaces: some databases reject them."""
    return text.translate(SPACES)


def round_points(points: list[list[float]]) -> list[list[float]]:
    """To 0.1 pixels."""
    return [[round(x, 1), round(y, 1)] for x, y in points]


def _drop_additional(schema: dict[str, Any]) -> None:
    """gradio_client cannot read `"additionalProperties": false`: with it, no page of the app would load."""
    schema.pop("additionalProperties", None)


class Strict(GradioModel):
    """Rejects unknown fields."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_drop_additional)


class CharacterData(Strict):
    """One recognised character."""

    text: str = Field(max_length=MAX_CHARACTER)
    score: Score


class SuggestionData(Strict):
    """A text proposed by a model, with its confidence and the model's version."""

    text: Text
    score: Score | None = None
    characters: list[CharacterData] = Field(default_factory=list, max_length=MAX_TEXT)
    model: str = Field("", max_length=200)


class Proposal(SuggestionData):
    """A suggestion for one region; with `points`, only as long as the region has this outline."""

    id: str
    points: list[Point] | None = None


class RegionData(Strict):
    """One word. Pixels of the original image, clockwise, not closed."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")
    points: list[Point] = Field(min_length=MIN_POINTS, max_length=MAX_POINTS)
    text: Text = ""
    score: Score | None = None  # of the detection; None: drawn by a person
    reading_score: Score | None = None  # None: typed by a person, or not read yet
    characters: list[CharacterData] = Field(default_factory=list, max_length=MAX_TEXT)
    illegible: bool = False
    difficult: bool = False
    locked: bool = False  # edited by a person: no model may change it
    origin: Literal["model", "person", "import"] = "model"
    suggestion: SuggestionData | None = None

    @field_validator("text")
    @classmethod
    def text_of_one_line(cls, text: str) -> str:
        return one_line(text)

    def clamped(self, width: int, height: int) -> RegionData:
        """The region with its points inside the image, rounded to 0.1 pixels."""
        points = self.points
        if not all(0 <= x <= width and 0 <= y <= height for x, y in points):
            points = [[min(max(x, 0), width), min(max(y, 0), height)] for x, y in points]
        return self.model_copy(update={"points": round_points(points)})


REGIONS = TypeAdapter(list[RegionData])


class EditorData(Strict):
    """A photo with its regions, as it goes to the page and comes back.

    The regions travel as one string of JSON: of a list, gradio's page would make proxies and copies of every
    coordinate, several times per edit.
    """

    image_id: str = Field("", max_length=200)
    photo: FileData | None = None  # sent to the page, ignored on return
    width: int = Field(1, ge=1, le=MAX_SIDE)
    height: int = Field(1, ge=1, le=MAX_SIDE)
    version: int = Field(0, ge=0, le=MAX_REVISION)  # of the stored image, see `RegionEditor.state`
    revision: int = Field(0, ge=0, le=MAX_REVISION)  # grows with every edit
    read_only: bool = False  # the editor makes no edits; sent to the page, ignored on return
    regions: list[RegionData] = Field(default_factory=list, max_length=MAX_REGIONS)

    @field_validator("regions", mode="before")
    @classmethod
    def parse(cls, value: Any) -> Any:
        return from_json(value) if isinstance(value, str) else value

    @field_serializer("regions")
    def to_text(self, regions: list[RegionData]) -> str:
        return REGIONS.dump_json(regions).decode()

    @model_validator(mode="after")
    def ids_differ(self) -> EditorData:
        if len({region.id for region in self.regions}) < len(self.regions):
            raise ValueError("two of them have the same id")
        return self

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> EditorData:
        """Called by gradio with the JSON of the page. Raises gr.Error with one sentence."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise gr.Error(_sentence(error), print_exception=False) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = [str(part + 1) if isinstance(part, int) else part for part in first["loc"]]
    reason = first["msg"].removeprefix("Value error, ").lower()
    return "The edit is invalid and was not saved: " + " ".join([*place, reason]) + "."
