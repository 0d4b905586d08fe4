"""One CSV file with a line per region, for spreadsheets and pandas.

A value that a spreadsheet would run as a formula gets an apostrophe in front, which an import removes again;
see `spotter.formats.formulas`.
An image without regions has one line without a region.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from functools import partial
from io import StringIO
from pathlib import Path, PurePosixPath

from annotation.formats.detection import Source
from annotation.formats.entries import (
    Entry,
    ExportItem,
    FormatError,
    note_missing_texts,
    pixel_reader,
    read_files,
    read_text,
)
from annotation.formats.export_notes import ExportNotes
from annotation.formats.image_files import find_file
from annotation.formats.outlines import imported_region
from annotation.region import FLAGS, ID, Region, RegionError, check_score
from annotation.review import CONFIRMED_STATES
from annotation.store.selection import SELECTABLE
from spotter.formats.formulas import guard_formula, unguard_formula
from spotter.language import tr

FILE = "regions.csv"
COLUMNS = (
    "file",
    "region",
    "polygon",  # [[x, y], ...] in pixels of the upright image
    "text",
    "flags",  # illegible, difficult, both or none
    "state",  # of the image
    "author",  # who changed the region last; empty if only a model did
    "score",  # of the detection, 0..1
    "reading_score",
    "sha256",  # of the image, which tells those of the same name apart
)
DELIMITERS = (",", ";", "\t")  # spreadsheets of some countries save the second


def title() -> str:
    return tr("our own CSV")


def recognises(source: Source) -> bool:
    return bool(_files(source))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder. Raises FormatError."""
    files = _files(Source(path)) if path.is_dir() else [path]
    return read_files(files or [path / FILE], partial(_read_file, images=images))


def _files(source: Source) -> list[Path]:
    return [file for file in source.files("*.csv") if _delimiter(source.head(file))]


def _read_file(path: Path, images: Path | None) -> list[Entry]:
    text = read_text(path)
    delimiter = _delimiter(text)
    if delimiter is None:
        raise FormatError(
            tr("{name} is not a CSV file with the columns {known}.", name=path.name, known=", ".join(COLUMNS))
        )
    entries: dict[tuple[str, str], Entry] = {}
    regions: dict[tuple[str, str], list[dict]] = {}
    try:
        for number, row in enumerate(csv.DictReader(StringIO(text, newline=""), delimiter=delimiter), 2):
            values = {column: unguard_formula(row.get(column) or "") for column in COLUMNS}
            key = (values["file"], values["sha256"])
            if key not in entries:
                entries[key] = _entry(values, path, images)
                regions[key] = []
            if not values["region"] and not values["polygon"]:
                continue
            where = tr("row {number}", number=number)
            try:
                region = _read_region(values, {known["id"] for known in regions[key]})
            except RegionError as error:
                entries[key].faults.append(f"{path.name}, {where}: {error}")
                continue
            regions[key].append(region | {"where": where})
    except csv.Error as error:
        raise FormatError(tr("{name} is not valid CSV: {error}.", name=path.name, error=error)) from error
    if not entries:
        raise FormatError(tr("{name} contains no images.", name=path.name))
    for key, entry in entries.items():
        entry.read = pixel_reader(regions[key])
        note_missing_texts(entry, regions[key])
    return list(entries.values())


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes the file; nothing that a person sees is lost."""
    with (folder / name).open("w", encoding="utf-8-sig", newline="") as stream:  # Excel needs the mark
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for item in items:
            regions: Sequence[Region | None] = item.regions or (None,)
            for region in regions:
                writer.writerow([guard_formula(value) for value in _row(item, region)])


def _row(item: ExportItem, region: Region | None) -> list[str]:
    image = item.image
    about: list[str] = (
        ["", "", "", ""]
        if region is None
        else [
            region.id,
            json.dumps(region.polygon),
            region.text,
            " ".join(flag for flag in FLAGS if getattr(region, flag)),
        ]
    )
    author = "" if region is None else item.authors.get(region.id, "")
    scores = (None, None) if region is None else (region.score, region.reading_score)
    return [
        image.name,
        *about,
        image.state,
        author,
        *("" if score is None else str(score) for score in scores),
        image.sha256,
    ]


def _delimiter(text: str) -> str | None:
    """Between the columns of the first line; None if they are others."""
    first = text.partition("\n")[0].replace('"', "").strip()
    return next((sign for sign in DELIMITERS if set(COLUMNS) <= set(first.split(sign))), None)


def _entry(values: dict[str, str], path: Path, images: Path | None) -> Entry:
    name = PurePosixPath(values["file"].replace("\\", "/")).name
    entry = Entry(name, find_file(values["file"], [images, path.parent]), values["sha256"] or None)
    entry.where = f"{path.name} ({entry.name})"
    entry.state = values["state"] if values["state"] in SELECTABLE else "in work"
    return entry


def _read_region(values: dict[str, str], known: set[str]) -> dict:
    """`known`: ids of the image's other regions. Raises RegionError."""
    flags = values["flags"].split()
    if unknown := [flag for flag in flags if flag not in FLAGS]:
        raise RegionError(
            tr(
                "the flag {unknown!r} is unknown; expected {known}.",
                unknown=unknown[0],
                known=" or ".join(FLAGS),
            )
        )
    try:
        polygon = json.loads(values["polygon"])
        scores = {key: float(values[key]) if values[key] else None for key in ("score", "reading_score")}
    except (ValueError, RecursionError) as error:
        raise RegionError(tr("its polygon must be [[x, y], ...], and its scores must be numbers.")) from error
    name = values["region"]
    return imported_region(
        polygon,
        values["text"],
        id=name if ID.fullmatch(name) and name not in known else None,
        locked=bool(values["author"]) or values["state"] in CONFIRMED_STATES,
        **{flag: flag in flags for flag in FLAGS},
        **{key: check_score(score, key) for key, score in scores.items()},
    )
