"""PPOCRLabel's Label.txt, one line per image: FOLDER/NAME.jpg, a tab, and a list of words with
`transcription`, `points` and `difficult`.

Next to it, fileState.txt names the images that a person has checked, and Cache.cach, of the same form,
contains what the model read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from annotation.formats.detection import CROP_LINE, Source
from annotation.formats.entries import (
    Entry,
    ExportItem,
    FormatError,
    note_missing_texts,
    pixel_reader,
    read_json,
    read_text,
    reject,
)
from annotation.formats.export_notes import ExportNotes
from annotation.formats.image_files import find_file
from annotation.region import Region, RegionError, check_polygon, check_text
from annotation.review import CONFIRMED_STATES
from spotter.language import tr

FILE = "Label.txt"
CACHE = "Cache.cach"
CHECKED = "fileState.txt"
FIRST_LINE = re.compile(r"[^\t\n]+\t\s*\[\s*[{\]]")
ILLEGIBLE = ("###", "*")  # texts that PaddleOCR's training ignores
PLACEHOLDERS = ("待识别", "TEMPORARY")  # what PPOCRLabel writes into a new box until somebody types

# PPOCRLabel replaces these words in the whole line before it reads it as Python.
PYTHON_WORDS = ("true", "false", "null")


def title() -> str:
    return tr("PPOCRLabel's Label.txt")


def recognises(source: Source) -> bool:
    """A Label.txt or Cache.cach, or a file whose first line is a name, a tab and a list of words."""
    return _choose(source) is not None


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of Label.txt, of Cache.cach, or of a folder with one of them. Raises FormatError."""
    file = _choose(Source(path)) if path.is_dir() else path
    if file is None:
        raise FormatError(
            tr("{name} contains neither {file} nor {cache}.", name=path.name, file=FILE, cache=CACHE)
        )
    text = read_text(file)
    if CROP_LINE.match(text):
        raise FormatError(
            tr(
                "{name} is a list of cropped words and their texts, to train a recogniser; "
                "it does not say where the words are. Import {file} instead.",
                name=file.name,
                file=FILE,
            )
        )
    lines = [
        (f"{file.name}, line {number}", *line.rstrip("\r").partition("\t"))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    if not lines:
        raise FormatError(tr("{name} contains no images.", name=file.name))
    checked = _read_checked(file)
    bases = Counter(parts[-1:] for parts in {_parts(name) for _, name, *_ in lines})
    entries: list[Entry] = []
    latest: dict[Path, Entry] = {}  # by image file; the newest line of an image is the last
    texts: dict[str, list[str]] = {}  # of these lines
    for where, name, tab, words in lines:
        if not tab:
            entries.append(
                reject(tr("{where}: expected a file name, a tab and a list of words.", where=where))
            )
            continue
        entry = Entry(PurePosixPath(*_parts(name)[-1:]).name, where=where, state="done")
        entry.file = find_file(name, [images, file.parent])
        try:
            values = _words(words, entry)
        except FormatError as error:
            entries.append(reject(str(error), entry.name))
            continue
        if file.suffix == Path(CACHE).suffix:
            entry.state = "new"
        elif checked is not None and not _is_checked(name, checked, bases):
            entry.state = "in work"
        for value in values:
            value["locked"] = entry.state == "done" and value["text"] not in PLACEHOLDERS
        if numbers := [value["text"] for value in values if value.pop("is_number")]:
            entry.notes.append(tr("Texts that are numbers in the file: {known}.", known=", ".join(numbers)))
        if any(value["text"] in PLACEHOLDERS for value in values):
            entry.notes.append(tr("Some texts are PPOCRLabel's placeholders for words that were not typed."))
            entry.state = "in work" if entry.state == "done" else entry.state
        entry.read = pixel_reader(values)
        note_missing_texts(entry, values)
        if entry.file is not None and (older := latest.get(entry.file)) is not None:
            if not values:
                continue  # an empty line after one with words
            entries.remove(older)
            ignored = ", ".join(repr(text) for text in texts.pop(older.where) if text)
            entry.notes.append(
                tr(
                    "{where} is an older line of this image and was ignored ({ignored}).",
                    where=older.where,
                    ignored=ignored,
                )
            )
        if entry.file is not None:
            latest[entry.file] = entry
            texts[where] = [value["text"] for value in values]
        entries.append(entry)
    return entries


def _choose(source: Source) -> Path | None:
    """The file to read; Label.txt before others, Cache.cach last."""
    for path in (*source.files(FILE), *source.files("*.txt"), *source.files("*.cach")):
        if path.name == FILE or path.name == CACHE or FIRST_LINE.match(source.head(path).lstrip()):
            return path
    return None


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _read_checked(file: Path) -> list[tuple[str, ...]] | None:
    """Paths of the images that fileState.txt names as checked; None if there is no such file."""
    path = file.with_name(CHECKED)
    if not path.is_file():
        return None
    lines = [line.rstrip("\r").partition("\t") for line in read_text(path).split("\n")]
    return [_parts(name) for name, _, state in lines if name and state.strip() == "1"]


def _is_checked(name: str, checked: list[tuple[str, ...]], bases: Counter[tuple[str, ...]]) -> bool:
    """Its folder may have been renamed since, if the name alone tells which image it is."""
    parts = _parts(name)
    tail = parts[-1:] if bases[parts[-1:]] == 1 else parts
    return any(path[-len(tail) :] == tail for path in checked)


def _words(text: str, entry: Entry) -> list[dict]:
    """The regions of one line; invalid ones become faults of the entry. Raises FormatError."""
    if re.match(r"\s*\[\s*\{\s*'", text):
        raise FormatError(
            tr("{where}: the words are written as Python, not as JSON; use json.dumps.", where=entry.where)
        )
    try:
        values = read_json(text, "the list of words")
    except FormatError as error:
        raise FormatError(f"{entry.where}: {str(error).replace(' (line 1)', '')}") from error
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise FormatError(tr("{where}: expected a list of words.", where=entry.where))
    keys = sorted({str(value["key_cls"]) for value in values if value.get("key_cls") not in (None, "None")})
    if keys:
        entry.notes.append(
            tr("The classes of its words (key_cls: {known}) were ignored.", known=", ".join(keys))
        )
    regions = []
    for i, value in enumerate(values, start=1):
        try:
            regions.append(_region(value, f"word {i}"))
        except RegionError as error:
            entry.faults.append(f"{entry.where}, word {i}: {error}")
    return regions


def _region(value: dict, where: str) -> dict:
    text, difficult = value.get("transcription"), value.get("difficult", False)
    is_number = isinstance(text, int | float) and not isinstance(text, bool)  # as a script may write it
    text = check_text("" if text is None else str(text) if is_number else text)
    if difficult not in (False, True, None):
        raise RegionError(tr("difficult must be true or false."))
    illegible = text in ILLEGIBLE
    return {
        "where": where,
        "is_number": is_number,
        "polygon": check_polygon(value.get("points")),
        "text": "" if illegible else text,
        "illegible": illegible,
        "difficult": bool(difficult) and not illegible,
        "origin": "import",
    }


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes Label.txt and fileState.txt, with the images next to them; `name`: of the folder, with which
    every line begins."""
    lines, checked = [], []
    for item in items:
        key = f"{name}/{item.file}"
        words = [_word(item, region, notes) for region in item.regions]
        lines.append(f"{key}\t{json.dumps(words, ensure_ascii=False)}\n")
        if item.image.state in CONFIRMED_STATES:
            checked.append(f"{key}\t1\n")
    for file, content in ((FILE, lines), (CHECKED, checked)):
        (folder / file).write_text("".join(content), encoding="utf-8", newline="\n")


def _word(item: ExportItem, region: Region, notes: ExportNotes) -> dict:
    for applies, what in (
        (region.illegible and region.text, tr("texts of illegible regions, which became ###")),
        (not region.illegible and not region.text, tr('regions without a text, which have "" in Label.txt')),
        (
            not region.illegible and region.text in ILLEGIBLE,
            tr("texts that mean illegible in this format, and will be read as such"),
        ),
        (
            not region.illegible and region.text in PLACEHOLDERS,
            tr("texts that PPOCRLabel takes for untyped ones"),
        ),
        (
            any(word in region.text for word in PYTHON_WORDS),
            tr("texts with true, false or null, which PPOCRLabel shows as True, False or None"),
        ),
        (
            region.illegible and region.difficult,
            tr("illegible regions that lost the flag difficult, as the format gives it to all of them"),
        ),
    ):
        if applies:
            notes.add_region(what, item.image, region)
    return {
        "transcription": ILLEGIBLE[0] if region.illegible else region.text,
        "points": region.polygon,
        "difficult": region.difficult or region.illegible,
    }
