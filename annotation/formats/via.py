"""VGG Image Annotator, version 2: a project, or its annotations as JSON or CSV."""

from __future__ import annotations

import csv
import math
from functools import partial
from io import StringIO
from pathlib import Path, PurePosixPath

from annotation.formats.detection import Source
from annotation.formats.entries import (
    Entry,
    FormatError,
    note_missing_texts,
    pixel_reader,
    read_files,
    read_json,
    read_text,
    reject,
)
from annotation.formats.image_files import find_file
from annotation.formats.outlines import ELLIPSE_POINTS, imported_region, number, points_of, rectangle
from annotation.region import RegionError
from spotter.language import tr

METADATA = "_via_img_metadata"  # of a project
COLUMNS = {"filename", "region_shape_attributes", "region_attributes"}
# Attributes that hold the text; else a single attribute is the text.
TEXTS = ("text", "transcription", "transcript", "label", "word", "name")


def title() -> str:
    return tr("JSON or CSV of VGG Image Annotator")


def recognises(source: Source) -> bool:
    return bool(_files(source))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder; of its CSV only if there is no JSON.

    Raises FormatError.
    """
    files = _files(Source(path)) if path.is_dir() else [path]
    chosen = [file for file in files if file.suffix.lower() != ".csv"] or files
    entries = read_files(chosen or [path / "via.json"], partial(_read_file, images=images))
    if len(chosen) < len(files):
        names = ", ".join(file.name for file in files if file not in chosen)
        entries[0].general_notes.append(tr("Not imported, because there is JSON too: {names}.", names=names))
    return entries


def _read_file(path: Path, images: Path | None) -> list[Entry]:
    text = read_text(path)
    if path.suffix.lower() == ".csv":
        items = _rows(text, path.name)
    else:
        content = read_json(text, path.name)
        if not _is_via(content):
            raise FormatError(tr("{name} is not a JSON file of VGG Image Annotator.", name=path.name))
        items = list(content.get(METADATA, content).values())
    if not items:
        raise FormatError(tr("{name} contains no images.", name=path.name))
    return [_entry(item, i, path.name, [images, path.parent]) for i, item in enumerate(items, start=1)]


def _files(source: Source) -> list[Path]:
    files = [path for path in source.files("*.json") if _is_via(source.json(path))]
    return files + [path for path in source.files("*.csv") if _has_columns(source.head(path))]


def _is_via(content: object) -> bool:
    if not isinstance(content, dict):
        return False
    items = content.get(METADATA, content)
    return isinstance(items, dict) and any(
        isinstance(item, dict) and {"filename", "regions"} <= item.keys() for item in items.values()
    )


def _has_columns(head: str) -> bool:
    return set(next(csv.reader(head.splitlines()[:1]), [])) >= COLUMNS


def _rows(text: str, file: str) -> list[dict]:
    """The items of the JSON form from the CSV form, which has one row per region. Raises FormatError."""
    if not _has_columns(text):
        raise FormatError(tr("{file} is not a CSV file of VGG Image Annotator.", file=file))
    items: dict[str, dict] = {}  # by file name and size, as in the JSON form
    try:
        for i, row in enumerate(csv.DictReader(StringIO(text, newline="")), start=2):
            name, where = row["filename"] or "", tr("{file}, line {number}", file=file, number=i)
            item = items.setdefault(f"{name}{row.get('file_size')}", {"filename": name, "regions": []})
            shape, attributes = (
                read_json(row[key] or "{}", where) for key in ("region_shape_attributes", "region_attributes")
            )
            if shape:  # an image without regions has one row
                item["regions"].append({"shape_attributes": shape, "region_attributes": attributes})
    except csv.Error as error:
        raise FormatError(tr("{file} is not valid CSV: {error}.", file=file, error=error)) from error
    return list(items.values())


def _entry(item: object, i: int, file: str, folders: list[Path | None]) -> Entry:
    name = item.get("filename") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(name, str) or not name:
        return reject(tr("{file}, image {i}: it needs a filename.", file=file, i=i))
    base = PurePosixPath(name.replace("\\", "/")).name
    entry = Entry(base, find_file(name, folders), state="done")
    entry.where = f"{file} ({entry.name})"
    regions = item.get("regions")
    if isinstance(regions, dict):  # version 1
        regions = list(regions.values())
    if not isinstance(regions, list):
        return reject(
            tr("{file}, {name}: its regions must be a list.", file=file, name=entry.name), entry.name
        )
    values = []
    for j, region in enumerate(regions, start=1):
        where = tr("region {number}", number=j)
        try:
            values.append(_region(region, entry.notes) | {"where": where})
        except RegionError as error:
            entry.faults.append(f"{entry.where}, {where}: {error}")
    note_missing_texts(entry, values)
    entry.read = pixel_reader(values)
    return entry


def _region(region: object, notes: list[str]) -> dict:
    """Raises RegionError."""
    shape = region.get("shape_attributes") if isinstance(region, dict) else None
    if not isinstance(region, dict) or not isinstance(shape, dict):
        raise RegionError(tr("it has no shape_attributes."))
    given = region.get("region_attributes")
    attributes = {str(key): value for key, value in given.items()} if isinstance(given, dict) else {}
    key = next((key for key in attributes if key.lower() in TEXTS), None)
    if key is None and len(attributes) == 1:
        key = next(iter(attributes))
        notes.append(tr("The attribute {key!r} was imported as the text.", key=key[:40]))
    for other in attributes.keys() - {key}:
        notes.append(tr("The attribute {other!r} was ignored.", other=other[:40]))
    text = attributes[key] if key is not None else ""
    return imported_region(_outline(shape), text)


def _outline(shape: dict) -> list[list[float]]:
    """Raises RegionError."""
    kind = shape.get("name")
    if kind in ("polygon", "polyline"):
        xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
        if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
            raise RegionError(tr("all_points_x and all_points_y must be lists of equal length."))
        return points_of([list(point) for point in zip(xs, ys, strict=True)])
    if kind == "rect":
        return rectangle(shape.get("x"), shape.get("y"), shape.get("width"), shape.get("height"))
    if kind in ("circle", "ellipse"):
        x, y = number(shape.get("cx")), number(shape.get("cy"))
        rx, ry = number(shape.get("rx", shape.get("r"))), number(shape.get("ry", shape.get("r")))
        theta = number(shape.get("theta", 0))
        cos, sin = math.cos(theta), math.sin(theta)
        around = [2 * math.pi * i / ELLIPSE_POINTS for i in range(ELLIPSE_POINTS)]
        ring = [(rx * math.cos(angle), ry * math.sin(angle)) for angle in around]
        return [[x + a * cos - b * sin, y + a * sin + b * cos] for a, b in ring]
    raise RegionError(tr("a shape of the type {kind!r} has no area.", kind=str(kind)[:40]))
