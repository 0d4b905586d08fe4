"""A region of an image, and the checks on regions that come from outside.

Coordinates are pixels of the upright image (EXIF orientation applied): x to the right from 0 to the width, y
down from 0 to the height. A polygon is a list of [x, y], clockwise on the screen, not closed. Label Studio's
form of it stands in `annotation.label_studio.tasks`.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

MIN_POINTS = 3
MAX_POINTS = 200
MAX_TEXT = 2000  # characters of one text
MAX_REGIONS = 2000  # of one image
DECIMALS = 2  # of a coordinate: what percent and back cannot change, and far below what is visible
ORIGINS = ("model", "person", "import")
FLAGS = ("illegible", "difficult")
ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
SHA256 = re.compile(r"[0-9a-f]{64}")


class AnnotationError(ValueError):
    """Something that cannot be done; the message is one sentence for the person who asked."""


class RegionError(AnnotationError):
    """A region that cannot be taken; the message is one sentence."""


@dataclass(frozen=True)
class Character:
    """One character that was read, as `spotter.types.Character` (which needs torch)."""

    text: str
    score: float  # 0..1


@dataclass(frozen=True)
class Region:
    """A word, or a place where something is written that nobody can read."""

    polygon: list[list[float]]  # [[x, y], ...], 3 to 200 points
    text: str = ""
    id: str = field(
        default_factory=lambda: str(uuid.uuid4())
    )  # stays the same over all edits; one of its kind in its image
    illegible: bool = False  # written, but not to be read
    difficult: bool = False  # readable with effort
    score: float | None = None  # of the detection, 0..1; None when no model found it
    reading_score: float | None = (
        None  # geometric mean of the characters' probabilities; None when a person wrote the text
    )
    characters: list[Character] = field(default_factory=list)  # [] when a person wrote the text
    origin: str = "person"  # who drew it first: model, person or import
    locked: bool = False  # touched or confirmed by a person: no model may change it

    @property
    def content(self) -> tuple:
        """What a person can change; regions with equal content need no new version."""
        return self.polygon, self.text, self.illegible, self.difficult

    def to_json(self) -> dict:
        values = dict(vars(self))  # asdict() copies every coordinate, which takes ten times as long
        values["polygon"] = [list(point) for point in self.polygon]
        values["characters"] = [{"text": c.text, "score": c.score} for c in self.characters]
        return values


def new_id() -> str:
    return str(uuid.uuid4())


def predicted_id(sha256: str, model_version: str, number: int) -> str:
    """Id of a model's region number `number` on an image: the same whenever the same model says the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{sha256}/{model_version}/{number}"))


def check_regions(values: object, width: int, height: int) -> list[Region]:
    """Untrusted regions (dicts as of `Region.to_json`, or Region) of an image of (width, height) pixels.

    Points outside are moved to the edge. Raises RegionError.
    """
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise RegionError("The regions must be a list.")
    if len(values) > MAX_REGIONS:
        raise RegionError(f"There are {len(values)} regions; an image can have at most {MAX_REGIONS}.")
    regions, seen = [], set()
    for number, value in enumerate(values, start=1):
        try:
            region = check_region(value, width, height)
        except RegionError as error:
            raise RegionError(f"Region {number}: {error}") from error
        if region.id in seen:
            raise RegionError(f"Region {number}: the id {region.id} stands twice in the image.")
        seen.add(region.id)
        regions.append(region)
    return regions


def check_region(value: object, width: int, height: int) -> Region:
    """One untrusted region; unknown keys are ignored. Raises RegionError."""
    if isinstance(value, Region):
        value = value.to_json()
    if not isinstance(value, dict):
        raise RegionError("a region must be an object with a polygon and a text.")
    name = value.get("id")
    if name is None or name == "":
        name = new_id()
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise RegionError("the id must be 1 to 64 letters, digits or one of _.:-.")
    origin = value.get("origin", "person")
    if origin not in ORIGINS:
        raise RegionError(f"the origin must be one of {', '.join(ORIGINS)}.")
    flags = {flag: value.get(flag, False) for flag in (*FLAGS, "locked")}
    for flag, state in flags.items():
        if not isinstance(state, bool):
            raise RegionError(f"{flag} must be true or false.")
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
    """Points as floats with two decimals, clockwise, not closed, first point kept; not yet clamped."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise RegionError("the polygon must be a list of [x, y].")
    if len(value) > MAX_POINTS + 1:
        raise RegionError(f"the polygon has {len(value)} points; at most {MAX_POINTS} are allowed.")
    points = [_check_point(point) for point in value]
    if len(points) > MIN_POINTS and points[0] == points[-1]:
        points.pop()
    if not MIN_POINTS <= len(points) <= MAX_POINTS:
        raise RegionError(f"the polygon has {len(points)} points; it needs {MIN_POINTS} to {MAX_POINTS}.")
    return points[:1] + points[:0:-1] if signed_area(points) < 0 else points


def signed_area(points: list[list[float]]) -> float:
    """Square pixels; positive when the polygon runs clockwise on the screen (y down)."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True)) / 2


def clamp(points: list[list[float]], width: int, height: int) -> list[list[float]]:
    """Points moved into 0..width, 0..height."""
    return [[min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))] for x, y in points]


def check_text(value: object) -> str:
    if not isinstance(value, str):
        raise RegionError("the text must be a string.")
    if len(value) > MAX_TEXT:
        raise RegionError(f"the text has {len(value)} characters; at most {MAX_TEXT} are allowed.")
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise RegionError("the text holds signs that cannot be stored.")
    return value


def check_score(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise RegionError(f"{name} must be a number from 0 to 1.")
    return float(value)


def _check_point(point: object) -> list[float]:
    if not isinstance(point, Sequence) or len(point) != 2:
        raise RegionError("every point of the polygon must be [x, y].")
    x, y = point
    for number in (x, y):
        # 1e7 pixels: beyond any image, and far from where a float loses its decimals
        if isinstance(number, bool) or not isinstance(number, int | float) or not -1e7 < number < 1e7:
            raise RegionError("the coordinates of the polygon must be finite numbers.")
    return [round(float(x), DECIMALS) + 0.0, round(float(y), DECIMALS) + 0.0]  # + 0.0: no -0.0


def _check_characters(value: object) -> list[Character]:
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) > MAX_TEXT:
        raise RegionError(f"the characters must be a list of at most {MAX_TEXT}.")
    found = []
    for item in value:
        if isinstance(item, Character):
            item = asdict(item)
        if not isinstance(item, dict):
            raise RegionError("every character must be an object with text and score.")
        score = check_score(item.get("score"), "the score of a character")
        found.append(Character(check_text(item.get("text")), 0.0 if score is None else score))
    return found


def mean_score(scores: Sequence[float | None]) -> float | None:
    """Mean of the scores that are known; None without any."""
    known = [score for score in scores if score is not None and math.isfinite(score)]
    return sum(known) / len(known) if known else None
