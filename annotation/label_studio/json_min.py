"""Label Studio's export as JSON-MIN, made into tasks.

It has a record per annotation: the data of the task, and the values of each control's results. Of a text and
a choice that is mostly the bare string: ids and places are left out, so nothing says which text belongs to
which region, but Label Studio writes both in the same order.
"""

from __future__ import annotations

from typing import Any

from annotation.label_studio.task_images import IMAGE_KEYS
from annotation.label_studio.tasks import TEXT_CONTROL
from spotter.language import tr

ABOUT_THE_ANNOTATION = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")
OUR_DATA = ("state", "version", "added")  # of an export by us: without the flags, it is not that version
GEOMETRY = ("points", "x", "y", "width", "height", "rotation")
MAX_SHOWN = 10  # texts in a note


def is_record(value: object) -> bool:
    return (
        isinstance(value, dict)
        and "id" in value
        and "data" not in value
        and any(isinstance(value.get(key), str) for key in IMAGE_KEYS)
        and (any(key in value for key in ABOUT_THE_ANNOTATION) or bool(_controls(value)))
    )


def to_tasks(records: list[dict]) -> list[tuple[dict, list[str]]]:
    """A task with its annotations, and notes on what could not be taken, per image."""
    found: dict[str, tuple[dict, list[str]]] = {}
    for record in records:
        task, notes = found.setdefault(repr(record["id"]), (_task(record), []))
        if record.get("annotation_id") is not None or _controls(record):
            task["annotations"].append(_annotation(record, notes))
    return list(found.values())


def _task(record: dict) -> dict:
    left_out = {"id", *ABOUT_THE_ANNOTATION, *OUR_DATA}
    values = ((key, value) for key, value in record.items() if key not in left_out)
    data = {key: value for key, value in values if not isinstance(value, list)}
    return {"id": record["id"], "data": data, "annotations": []}


def _annotation(record: dict, notes: list[str]) -> dict:
    results = [_result(name, value) for name, values in _controls(record).items() for value in values]
    shapes = [result for result in results if result["type"] != "labels"]
    control, texts = _texts(record)
    one_control = len({shape["from_name"] for shape in shapes}) == 1
    if one_control and len(texts) == len(shapes):
        for shape, text in zip(shapes, texts, strict=True):
            place = {key: value for key, value in shape["value"].items() if key in GEOMETRY}
            results.append({"type": "textarea", "from_name": control, "value": place | {"text": text}})
    elif texts:
        shown = ", ".join(repr(" ".join(map(str, text))[:40]) for text in texts[:MAX_SHOWN])
        if len(texts) > MAX_SHOWN:
            shown = tr("{names} and others", names=shown)
        notes.append(
            tr(
                "It has {regions} regions, but {texts} texts, which were left out: {shown}.",
                regions=len(shapes),
                texts=len(texts),
                shown=shown,
            )
        )
    if flags := record.get("flags"):
        shown = str(flags)[:80]
        notes.append(tr("Its flags were left out, as their regions are unknown: {flags}.", flags=shown))
    owner = record.get("annotator")
    return {
        "result": results,
        "completed_by": {"email": owner} if isinstance(owner, str) else owner,
        "created_at": record.get("created_at"),
        "updated_at": record.get("updated_at"),
    }


def _controls(record: dict) -> dict[str, list[dict]]:
    """The values with a place, by the name of their control."""
    lists = {key: value for key, value in record.items() if isinstance(value, list) and value}
    return {key: values for key, values in lists.items() if all(_has_place(value) for value in values)}


def _has_place(value: object) -> bool:
    """Whether it is a shape or its label; not a text of several lines, whose value has a place, too."""
    return isinstance(value, dict) and "text" not in value and bool({"points", "x", "rle"} & value.keys())


def _result(control: str, value: dict) -> dict:
    """A result without an id: results with the same place belong together."""
    place = {key: part for key, part in value.items() if key not in ("original_width", "original_height")}
    sizes = {key: value.get(key) for key in ("original_width", "original_height")}
    return {"type": _type(value), "from_name": control, "value": place, **sizes}


def _type(value: dict) -> str:
    label = next((key for key in value if str(key).endswith("labels")), None)
    if label is not None:
        return str(label)
    if "points" in value:
        return "polygon"
    return "rectangle" if {"width", "height"} <= value.keys() else "shape"


def _texts(record: dict) -> tuple[str, list[list[Any]]]:
    """The name of the control for the texts, and the lines of each text."""
    lists = {key: value for key, value in record.items() if isinstance(value, list) and value}
    others = [key for key, values in lists.items() if all(_is_text(value) for value in values)]
    control = TEXT_CONTROL if TEXT_CONTROL in record else others[0] if len(others) == 1 else None
    if control is None:
        return TEXT_CONTROL, []
    values = record[control] if isinstance(record[control], list) else [record[control]]
    texts = [value["text"] if isinstance(value, dict) else [value] for value in values if _is_text(value)]
    return control, texts


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("text"), list))
