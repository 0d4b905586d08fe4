"""Regions <-> the results of a Label Studio task.

Regions are in pixels of the upright image, results in percent of original_width and original_height. A region
is up to three results with the same id: a polygon, its text, its flags.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeGuard

from annotation.label_studio.labelling_config import LABEL
from annotation.region import (
    FLAGS,
    ID,
    MAX_OUTSIDE,
    ORIGINS,
    AnnotationError,
    ParsedRegions,
    Region,
    RegionError,
    check_region,
    check_regions,
)

POLYGONS = ("polygonlabels", "polygon")
RECTANGLES = ("rectanglelabels", "rectangle")
LABELLED = ("polygonlabels", "rectanglelabels", "labels")
GEOMETRIES = (*POLYGONS, *RECTANGLES)
ROUNDING = 1e-6  # percent a point may lie outside the image unreported
TEXT_CONTROL = "transcription"  # of our configuration and of Label Studio's OCR template
REMARK_CONTROLS = {"remark", "remarks", "comment", "comments", "note", "notes"}
MAX_NUMBER = 1e9  # of a coordinate in percent or a size in pixels: far beyond any valid one


class TaskError(AnnotationError):
    """An invalid task; the message is one sentence."""


def to_results(regions: Sequence[Region], width: int, height: int, scores: bool = False) -> list[dict]:
    """Results for regions of an image of `width` x `height` pixels; `scores`: for a prediction."""
    return [result for region in regions for result in _results(region, width, height, scores)]


def _results(region: Region, width: int, height: int, scores: bool) -> list[dict]:
    points = [[min(100.0, 100 * x / width), min(100.0, 100 * y / height)] for x, y in region.polygon]
    base: dict[str, Any] = {
        "id": region.id,
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
    }
    if scores and region.score is not None:
        base["score"] = region.score
    shape: dict[str, Any] = {"points": points, "closed": True}
    meta: dict = {"origin": region.origin, "locked": region.locked}
    if not scores and region.score is not None:
        meta["score"] = region.score  # not `score`: Label Studio would display it with a person's word
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
        scored: dict[str, Any] = {}
        if region.reading_score is not None:
            scored["reading_score"] = region.reading_score
        if region.characters:
            scored["characters"] = [[c.text, c.score] for c in region.characters]
        found.append(text | {"meta": scored} if scored else text)
    flags = [flag for flag in FLAGS if getattr(region, flag)]
    if flags:
        found.append(base | {"from_name": "flags", "type": "choices", "value": shape | {"choices": flags}})
    return found


def from_results(
    results: object, width: int, height: int, origin: str, submitted: bool = False
) -> ParsedRegions:
    """Regions of results of our configuration or a similar one (rectangles become polygons).

    `width`, `height`: pixels of the upright image; `origin`: of regions without one; `submitted`: whether a
    person has submitted them in Label Studio, which locks them. An invalid region is left out and named in
    `faults`. Raises TaskError, and RegionError if there are too many.
    """
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise TaskError("the results must be a list of objects")
    notes: list[str] = []
    faults: list[str] = []
    foreign = 0
    labels: Counter[str] = Counter()
    values: list[dict] = []
    control = _text_control(results)
    for name, group in _group(results).items():
        shapes = [result for result in group if result.get("type") in GEOMETRIES]
        if not shapes:
            foreign += len(group)
            kinds = ", ".join(sorted({repr(str(result.get("type"))[:40]) for result in group}))
            texts = "".join(f", text {text[:40]!r}" for result in group for text in _texts(result))
            notes.append(f"Results without a polygon or a rectangle were ignored ({kinds}{texts}).")
            continue
        try:
            value = _value(name, group, shapes[0], origin, submitted, control, notes, (width, height))
            check_region(value, width, height)
            values.append(value)
            labels.update({label for result in group for label in _labels(result)})
        except RegionError as error:
            faults.append(f"region {len(values) + len(faults) + 1}: {str(error).rstrip('.')}.")
    for label, count in labels.items():
        notes.append(f"The label {label[:40]!r} was ignored, regions: {count}; every region is text here.")
    return ParsedRegions(check_regions(values, width, height), notes, foreign, faults)


def _labels(result: dict) -> list[str]:
    """Labels that say something else than that it is text."""
    kind = result.get("type")
    values = _dict(result.get("value")).get(str(kind)) if kind in LABELLED else None
    return [label for label in values if label != LABEL] if _strings(values) else []


def _texts(result: dict) -> list[str]:
    texts = _dict(result.get("value")).get("text")
    return [texts] if isinstance(texts, str) else texts if _strings(texts) else []


def _text_control(results: list[dict]) -> str:
    """Name of the control whose text is the region's: the first, if none is `transcription`."""
    names = [str(result.get("from_name")) for result in results if result.get("type") == "textarea"]
    names = [name for name in names if name.lower() not in REMARK_CONTROLS]
    return TEXT_CONTROL if TEXT_CONTROL in names or not names else names[0]


