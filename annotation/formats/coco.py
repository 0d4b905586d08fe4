"""COCO-style JSON: COCO with texts, COCO-Text, TextOCR, the data sets of ABCNet and SwinTextSpotter, and the
exports of CVAT, Label Studio and Roboflow.

A text is `text`, `utf8_string` or `transcription`, or the numbers `rec`; an outline is a polygon, two Bezier
curves or a rectangle.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from annotation.formats.detection import Source
from annotation.formats.entries import (
    Entry,
    ExportItem,
    FormatError,
    note_missing_texts,
    pixel_reader,
    read_files,
    read_json,
    read_text,
    reject,
)
from annotation.formats.export_notes import ExportNotes
from annotation.formats.image_files import find_file
from annotation.formats.outlines import (
    bezier_outline,
    image_size,
    imported_region,
    is_generic,
    pairs,
    rectangle,
)
from annotation.label_studio.task_images import UPLOADED
from annotation.region import ID, RegionError, check_polygon, check_score
from annotation.store.selection import SELECTABLE
from spotter.formats.coco import CATEGORIES, coco_annotation
from spotter.language import tr
from spotter.ops.polygons import signed_area

FILE = "annotations.json"
LISTS = (("images", "annotations"), ("imgs", "anns"))  # of COCO; objects in COCO-Text and TextOCR
TEXTS = ("text", "utf8_string", "transcription")
EMPTY: tuple[object, ...] = (None, [], [[]], "", {})
OUTLINES = ("segmentation", "points", "polygon", "mask", "polys")  # the first that is there and not empty
ILLEGIBLE = {"utf8_string": ".", "text": "###", "transcription": "###"}  # `.`: TextOCR
PRINTABLE = 95  # `rec`: 0 to 94 are the ASCII characters from the space on, ...
OTHER = "\u53e3"  # ... 95 is any other character, which AdelaiDet shows like this, and 96 fills the list
FILLER = 96


def title() -> str:
    return tr("COCO-style JSON")


def recognises(source: Source) -> bool:
    return bool(_files(source))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder. Raises FormatError."""
    files = _files(Source(path)) if path.is_dir() else [path]
    return read_files(files or [path / FILE], partial(_read_file, images=images))


def _files(source: Source) -> list[Path]:
    return [file for file in source.files("*.json") if _is_coco(source.json(file))]


