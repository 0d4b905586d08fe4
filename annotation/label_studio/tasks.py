"""Regions <-> the results of a Label Studio task.

Ours: pixels of the upright image. Label Studio's: percent of original_width and original_height. A region
is up to three results that share its id: a polygon, its text, its flags.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from annotation.region import FLAGS, ID, ORIGINS, AnnotationError, Region, RegionError, check_regions

CONFIG = """<View>
  <Image name="image" value="$image" zoom="true" zoomControl="true" rotateControl="false"/>
  <PolygonLabels name="label" toName="image" strokeWidth="2" opacity="0.2">
    <Label value="Text" background="#0a6c74"/>
  </PolygonLabels>
  <TextArea name="transcription" toName="image" perRegion="true" editable="true" maxSubmissions="1" rows="1"
            displayMode="region-list" placeholder="What is written here?"/>
  <Choices name="flags" toName="image" perRegion="true" choice="multiple">
    <Choice value="illegible"/>
    <Choice value="difficult"/>
  </Choices>
</View>
"""
LABEL = "Text"
POLYGONS = ("polygonlabels", "polygon")
RECTANGLES = ("rectanglelabels", "rectangle")
LABELLED = ("polygonlabels", "rectanglelabels", "labels")
GEOMETRIES = (*POLYGONS, *RECTANGLES)
OUTSIDE = 5.0  # percent a foreign point may lie outside before the file is wrong rather than careless


class TaskError(AnnotationError):
    """A task that cannot be taken; the message is one sentence."""


@dataclass(frozen=True)
class Reading:
    """What was found in a list of results."""

    regions: list[Region] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was left out or changed, a sentence each
    foreign: int = 0  # results of kinds that hold no words


def to_results(regions: Sequence[Region], width: int, height: int, scores: bool = False) -> list[dict]:
    """Results of regions of an image of (width, height) pixels; `scores`: a model's, for a prediction."""
    return [result for region in regions for result in _results(region, width, height, scores)]


def _results(region: Region, width: int, height: int, scores: bool) -> list[dict]:
    points = [[min(100.0, 100 * x / width), min(100.0, 100 * y / height)] for x, y in region.polygon]
    base = {
        "id": region.id,
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
    }
    if scores and region.score is not None:
        base["score"] = region.score
    shape = {"points": points, "closed": True}
    meta: dict = {"origin": region.origin, "locked": region.locked}
    if not scores and region.score is not None:
        meta["score"] = region.score  # not `score`: Label Studio would show it beside a person's word
    found = [
        base
        | {
            "from_name": "label",
            "type": "polygonlabels",
            "value": shape | {"polygonlabels": [LABEL]},
            "meta": meta,
        }
    ]
    if region.text or not region.illegible:
        text = base | {
            "from_name": "transcription",
            "type": "textarea",
            "value": shape | {"text": [region.text]},
        }
        reading = {}
        if region.reading_score is not None:
            reading["reading_score"] = region.reading_score
        if region.characters:
            reading["characters"] = [[c.text, c.score] for c in region.characters]
        found.append(text | {"meta": reading} if reading else text)
    flags = [flag for flag in FLAGS if getattr(region, flag)]
    if flags:
        found.append(base | {"from_name": "flags", "type": "choices", "value": shape | {"choices": flags}})
    return found


def from_results(results: object, width: int, height: int, origin: str, submitted: bool = False) -> Reading:
    """Regions of results, from our configuration or a similar one (rectangles become polygons).

    `width`, `height`: pixels of the upright image. `origin`: of regions that do not say it; `submitted`: a
    person in Label Studio has looked at them, so all are locked. Raises TaskError or RegionError.
    """
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise TaskError("the results must be a list of objects")
    notes: list[str] = []
    foreign = 0
    groups: dict[str, list[dict]] = {}
    order = _group(results, groups)
    values = []
    for name in order:
        group = groups[name]
        shapes = [result for result in group if result.get("type") in GEOMETRIES]
        if not shapes:
            foreign += len(group)
            kinds = ", ".join(sorted({repr(str(result.get("type"))[:40]) for result in group}))
            notes.append(f"Results without a polygon or a rectangle were left out ({kinds}).")
            continue
        values.append(_value(name, group, shapes[0], origin, submitted, notes, (width, height)))
    return Reading(check_regions(values, width, height), notes, foreign)


def _group(results: list[dict], groups: dict[str, list[dict]]) -> list[str]:
    """Collects the results of each region; those without an id by their geometry, which every one repeats."""
    for result in results:
        name = result.get("id")
        value = result.get("value")
        if not isinstance(name, str) or not name:
            keys = ("points", "x", "y", "width", "height", "rotation")
            geometry = {key: value[key] for key in keys if key in value} if isinstance(value, dict) else {}
            name = _made_id(repr(geometry or result))
        groups.setdefault(name, []).append(result)
    return list(groups)


