"""COCO-style JSON with polygons and texts (`text`, or `utf8_string` as in COCO-Text and TextOCR)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from annotation.formats.entries import (
    Entry,
    ExportItem,
    FormatError,
    find_file,
    pixel_reader,
    read_json,
    read_text,
)
from annotation.region import ID, RegionError, check_polygon, check_score, check_text
from spotter.ops.polygons import signed_area
from spotter.ops.shapes import to_shapes

FILE = "annotations.json"
TEXTS = ("text", "utf8_string", "transcription")


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of a folder with annotations.json. Raises FormatError."""
    if path.is_dir():
        path = path / FILE
    content = read_json(read_text(path), path.name)
    if not isinstance(content, dict) or not all(
        _are_objects(content.get(key)) for key in ("images", "annotations")
    ):
        raise FormatError(f"{path.name} is not a COCO file; expected lists of images and annotations.")
    entries: dict[int | str, Entry] = {}  # by image id
    values: dict[int | str, list[dict]] = {}  # regions by image id
    seen: set[tuple[int | str, str]] = set()  # (image id, region id)
    for image in content["images"]:
        name, number = image.get("file_name"), image.get("id")
        if not isinstance(name, str) or not name or not isinstance(number, int | str) or number in entries:
            raise FormatError(f"{path.name}: every image needs a file_name and a unique id.")
        entry = Entry(
            PurePosixPath(name.replace("\\", "/")).name, find_file(name, [images, path.parent]), state="done"
        )
        entry.sha256 = image["sha256"] if isinstance(image.get("sha256"), str) else None
        size = (image.get("width"), image.get("height"))
        values[number] = []
        entry.read = pixel_reader(
            values[number], size if all(type(n) is int and 0 < n < 10**9 for n in size) else None
        )
        entries[number] = entry
    for i, annotation in enumerate(content["annotations"], start=1):
        where = f"{path.name}, annotation {i}"
        number = annotation.get("image_id")
        if not isinstance(number, int | str) or number not in entries:
            raise FormatError(f"{where}: its image is not in the file.")
        try:
            value = _region(annotation, entries[number].notes)
        except RegionError as error:
            raise FormatError(f"{where} ({entries[number].name}): {error}") from error
        if value is not None:
            if (number, value["id"]) in seen:
                value["id"] = None  # it gets a new one
            seen.add((number, value["id"]))
            values[number].append(value)
    if not entries:
        raise FormatError(f"{path.name} contains no images.")
    return list(entries.values())


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: list[str]) -> None:
    """Writes the file, with the images next to it. No visible information is lost, so there are no notes."""
    images: list[dict] = []
    annotations: list[dict] = []
    for number, item in enumerate(items, start=1):
        image = item.image
        images.append(
            {
                "id": number,
                "file_name": item.file,
                "width": image.width,
                "height": image.height,
                "sha256": image.sha256,
            }
        )
        for region in item.regions:
            xs, ys = zip(*region.polygon, strict=True)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "segmentation": [[value for point in region.polygon for value in point]],
                    "bbox": [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)],
                    "area": float(abs(signed_area(region.polygon))) or to_shapes([region.polygon])[0].area,
                    "iscrowd": 0,
                    "text": region.text,
                    "attributes": {"illegible": region.illegible, "difficult": region.difficult},
                    "region_id": region.id,
                }
            )
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "text"}]}
    (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _region(annotation: dict, notes: list[str]) -> dict | None:
    parts = annotation.get("segmentation")
    given = annotation.get("attributes")
    attributes = given if isinstance(given, dict) else {}
    if not parts and isinstance(annotation.get("points"), list):
        parts = [annotation["points"]]  # TextOCR
    if isinstance(parts, dict):
        notes.append("A region is a mask, not a polygon, and was ignored.")
        return None
    if not isinstance(parts, list) or not parts:
        raise RegionError("it has no polygon.")
    if all(isinstance(n, int | float) for n in parts):
        parts = [parts]
    polygons = [_points(part) for part in parts]
    if len(polygons) > 1:
        notes.append(f"A region has {len(polygons)} polygons; only the largest was imported.")
    text = next(
        (annotation[key] for key in TEXTS if annotation.get(key) is not None), attributes.get("text", "")
    )
    name = annotation.get("region_id")
    illegible = attributes.get("illegible", annotation.get("legibility") == "illegible")
    return {
        "id": name if isinstance(name, str) and ID.fullmatch(name) else None,
        "polygon": max(polygons, key=lambda polygon: abs(float(signed_area(polygon)))),
        "text": check_text(text),
        "illegible": bool(illegible),
        "difficult": bool(attributes.get("difficult", False)),
        "score": check_score(annotation.get("score"), "score"),
        "origin": "import",
        "locked": True,
    }


def _points(part: object) -> list[list[float]]:
    if not isinstance(part, list) or len(part) % 2:
        raise RegionError("a polygon must be a list of x1, y1, x2, y2, ...")
    return check_polygon([part[i : i + 2] for i in range(0, len(part), 2)])


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
