"""HierText's JSON: paragraphs of lines of words. The words are imported; images are named IMAGE_ID.jpg."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

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
from annotation.formats.outlines import image_size, imported_region, points_of
from annotation.region import RegionError
from spotter.language import tr

ENDINGS = (".jpg", ".jpeg", ".png")


def title() -> str:
    return tr("HierText")


def recognises(source: Source) -> bool:
    return bool(_files(source))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder. Raises FormatError."""
    files = _files(Source(path)) if path.is_dir() else [path]
    return read_files(files or [path / "train.jsonl"], partial(_read_file, images=images))


def _read_file(path: Path, images: Path | None) -> list[Entry]:
    content = read_json(read_text(path), path.name)
    if not _is_hiertext(content):
        raise FormatError(tr("{name} is not a file of HierText.", name=path.name))
    items = content["annotations"]
    return [_entry(item, i, path.name, [images, path.parent]) for i, item in enumerate(items, start=1)]


def _files(source: Source) -> list[Path]:
    """HierText's own files are JSON, although their names end in .jsonl."""
    return [path for path in source.files("*.json", "*.jsonl") if _is_hiertext(source.json(path))]


def _is_hiertext(content: object) -> bool:
    items = content.get("annotations") if isinstance(content, dict) else None
    return isinstance(items, list) and any(
        isinstance(item, dict) and {"image_id", "paragraphs"} <= item.keys() for item in items
    )


def _entry(item: object, i: int, file: str, folders: list[Path | None]) -> Entry:
    name = item.get("image_id") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(name, str) or not name:
        return reject(tr("{file}, annotation {i}: it needs an image_id.", file=file, i=i))
    found = (find_file(f"{name}{ending}", folders) for ending in ENDINGS)
    image = next((path for path in found if path is not None), None)
    entry = Entry(f"{name}{ENDINGS[0]}" if image is None else image.name, image, state="done")
    entry.where = f"{file} ({entry.name})"
    values: list[dict] = []
    try:
        for number, word in enumerate(_words(item), start=1):
            where = tr("word {number}", number=number)
            try:
                values.append(_region(word) | {"where": where})
            except RegionError as error:
                entry.faults.append(f"{entry.where}, {where}: {error}")
    except FormatError as error:
        return reject(f"{file}, {entry.name}: {error}", entry.name)
    note_missing_texts(entry, values)
    entry.read = pixel_reader(values, image_size(item, "image_width", "image_height"))
    return entry


def _words(item: dict) -> Iterator[dict]:
    """Those of all lines; a line or a paragraph without any stands for itself. Raises FormatError."""
    for paragraph in _objects(item, "paragraphs"):
        lines = _objects(paragraph, "lines")
        yield from (word for line in lines for word in _objects(line, "words") or [line])
        if not lines:
            yield paragraph


def _objects(parent: dict, key: str) -> list[dict]:
    """Raises FormatError."""
    values = parent.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise FormatError(tr("its {key} must be a list of objects.", key=key))
    return values


def _region(word: dict) -> dict:
    """Raises RegionError."""
    is_illegible = word.get("legible") is False
    text = "" if is_illegible else word.get("text", "")
    return imported_region(points_of(word.get("vertices")), text, illegible=is_illegible)