def _read_file(path: Path, images: Path | None) -> list[Entry]:
    content = read_json(read_text(path), path.name)
    if not _is_coco(content):
        raise FormatError(
            tr("{name} is not a COCO file; expected lists of images and annotations.", name=path.name)
        )
    pictures, annotations = next(
        [_items(content[key]) for key in keys] for keys in LISTS if content.keys() >= set(keys)
    )
    entries: dict[int | str, Entry] = {}  # by image id
    rejected: list[Entry] = []
    values: dict[int | str, list[dict]] = {}  # regions by image id
    seen: set[tuple[int | str, str]] = set()  # (image id, region id)
    for i, image in enumerate(pictures, start=1):
        name, number = image.get("file_name"), image.get("id")
        if not isinstance(name, str) or not name or not isinstance(number, int | str) or number in entries:
            rejected.append(
                reject(tr("{name}, image {i}: it needs a file_name and a unique id.", name=path.name, i=i))
            )
            continue
        entry = entries[number] = _entry(name, image, path.name, [images, path.parent])
        values[number] = []
        entry.read = pixel_reader(values[number], image_size(image))
    names = _category_names(content)
    for i, annotation in enumerate(annotations, start=1):
        where = tr("annotation {number}", number=i)
        number = annotation.get("image_id")
        if not isinstance(number, int | str) or number not in entries:
            rejected.append(
                reject(tr("{name}, {where}: its image is not in the file.", name=path.name, where=where))
            )
            continue
        entry = entries[number]
        try:
            value = _region(annotation, entry.notes)
        except RegionError as error:
            entry.faults.append(f"{entry.where}, {where}: {error}")
            continue
        if value is None:
            continue
        if (number, value["id"]) in seen:
            value["id"] = None  # it gets a new one
        seen.add((number, value["id"]))
        value["where"] = where
        values[number].append(value)
        category_id = annotation.get("category_id")
        category = names.get(category_id, "") if isinstance(category_id, int | str) else ""
        if not is_generic(category):
            entry.notes.append(
                tr(
                    "The category {category!r} was ignored: every region is text here.",
                    category=category[:40],
                )
            )
    if not entries and not rejected:
        raise FormatError(tr("{name} contains no images.", name=path.name))
    for number, entry in entries.items():
        note_missing_texts(entry, values[number])
    return [*entries.values(), *rejected]


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
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
                "state": image.state,
            }
        )
        for region in item.regions:
            annotations.append(
                coco_annotation(len(annotations) + 1, number, region.polygon, region.text)
                | {
                    "attributes": {
                        "illegible": region.illegible,
                        "difficult": region.difficult,
                        "locked": region.locked,
                    },
                    "region_id": region.id,
                }
            )
    content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
    (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _is_coco(content: object) -> bool:
    return isinstance(content, dict) and any(
        all(isinstance(content.get(key), list | dict) for key in keys) for keys in LISTS
    )


def _items(value: list | dict) -> list[dict]:
    """The objects of a list, or of an object whose keys are their ids."""
    items = value.values() if isinstance(value, dict) else value
    return [item if isinstance(item, dict) else {} for item in items]


def _entry(name: str, image: dict, source: str, folders: list[Path | None]) -> Entry:
    base = PurePosixPath(name.replace("\\", "/")).name
    file = find_file(name, folders)
    if file is None or file.name != base:  # an export of Label Studio, with the names of its uploads
        base = UPLOADED.sub("", base)
    sha256 = image.get("sha256")
    sha256 = sha256 if isinstance(sha256, str) else None
    entry = Entry(base, file, sha256, state="done")
    if image.get("state") in SELECTABLE:  # of our own export
        entry.state = image["state"]
    entry.where = f"{source} ({entry.name})"
    return entry


def _category_names(content: dict) -> dict[object, str]:
    """Names by id."""
    categories = _items(content["categories"]) if isinstance(content.get("categories"), list) else []
    return {
        category["id"]: str(category.get("name") or "")
        for category in categories
        if isinstance(category.get("id"), int | str)
    }


def _region(annotation: dict, notes: list[str]) -> dict | None:
    given = annotation.get("attributes")
    attributes = given if isinstance(given, dict) else {}
    polygon = _outline(annotation, attributes, notes)
    if polygon is None:
        return None
    key = next((key for key in TEXTS if annotation.get(key) is not None), "")
    text = annotation[key] if key else _attribute(attributes)
    if not key and isinstance(annotation.get("rec"), list):
        text = _decode(annotation["rec"], notes)
    illegible = attributes.get("illegible")
    if illegible is None and key and text == ILLEGIBLE[key]:
        illegible, text = True, ""
    name = annotation.get("region_id")
    return imported_region(
        polygon,
        text,
        id=name if isinstance(name, str) and ID.fullmatch(name) else None,
        illegible=bool(illegible) or annotation.get("legibility") == "illegible",
        difficult=bool(attributes.get("difficult", False)),
        locked=attributes.get("locked") is not False,
        score=check_score(annotation.get("score"), "score"),
    )


def _attribute(attributes: dict) -> str:
    """The text among the attributes of CVAT."""
    texts = (value for key, value in attributes.items() if key.lower() in TEXTS and isinstance(value, str))
    return next(texts, "")


def _outline(annotation: dict, attributes: dict, notes: list[str]) -> list[list[float]] | None:
    """The largest polygon; None for a mask. Raises RegionError."""
    parts = next((annotation[key] for key in OUTLINES if annotation.get(key) not in EMPTY), None)
    if isinstance(parts, dict):
        notes.append(tr("A region is a mask, not a polygon, and was ignored."))
        return None
    if parts is None and annotation.get("bezier_pts"):
        return bezier_outline(annotation["bezier_pts"])
    if parts is None:
        box = annotation.get("bbox")
        if not isinstance(box, list) or len(box) != 4:
            raise RegionError(tr("it has neither a polygon nor a rectangle."))
        x, y, width, height = box
        return rectangle(x, y, width, height, attributes.get("rotation", 0))
    if not isinstance(parts, list):
        raise RegionError(tr("its polygon is not a list."))
    if all(isinstance(n, int | float) for n in parts):
        parts = [parts]
    polygons = [check_polygon(pairs(part)) for part in parts]
    if len(polygons) > 1:
        notes.append(tr("A region has {count} polygons; only the largest was imported.", count=len(polygons)))
    return max(polygons, key=lambda polygon: abs(float(signed_area(polygon))))


def _decode(numbers: list, notes: list[str]) -> str:
    """The text of `rec`; "" if it uses another table than the one of ABCNet and SwinTextSpotter."""
    if not all(type(n) is int and 0 <= n <= FILLER for n in numbers):
        notes.append(tr("A text in `rec` uses an unknown table of characters and was ignored."))
        return ""
    notes.append(tr("Texts were decoded from `rec`, with the 96 characters of ABCNet and SwinTextSpotter."))
    if PRINTABLE in numbers:
        notes.append(
            tr("A text has characters that `rec` does not represent; they became {other}.", other=OTHER)
        )
    return "".join(chr(32 + n) if n < PRINTABLE else OTHER for n in numbers if n != FILLER)
