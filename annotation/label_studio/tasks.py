"""The regions of a Label Studio task's results; `export_tasks` is the way back.

Regions are in pixels of the upright image, results in percent of original_width and original_height. A region
is up to three results with the same id: a polygon, its text, its flags.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter
from typing import Any, TypeGuard

from annotation.label_studio.labelling_config import LABEL
from annotation.region import (
    FLAGS,
    ID,
    MAX_OUTSIDE,
    ORIGINS,
    AnnotationError,
    ParsedRegions,
    RegionError,
    check_region,
    check_regions,
)
from spotter.language import tr

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


def from_results(
    results: object, width: int, height: int, origin: str, submitted: bool = False
) -> ParsedRegions:
    """Regions of results of our configuration or a similar one (rectangles become polygons).

    `width`, `height`: pixels of the upright image; `origin`: of regions without one; `submitted`: whether a
    person has submitted them in Label Studio, which locks them. An invalid region is left out and named in
    `faults`. Raises TaskError, and RegionError if there are too many.
    """
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise TaskError(tr("the results must be a list of objects"))
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
            notes.append(
                tr(
                    "Results without a polygon or a rectangle were ignored ({kinds}{texts}).",
                    kinds=kinds,
                    texts=texts,
                )
            )
            continue
        try:
            value = _value(name, group, shapes[0], origin, submitted, control, notes, (width, height))
            check_region(value, width, height)
            values.append(value)
            labels.update({label for result in group for label in _labels(result)})
        except RegionError as error:
            faults.append(f"region {len(values) + len(faults) + 1}: {str(error).rstrip('.')}.")
    for label, count in labels.items():
        notes.append(
            tr(
                "The label {label!r} was ignored, regions: {count}; every region is text here.",
                label=label[:40],
                count=count,
            )
        )
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
        notes.append(tr("A region had an invalid id and got a new one."))
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
        notes.append(tr("A remark on a region was ignored."))
    if sum(result.get("type") in GEOMETRIES for result in group) > 1:
        notes.append(tr("A region had several outlines; only the first one was imported."))
    if sum(_is_text(result, control) for result in group) > 1:
        notes.append(tr("A region had several texts; only the last one was imported."))
    for result in group:
        content = _dict(result.get("value"))
        kind = result.get("type")
        if kind == "textarea" and not _is_text(result, control):
            ignored = str(result.get("from_name"))[:40]
            notes.append(
                tr(
                    "Texts of the control {ignored!r} were ignored; {control!r} counts.",
                    ignored=ignored,
                    control=control[:40],
                )
            )
        elif kind == "textarea":
            text = content.get("text", [])
            value["text"] = " ".join(text) if _strings(text) else text
            if _strings(text) and len(text) > 1:
                notes.append(tr("The lines of a text were joined: {value!r}.", value=value["text"][:80]))
            scored = _dict(result.get("meta"))
            characters = _characters(scored.get("characters"))
            if characters and "".join(str(c["text"]) for c in characters) == value["text"]:  # else retyped
                value |= {"reading_score": scored.get("reading_score"), "characters": characters}
        elif kind == "choices":
            choices = content.get("choices", [])
            if not isinstance(choices, list):
                raise RegionError(tr("the choices of a region must be a list"))
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
        raise TaskError(
            tr("the image was rotated in Label Studio, so its regions do not match the stored image")
        )
    value = result.get("value")
    if not isinstance(value, dict):
        raise RegionError(tr("a region has no value"))
    points = value.get("points") if result["type"] in POLYGONS else _corners(value, size)
    if not isinstance(points, list) or not all(is_pair(point) for point in points):
        raise RegionError(tr("the points of a region must be pairs of finite numbers"))
    outside = max((max(-x, -y, x - 100, y - 100) for x, y in points), default=0)
    if outside > MAX_OUTSIDE:
        raise RegionError(
            tr("a point of a region lies {outside:.3g} percent outside the image", outside=outside)
        )
    if outside > ROUNDING:
        notes.append(tr("Points slightly outside the image were moved to its edge."))
    width, height = size
    return [[x * width / 100, y * height / 100] for x, y in points]


def _corners(value: dict, size: tuple[int, int]) -> list[list[float]]:
    """Corners in percent; Label Studio rotates a rectangle clockwise about its top left corner, in pixels."""
    numbers: list[Any] = [
        value.get(key, 0 if key == "rotation" else None) for key in ("x", "y", "width", "height", "rotation")
    ]
    if not all(is_number(n) for n in numbers):
        raise RegionError(tr("a rectangle must have finite x, y, width and height"))
    width, height = size
    x, y = numbers[0] * width / 100, numbers[1] * height / 100
    w, h = numbers[2] * width / 100, numbers[3] * height / 100
    if w <= 0 or h <= 0:
        raise RegionError(tr("the rectangle has no area"))
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


def is_pair(point: object) -> bool:
    return isinstance(point, list | tuple) and len(point) == 2 and all(is_number(n) for n in point)


def is_number(value: object) -> bool:
    # Not math.isfinite: JSON has integers that are too large for a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER
