"""labelme's JSON, one file per image, also as X-AnyLabeling writes it.

The text of a region is its `description`; if no region of the image has one, its `label`.
"""

from __future__ import annotations

import base64
import math
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
)
from annotation.formats.image_files import find_file
from annotation.formats.outlines import (
    ELLIPSE_POINTS,
    image_size,
    imported_region,
    is_generic,
    points_of,
)
from annotation.region import RegionError
from spotter.language import tr


def title() -> str:
    return tr("labelme's JSON")


def recognises(source: Source) -> bool:
    return bool(_files(source))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder. Raises FormatError."""
    files = _files(Source(path)) if path.is_dir() else [path]
    if not files:
        raise FormatError(tr("{name} has no JSON files of labelme.", name=path.name))
    return read_files(files, lambda file: [_entry(file, images)])


def _files(source: Source) -> list[Path]:
    return [path for path in source.files("*.json") if _is_labelme(source.json(path))]


def _is_labelme(content: object) -> bool:
    return isinstance(content, dict) and isinstance(content.get("shapes"), list) and "imagePath" in content


def _entry(path: Path, images: Path | None) -> Entry:
    content = read_json(read_text(path), path.name)
    if not _is_labelme(content):
        raise FormatError(tr("{name} is not a file of labelme.", name=path.name))
    name = content["imagePath"]
    if not isinstance(name, str) or not name:
        raise FormatError(tr("{name}: imagePath must be the name of the image.", name=path.name))
    base = PurePosixPath(name.replace("\\", "/")).name
    file = find_file(name, [images, path.parent]) or _embedded(content.get("imageData"))
    entry = Entry(base, file, state="done", where=path.name)
    values = []
    labels_are_texts = not any(_description(shape) for shape in content["shapes"])
    for i, shape in enumerate(content["shapes"], start=1):
        where = tr("shape {number}", number=i)
        try:
            values.append(_region(shape, labels_are_texts, entry.notes) | {"where": where})
        except RegionError as error:
            entry.faults.append(f"{entry.where}, {where}: {error}")
    note_missing_texts(entry, values)
    entry.read = pixel_reader(values, image_size(content, "imageWidth", "imageHeight"))
    return entry


def _embedded(data: object) -> bytes | None:
    """The image embedded in the file (`imageData`), or None."""
    try:
        return base64.b64decode(data) if isinstance(data, str) and data else None
    except ValueError:
        return None


def _description(shape: object) -> str:
    text = shape.get("description") if isinstance(shape, dict) else None
    return text.strip() if isinstance(text, str) else ""


def _region(shape: object, labels_are_texts: bool, notes: list[str]) -> dict:
    """Raises RegionError."""
    if not isinstance(shape, dict):
        raise RegionError(tr("expected an object."))
    label = shape.get("label")
    text: object = _description(shape)
    if labels_are_texts:
        text = "" if is_generic(label) else label
    elif not is_generic(label) and label != text:
        notes.append(tr("The label {label!r} was ignored: every region is text here.", label=str(label)[:40]))
    difficult = shape.get("difficult")  # of X-AnyLabeling
    return imported_region(_outline(shape), text, difficult=difficult is True)


def _outline(shape: dict) -> list[list[float]]:
    """Raises RegionError."""
    kind, points = shape.get("shape_type", "polygon"), points_of(shape.get("points"))
    if kind in ("polygon", "rotation", "quadrilateral"):
        return points
    if kind == "rectangle" and len(points) == 4:  # of X-AnyLabeling
        return points
    if kind == "rectangle" and len(points) == 2:
        (x1, y1), (x2, y2) = points
        return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]
    if kind == "circle" and len(points) == 2:  # the centre, and a point of the edge
        (x, y), edge = points
        radius = math.dist(points[0], edge)
        angles = [2 * math.pi * i / ELLIPSE_POINTS for i in range(ELLIPSE_POINTS)]
        return [[x + radius * math.cos(angle), y + radius * math.sin(angle)] for angle in angles]
    raise RegionError(
        tr(
            "a shape of the type {kind!r} with {count} points has no area.",
            kind=str(kind)[:40],
            count=len(points),
        )
    )