def _group(results: list[dict]) -> dict[str, list[dict]]:
    """Region id -> its results; those without an id belong together if they have the same geometry."""
    groups: dict[str, list[dict]] = {}
    for result in results:
        name = result.get("id")
        value = result.get("value")
        if not isinstance(name, str) or not name:
            keys = ("points", "x", "y", "width", "height", "rotation")
            geometry = {key: value[key] for key in keys if key in value} if isinstance(value, dict) else {}
            name = _content_id(repr(geometry or result))
        groups.setdefault(name, []).append(result)
    return groups


def _content_id(content: str) -> str:
    """The same id for the same content, so that a repeated import adds nothing."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, content.encode("utf-8", "backslashreplace").decode()))


def _value(
    name: str,
    group: list[dict],
    shape: dict,
    origin: str,
    submitted: bool,
    control: str,
    notes: list[str],
    size: tuple[int, int],
) -> dict:
    """The values of one region, for `check_region`."""
    if not ID.fullmatch(name):
        notes.append("A region had an invalid id and got a new one.")
        name = _content_id(name)
    meta = _dict(shape.get("meta"))
    value: dict = {
        "id": name,
        "polygon": _polygon(shape, notes, size),
        "text": "",
        "origin": meta.get("origin") if meta.get("origin") in ORIGINS else origin,
        "locked": True if submitted else meta.get("locked") is not False,
        "score": shape.get("score", meta.get("score")),
    }
    if meta.get("text"):
        notes.append("A remark on a region was ignored.")
    if sum(result.get("type") in GEOMETRIES for result in group) > 1:
        notes.append("A region had several outlines; only the first one was imported.")
    if sum(_is_text(result, control) for result in group) > 1:
        notes.append("A region had several texts; only the last one was imported.")
    for result in group:
        content = _dict(result.get("value"))
        kind = result.get("type")
        if kind == "textarea" and not _is_text(result, control):
            ignored = str(result.get("from_name"))[:40]
            notes.append(f"Texts of the control {ignored!r} were ignored; {control[:40]!r} counts.")
        elif kind == "textarea":
            text = content.get("text", [])
            value["text"] = " ".join(text) if _strings(text) else text
            if _strings(text) and len(text) > 1:
                notes.append(f"The lines of a text were joined: {value['text'][:80]!r}.")
            scored = _dict(result.get("meta"))
            characters = _characters(scored.get("characters"))
            if characters and "".join(str(c["text"]) for c in characters) == value["text"]:  # else retyped
                value |= {"reading_score": scored.get("reading_score"), "characters": characters}
        elif kind == "choices":
            choices = content.get("choices", [])
            if not isinstance(choices, list):
                raise RegionError("the choices of a region must be a list")
            for choice in choices:
                if choice in FLAGS:
                    value[choice] = True
                else:
                    notes.append(f"The unknown choice {str(choice)[:40]!r} was ignored.")
        elif kind not in (*GEOMETRIES, "labels"):
            notes.append(f"A result of the type {str(kind)[:40]!r} was ignored.")
    return value


def _is_text(result: dict, control: str) -> bool:
    """Whether a result is the text of its region, not a remark on it."""
    return result.get("type") == "textarea" and str(result.get("from_name")) == control


def _polygon(result: dict, notes: list[str], size: tuple[int, int]) -> list[list[float]]:
    """Points in pixels of the upright image. Raises TaskError, RegionError."""
    if result.get("image_rotation") not in (None, 0):
        raise TaskError("the image was rotated in Label Studio, so its regions do not match the stored image")
    value = result.get("value")
    if not isinstance(value, dict):
        raise RegionError("a region has no value")
    points = value.get("points") if result["type"] in POLYGONS else _corners(value, size)
    if not isinstance(points, list) or not all(_pair(point) for point in points):
        raise RegionError("the points of a region must be pairs of finite numbers")
    outside = max((max(-x, -y, x - 100, y - 100) for x, y in points), default=0)
    if outside > MAX_OUTSIDE:
        raise RegionError(f"a point of a region lies {outside:.3g} percent outside the image")
    if outside > ROUNDING:
        notes.append("Points slightly outside the image were moved to its edge.")
    width, height = size
    return [[x * width / 100, y * height / 100] for x, y in points]


def _corners(value: dict, size: tuple[int, int]) -> list[list[float]]:
    """Corners in percent; Label Studio rotates a rectangle clockwise about its top left corner, in pixels."""
    numbers: list[Any] = [
        value.get(key, 0 if key == "rotation" else None) for key in ("x", "y", "width", "height", "rotation")
    ]
    if not all(_number(n) for n in numbers):
        raise RegionError("a rectangle must have finite x, y, width and height")
    width, height = size
    x, y = numbers[0] * width / 100, numbers[1] * height / 100
    w, h = numbers[2] * width / 100, numbers[3] * height / 100
    if w <= 0 or h <= 0:
        raise RegionError("the rectangle has no area")
    angle = math.radians(numbers[4])
    cos, sin = math.cos(angle), math.sin(angle)
    corners = [(0, 0), (w, 0), (w, h), (0, h)]
    return [
        [100 * (x + a * cos - b * sin) / width, 100 * (y + a * sin + b * cos) / height] for a, b in corners
    ]


def _characters(value: object) -> list[dict]:
    """From the pairs that `to_results` writes; [] for anything else."""
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        return []
    return [{"text": text, "score": score} for text, score in value]


def _dict(value: object) -> dict:
    """{} for anything else."""
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _pair(point: object) -> bool:
    return isinstance(point, list | tuple) and len(point) == 2 and all(_number(n) for n in point)


def _number(value: object) -> bool:
    # Not math.isfinite: JSON has integers that are too large for a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER


def check_results(results: Sequence[dict[str, Any]]) -> list[str]:
    """Errors that Label Studio's own check misses: points outside, too few points, ids, sizes, names."""
    errors = []
    names: dict[object, str] = {"polygonlabels": "label", "textarea": "transcription", "choices": "flags"}
    shapes = {result.get("id"): result for result in results if result.get("type") == "polygonlabels"}
    sizes: set[tuple[Any, Any]] = {(r.get("original_width"), r.get("original_height")) for r in results}
    if len(sizes) > 1 or any(not _number(n) or n < 1 for size in sizes for n in size):
        errors.append("The results do not agree on the size of the image.")
    for number, result in enumerate(results, start=1):
        value = result.get("value", {})
        if not result.get("id") or result["id"] not in shapes:
            errors.append(f"Result {number} does not have the id of a polygon.")
        elif value.get("points") != shapes[result["id"]]["value"].get("points"):
            errors.append(f"Result {number} does not repeat the points of its polygon.")
        if result.get("from_name") != names.get(result.get("type")) or result.get("to_name") != "image":
            errors.append(f"Result {number} does not use the controls of the configuration.")
        points = value.get("points", [])
        if len(points) < 3 or not all(_pair(p) and min(p) >= 0 and max(p) <= 100 for p in points):
            errors.append(f"Result {number} needs at least 3 points within 0 and 100 percent.")
        if result.get("image_rotation") != 0:
            errors.append(f"Result {number} belongs to a rotated image.")
    if len([r for r in results if r.get("type") == "polygonlabels"]) != len(shapes):
        errors.append("Two polygons share an id.")
    return errors
