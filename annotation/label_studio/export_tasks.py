"""Tasks as we write them, for a file or a server, and what is checked before they leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from annotation.label_studio.labelling_config import CONFIG, LABEL
from annotation.label_studio.tasks import is_number, is_pair
from annotation.region import FLAGS, Region

if TYPE_CHECKING:  # the formats import this module
    from annotation.formats.entries import ExportItem


def to_task(item: ExportItem, url: str | None = None) -> dict:
    """A task with the predictions, and the current regions as its annotation.

    `url`: of the image; by default in Label Studio's local storage, with the exported folder as its root.
    """
    image = item.image
    size = (image.width, image.height)
    task: dict = {
        "data": {
            "image": url or f"/data/local-files/?d={quote(item.file)}",
            "name": image.name,
            "sha256": image.sha256,
            "width": image.width,
            "height": image.height,
            "state": image.state,
            "version": image.version,
            "added": image.added.isoformat(),
        },
        "predictions": [
            {"model_version": p.model_version, "result": to_results(p.regions, *size, scores=True)}
            | ({} if p.score is None else {"score": p.score})
            for p in item.predictions
        ],
        "annotations": [],
    }
    if image.state != "new" or any(region.locked for region in item.regions):
        task["annotations"] = [
            {"result": to_results(item.regions, *size), "ground_truth": image.state == "approved"}
        ]
    return task


def validate(tasks: list[dict]) -> list[str]:
    """Errors in tasks, one sentence each: the SDK's check, and ours for what it misses."""
    from label_studio_sdk.label_interface import LabelInterface  # late: takes seconds to import

    interface: Any = LabelInterface(CONFIG)  # its type hints are wrong
    errors = []
    for task in tasks:
        name = task["data"].get("name", "")
        if not interface.validate_task({"data": task["data"]}):
            errors.append(f"The task of {name} lacks its image.")
        for part in (*task["predictions"], *task["annotations"]):
            # An annotation is checked as a prediction: the results have the same form.
            checked = {"model_version": "annotation", "score": 0.0} | part
            found = [
                *(interface.validate_prediction(checked, return_errors=True) or []),
                *check_results(part["result"]),
            ]
            errors += [f"{name}: {sentence}" for sentence in found]
    return errors


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


def check_results(results: Sequence[dict[str, Any]]) -> list[str]:
    """Errors that Label Studio's own check misses: points outside, too few points, ids, sizes, names."""
    errors = []
    names: dict[object, str] = {"polygonlabels": "label", "textarea": "transcription", "choices": "flags"}
    shapes = {result.get("id"): result for result in results if result.get("type") == "polygonlabels"}
    sizes: set[tuple[Any, Any]] = {(r.get("original_width"), r.get("original_height")) for r in results}
    if len(sizes) > 1 or any(not is_number(n) or n < 1 for size in sizes for n in size):
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
        if len(points) < 3 or not all(is_pair(p) and min(p) >= 0 and max(p) <= 100 for p in points):
            errors.append(f"Result {number} needs at least 3 points within 0 and 100 percent.")
        if result.get("image_rotation") != 0:
            errors.append(f"Result {number} belongs to a rotated image.")
    if len([r for r in results if r.get("type") == "polygonlabels"]) != len(shapes):
        errors.append("Two polygons share an id.")
    return errors