def _made_id(what: str) -> str:
    """The same for the same content: a file that is imported again brings nothing new."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, what.encode("utf-8", "backslashreplace").decode()))


def _value(
    name: str,
    group: list[dict],
    shape: dict,
    origin: str,
    submitted: bool,
    notes: list[str],
    size: tuple[int, int],
) -> dict:
    """One region as `check_region` takes it."""
    if not ID.fullmatch(name):
        notes.append("A region had an id that cannot be kept and got a new one.")
        name = _made_id(name)
    meta = shape.get("meta") if isinstance(shape.get("meta"), dict) else {}
    value: dict = {
        "id": name,
        "polygon": _polygon(shape, notes, size),
        "text": "",
        "origin": meta.get("origin") if meta.get("origin") in ORIGINS else origin,
        "locked": True if submitted else meta.get("locked") is not False,
        "score": shape.get("score", meta.get("score")),
    }
    if meta.get("text"):
        notes.append("A remark on a region was left out.")
    if sum(result.get("type") in GEOMETRIES for result in group) > 1:
        notes.append("A region had several outlines; the first one was taken.")
    if sum(result.get("type") == "textarea" for result in group) > 1:
        notes.append("A region had several texts; the last one was taken.")
    for result in group:
        content = result.get("value") if isinstance(result.get("value"), dict) else {}
        kind = result.get("type")
        for label in content.get(kind, []) if kind in LABELLED and _strings(content.get(kind)) else ():
            if label != LABEL:
                notes.append(f"The label {label[:40]!r} was left out: every region is text here.")
        if kind == "textarea":
            text = content.get("text", [])
            value["text"] = " ".join(text) if _strings(text) else text
            reading = result.get("meta") if isinstance(result.get("meta"), dict) else {}
            characters = _characters(reading.get("characters"))
            if characters and "".join(str(c["text"]) for c in characters) == value["text"]:  # else retyped
                value |= {"reading_score": reading.get("reading_score"), "characters": characters}
        elif kind == "choices":
            choices = content.get("choices", [])
            if not isinstance(choices, list):
                raise RegionError("the choices of a region must be a list")
            for choice in choices:
                if choice in FLAGS:
                    value[choice] = True
                else:
                    notes.append(f"The choice {str(choice)[:40]!r} is none of ours and was left out.")
        elif kind not in (*GEOMETRIES, "labels"):
            notes.append(f"A result of the kind {str(kind)[:40]!r} was left out.")
    return value


def _polygon(result: dict, notes: list[str], size: tuple[int, int]) -> list[list[float]]:
    """Points in pixels of the upright image."""
    if result.get("image_rotation") not in (None, 0):
        raise TaskError("the image was turned in Label Studio, so its regions do not fit the stored image")
    value = result.get("value")
    if not isinstance(value, dict):
        raise TaskError("a region has no value")
    points = value.get("points") if result["type"] in POLYGONS else _corners(value, size)
    if not isinstance(points, list) or not all(_pair(point) for point in points):
        raise RegionError("the points of a region must be pairs of finite numbers")
    out = max((max(-x, -y, x - 100, y - 100) for x, y in points), default=0)
    if out > OUTSIDE:
        raise RegionError(f"a point of a region lies {out:.3g} percent outside of the image")
    if out > 1e-6:
        notes.append("Points slightly outside of the image were moved to its edge.")
    width, height = size
    return [[x * width / 100, y * height / 100] for x, y in points]


def _corners(value: dict, size: tuple[int, int]) -> list[list[float]]:
    """Corners in percent. Label Studio turns a rectangle clockwise about its upper left corner, in pixels."""
    numbers = [
        value.get(key, 0 if key == "rotation" else None) for key in ("x", "y", "width", "height", "rotation")
    ]
    if not all(_number(n) for n in numbers):
        raise RegionError("a rectangle must have finite x, y, width and height")
    width, height = size
    x, y = numbers[0] * width / 100, numbers[1] * height / 100
    w, h = numbers[2] * width / 100, numbers[3] * height / 100
    angle = math.radians(numbers[4])
    cos, sin = math.cos(angle), math.sin(angle)
    corners = [(0, 0), (w, 0), (w, h), (0, h)]
    return [
        [100 * (x + a * cos - b * sin) / width, 100 * (y + a * sin + b * cos) / height] for a, b in corners
    ]


def _characters(value: object) -> list[dict]:
    """Stored as pairs; anything else is no reading of ours."""
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        return []
    return [{"text": text, "score": score} for text, score in value]


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _pair(point: object) -> bool:
    return isinstance(point, list | tuple) and len(point) == 2 and all(_number(n) for n in point)


def _number(value: object) -> bool:
    # Not math.isfinite: JSON knows whole numbers that are too large for a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e9 < value < 1e9


def check_results(results: Sequence[dict]) -> list[str]:
    """What Label Studio's own check misses: points outside, too few of them, ids not shared, sizes, names."""
    wrong = []
    names = {"polygonlabels": "label", "textarea": "transcription", "choices": "flags"}
    shapes = {result.get("id"): result for result in results if result.get("type") == "polygonlabels"}
    sizes = {(result.get("original_width"), result.get("original_height")) for result in results}
    if len(sizes) > 1 or any(not _number(n) or n < 1 for size in sizes for n in size):
        wrong.append("The results do not agree on the size of the image.")
    for number, result in enumerate(results, start=1):
        value = result.get("value", {})
        if not result.get("id") or result["id"] not in shapes:
            wrong.append(f"Result {number} has no id that a polygon has.")
        elif value.get("points") != shapes[result["id"]]["value"].get("points"):
            wrong.append(f"Result {number} does not repeat the points of its polygon.")
        if result.get("from_name") != names.get(result.get("type")) or result.get("to_name") != "image":
            wrong.append(f"Result {number} does not name the controls of the configuration.")
        points = value.get("points", [])
        if len(points) < 3 or not all(_pair(p) and min(p) >= 0 and max(p) <= 100 for p in points):
            wrong.append(f"Result {number} needs at least 3 points within 0 and 100 percent.")
        if result.get("image_rotation") != 0:
            wrong.append(f"Result {number} is of a turned image.")
    if len([r for r in results if r.get("type") == "polygonlabels"]) != len(shapes):
        wrong.append("Two polygons share an id.")
    return wrong
