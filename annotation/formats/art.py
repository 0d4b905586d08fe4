"""The JSON of ICDAR 2019 ArT and LSVT: lists of regions (`transcription`, `points`, `illegibility`), by the
name of their image."""

from __future__ import annotations

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
from annotation.region import RegionError, check_polygon, check_text
from spotter.language import tr

ENDINGS = ("", ".jpg", ".png", ".jpeg")  # the file names images without an ending
ILLEGIBLE = "###"


def title() -> str:
    return tr("the JSON of ICDAR 2019 ArT and LSVT")


def recognises(source: Source) -> bool:
    return bool(_files(source))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder. Raises FormatError."""
    files = _files(Source(path))
    if not files:
        raise FormatError(
            tr(
                "{name} is not {title}; expected an object of image names and their regions.",
                name=path.name,
                title=title(),
            )
        )
    return read_files(files, partial(_read_file, images=images))


def _read_file(file: Path, images: Path | None) -> list[Entry]:
    entries = []
    for name, items in read_json(read_text(file), file.name).items():
        where = f"{file.name}, {name}"
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            entries.append(reject(tr("{where}: expected a list of regions.", where=where), name))
            continue
        found = (find_file(name + ending, [images, file.parent]) for ending in ENDINGS)
        image = next((path for path in found if path is not None), None)
        entry = Entry(image.name if image else f"{name}.jpg", image, where=where, state="done")
        values = []
        for i, item in enumerate(items, start=1):
            try:
                values.append(_region(item) | {"where": f"region {i}"})
            except RegionError as error:
                entry.faults.append(f"{where}, region {i}: {error}")
        note_missing_texts(entry, values)
        entry.read = pixel_reader(values)
        entries.append(entry)
    return entries


def _files(source: Source) -> list[Path]:
    return [file for file in source.files("*.json") if _has_form(source.json(file))]


def _has_form(content: object) -> bool:
    if not isinstance(content, dict) or not content:
        return False
    regions = next((items[0] for items in content.values() if isinstance(items, list) and items), None)
    return isinstance(regions, dict) and {"transcription", "points"} <= regions.keys()


def _region(item: dict) -> dict:
    text = check_text(item.get("transcription"))
    illegible = item.get("illegibility") is True or text == ILLEGIBLE
    return {
        "polygon": check_polygon(item.get("points")),
        "text": "" if illegible else text,
        "illegible": illegible,
        "difficult": False,
        "origin": "import",
        "locked": True,
    }
