"""A region of an image, and the validation of untrusted regions.

Coordinates are pixels of the upright image (EXIF orientation applied): x to the right from 0 to the width, y
down from 0 to the height. A polygon is a list of [x, y], clockwise on the screen, not closed. For Label
Studio's form see `annotation.label_studio.tasks`.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from spotter.language import tr
from spotter.ops.polygons import signed_area
from spotter.types import Character

if TYPE_CHECKING:
    from spotter.types import Word

MIN_POINTS = 3
MAX_POINTS = 200
MAX_TEXT = 2000  # characters per text
MAX_REGIONS = 2000  # per image
MAX_COORDINATE = 1e7  # pixels: beyond any image, and small enough for floats to keep the decimals
DECIMALS = 2  # of a coordinate: unchanged by a conversion to percent and back
MAX_OUTSIDE = 5.0  # percent of the image size that an imported point may lie outside; more is an error
ORIGINS = ("model", "person", "import")
FLAGS = ("illegible", "difficult")
ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
SHA256 = re.compile(r"[0-9a-f]{64}")


class AnnotationError(ValueError):
    """A request that cannot be fulfilled; the message is one sentence for the user."""


class RegionError(AnnotationError):
    """An invalid region; the message is one sentence."""


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Region:
    """A word, or an illegible piece of writing."""

    polygon: list[list[float]]  # [[x, y], ...], 3 to 200 points
    text: str = ""
    id: str = field(default_factory=new_id)  # unique in its image; never changes
    illegible: bool = False  # cannot be read
    difficult: bool = False  # readable with effort
    score: float | None = None  # of the detection, 0..1; None if no model detected it
    # Geometric mean of the characters' probabilities; None if a person typed the text.
    reading_score: float | None = None
    characters: list[Character] = field(default_factory=list)  # [] if a person typed the text
    origin: str = "person"  # who created it: model, person or import
    locked: bool = False  # edited or confirmed by a person: no model may change it

    @property
    def content(self) -> tuple:
        """What a person can edit; regions with equal content need no new version."""
        return self.polygon, self.text, self.illegible, self.difficult

    def to_json(self) -> dict:
        values = dict(vars(self))  # asdict() copies every coordinate, which takes ten times as long
        values["polygon"] = [list(point) for point in self.polygon]
        values["characters"] = [{"text": c.text, "score": c.score} for c in self.characters]
        return values

    @classmethod
    def from_json(cls, values: dict) -> Region:
        """The inverse of `to_json`, for trusted values; untrusted ones go through `check_region`."""
        return cls(**{**values, "characters": [Character(**c) for c in values["characters"]]})


@dataclass(frozen=True)
class ParsedRegions:
    """Regions read from a foreign form."""

    regions: list[Region] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # one sentence per thing that was ignored or changed
    foreign: int = 0  # number of results of kinds that describe no words
    faults: list[str] = field(default_factory=list)  # per region left out: "word 3: why"


def predicted_id(sha256: str, model_version: str, number: int) -> str:
    """Id of region `number` that a model predicts on an image; the same for every run of the same model."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{sha256}/{model_version}/{number}"))


def regions_from_words(
    words: Sequence[Word | Region], sha256: str, width: int, height: int, model_version: str
) -> list[Region]:
    """A model's words as regions of an image with this hash and size (pixels). Raises RegionError."""
    values = [
        {
            "id": predicted_id(sha256, model_version, i),
            "polygon": word.polygon,
            "text": word.text,
            "score": word.score,
            "reading_score": word.reading_score,
            "characters": [{"text": c.text, "score": c.score} for c in word.characters],
            "origin": "model",
        }
        for i, word in enumerate(words)
    ]
    return check_regions(values, width, height)


def same_content(first: Sequence[Region], second: Sequence[Region]) -> bool:
    """Whether both have regions with the same ids and contents, in any order."""
    return {r.id: r.content for r in first} == {r.id: r.content for r in second}


def check_regions(values: object, width: int, height: int, stored: Sequence[Region] = ()) -> list[Region]:
    """Validates regions (Region, or dicts like `Region.to_json`'s) of an image of `width` x `height` pixels.

    Points outside the image are moved to its edge. `stored`: the image's, which are not validated again.
    Raises RegionError.
    """
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise RegionError(tr("The regions must be a list."))
    if len(values) > MAX_REGIONS:
        raise RegionError(
            tr(
                "There are {count} regions; an image can have at most {max_regions}.",
                count=len(values),
                max_regions=MAX_REGIONS,
            )
        )
    regions, seen = [], set()
    known = {region.id: region for region in stored}
    for number, value in enumerate(values, start=1):
        try:
            is_known = isinstance(value, Region) and known.get(value.id) == value
            region = value if is_known else check_region(value, width, height)
        except RegionError as error:
            raise RegionError(tr("Region {number}: {error}", number=number, error=error)) from error
        if region.id in seen:
            raise RegionError(
                tr("Region {number}: the id {id} occurs twice in the image.", number=number, id=region.id)
            )
        seen.add(region.id)
        regions.append(region)
    return regions


