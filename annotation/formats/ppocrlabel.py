"""PPOCRLabel's Label.txt, one line per image: FOLDER/NAME.jpg, a tab, and a list of words with
`transcription`, `points` and `difficult`."""

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
from annotation.region import RegionError, check_polygon, check_text

FILE = "Label.txt"
ILLEGIBLE = ("###", "*")  # texts that PaddleOCR's training ignores


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of Label.txt, or of a folder with it. Raises FormatError."""
    if path.is_dir():
        path = path / FILE
    entries = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            entries.append(_entry(line.rstrip("\r"), f"{path.name}, line {number}", [images, path.parent]))
    if not entries:
        raise FormatError(f"{path.name} contains no images.")
    return entries


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: list[str]) -> None:
    """Writes Label.txt, with the images next to it; `name`: of the folder, with which every line begins.

    What the format cannot represent is added to `notes`.
    """
    lines = []
    for item in items:
        words = []
        for region in item.regions:
            shown = f"{item.image.name}: {region.text!r}"
            if region.illegible and region.text:
                notes.append(f"{shown} was written as ###, because it is illegible.")
            elif region.text in ILLEGIBLE and not region.illegible:
                notes.append(f"{shown} means illegible in this format, and will be read as such.")
            if region.illegible and region.difficult:
                notes.append(
                    f"{shown} lost its flag difficult, which this format gives to every illegible word."
                )
            words.append(
                {
                    "transcription": ILLEGIBLE[0] if region.illegible else region.text,
                    "points": region.polygon,
                    "difficult": region.difficult or region.illegible,
                }
            )
        lines.append(f"{name}/{item.file}\t{json.dumps(words, ensure_ascii=False)}\n")
    (folder / FILE).write_text("".join(lines), encoding="utf-8", newline="\n")


def _entry(line: str, where: str, folders: list[Path | None]) -> Entry:
    name, tab, words = line.partition("\t")
    if not tab:
        raise FormatError(f"{where}: expected a file name, a tab and a list of words.")
    values = read_json(words, where)
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise FormatError(f"{where}: expected a list of words.")
    regions = []
    for i, value in enumerate(values, start=1):
        try:
            text = check_text(value.get("transcription"))
            illegible = text in ILLEGIBLE
            difficult = value.get("difficult", False)
            if not isinstance(difficult, bool):
                raise RegionError("difficult must be true or false.")
            regions.append(
                {
                    "polygon": check_polygon(value.get("points")),
                    "text": "" if illegible else text,
                    "illegible": illegible,
                    "difficult": difficult and not illegible,
                    "origin": "import",
                    "locked": True,
                }
            )
        except RegionError as error:
            raise FormatError(f"{where}, word {i}: {error}") from error
    return Entry(
        PurePosixPath(name.replace("\\", "/")).name,
        find_file(name, folders),
        read=pixel_reader(regions),
        state="done",
    )