def check_region(value: object, width: int, height: int) -> Region:
    """Validates one region; unknown keys are ignored. Raises RegionError."""
    if isinstance(value, Region):
        value = value.to_json()
    if not isinstance(value, dict):
        raise RegionError(tr("a region must be an object with a polygon and a text."))
    name = value.get("id")
    if name is None or name == "":
        name = new_id()
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise RegionError(tr("the id must be 1 to 64 letters, digits or one of _.:-."))
    origin = value.get("origin", "person")
    if origin not in ORIGINS:
        raise RegionError(tr("the origin must be one of {known}.", known=", ".join(ORIGINS)))
    flags = {flag: value.get(flag, False) for flag in (*FLAGS, "locked")}
    for flag, state in flags.items():
        if not isinstance(state, bool):
            raise RegionError(tr("{flag} must be true or false.", flag=flag))
    return Region(
        polygon=clamp(check_polygon(value.get("polygon")), width, height),
        text=check_text(value.get("text", "")),
        id=name,
        score=check_score(value.get("score"), "score"),
        reading_score=check_score(value.get("reading_score"), "reading_score"),
        characters=_check_characters(value.get("characters")),
        origin=origin,
        **flags,
    )


def check_polygon(value: object) -> list[list[float]]:
    """Points as floats with two decimals, clockwise, not closed, starting at the same point; not clamped.

    Raises RegionError.
    """
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise RegionError(tr("the polygon must be a list of [x, y]."))
    if len(value) > MAX_POINTS + 1:
        raise RegionError(
            tr(
                "the polygon has {count} points; at most {max_points} are allowed.",
                count=len(value),
                max_points=MAX_POINTS,
            )
        )
    points = [_check_point(point) for point in value]
    if len(points) > MIN_POINTS and points[0] == points[-1]:
        points.pop()
    if not MIN_POINTS <= len(points) <= MAX_POINTS:
        raise RegionError(
            tr(
                "the polygon has {count} points; it needs {min_points} to {max_points}.",
                count=len(points),
                min_points=MIN_POINTS,
                max_points=MAX_POINTS,
            )
        )
    return points[:1] + points[:0:-1] if signed_area(points) < 0 else points


def clamp(points: list[list[float]], width: int, height: int) -> list[list[float]]:
    """Moves points into 0..width, 0..height."""
    return [[min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))] for x, y in points]


def check_text(value: object) -> str:
    if not isinstance(value, str):
        raise RegionError(tr("the text must be a string."))
    if len(value) > MAX_TEXT:
        raise RegionError(
            tr(
                "the text has {count} characters; at most {max_text} are allowed.",
                count=len(value),
                max_text=MAX_TEXT,
            )
        )
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise RegionError(tr("the text contains characters that cannot be stored."))
    return value


def check_score(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise RegionError(tr("{name} must be a number from 0 to 1.", name=name))
    return float(value)


def _check_point(point: object) -> list[float]:
    if not isinstance(point, Sequence) or len(point) != 2:
        raise RegionError(tr("every point of the polygon must be [x, y]."))
    x, y = point
    for number in (x, y):
        if (
            isinstance(number, bool)
            or not isinstance(number, int | float)
            or not abs(number) < MAX_COORDINATE
        ):
            raise RegionError(tr("the coordinates of the polygon must be finite numbers."))
    return [round(float(x), DECIMALS) + 0.0, round(float(y), DECIMALS) + 0.0]  # + 0.0: no -0.0


def _check_characters(value: object) -> list[Character]:
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) > MAX_TEXT:
        raise RegionError(tr("the characters must be a list of at most {max_text}.", max_text=MAX_TEXT))
    found = []
    for item in value:
        if isinstance(item, Character):
            item = asdict(item)
        if not isinstance(item, dict):
            raise RegionError(tr("every character must be an object with text and score."))
        score = check_score(item.get("score"), "the score of a character")
        found.append(Character(check_text(item.get("text")), 0.0 if score is None else score))
    return found


def mean_score(scores: Sequence[float | None]) -> float | None:
    """Mean of the finite scores; None if there are none."""
    known = [score for score in scores if score is not None and math.isfinite(score)]
    return sum(known) / len(known) if known else None
