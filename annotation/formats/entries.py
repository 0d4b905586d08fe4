"""What every format is read into and written from."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.region import (
    MAX_OUTSIDE,
    AnnotationError,
    ParsedRegions,
    Region,
    RegionError,
    check_region,
    check_regions,
)
from annotation.store.images import display_name
from annotation.store.records import ImageRecord, Prediction
from spotter.language import tr

MAX_BYTES = 2**30  # of an annotation file
RegionReader = Callable[
    [int, int], ParsedRegions
]  # (width, height) of the upright image in pixels -> regions


class FormatError(AnnotationError):
    """A file that cannot be imported, or an export that cannot be written; the message is one sentence, or a
    sentence and one line per fault and per note on the file."""


@dataclass
class FilePrediction:
    """A model's prediction in a file."""

    model_version: str
    score: float | None
    read: RegionReader


@dataclass
class Entry:
    """One image of an imported file."""

    name: str  # file name of the image
    where: str = field(default="", kw_only=True)  # its place, for messages: "Label.txt, line 3"
    file: Path | bytes | None = None  # the image file or its content, if there is one
    sha256: str | None = None  # of the stored image
    read: RegionReader | None = None  # corrected regions; None if the file has none
    submitted: bool = False  # a person has submitted it in Label Studio
    who: str = ""  # that person
    predictions: list[FilePrediction] = field(default_factory=list)
    is_unclear: bool = False  # whether its regions were drawn before EXIF turned the photo, see `turning`
    state: str | None = None  # review state, used if the image is new
    version: int = 0  # of the image when it was exported ...
    added: str = ""  # ... from the database to which the image was added at this time
    notes: list[str] = field(default_factory=list)
    general_notes: list[str] = field(default_factory=list)  # on the whole input; on one entry is enough
    # What could not be read of this image, one sentence each: "a.json, annotation 3: ...".
    faults: list[str] = field(default_factory=list)
    rejected: bool = False  # nothing of this item could be read, for the reason in `faults`

    def __post_init__(self) -> None:
        self.name = display_name(self.name)  # it is printed in messages


def reject(fault: str, name: str = "") -> Entry:
    """In place of an item that could not be read; the others are imported all the same."""
    return Entry(name, faults=[fault], rejected=True)


def note_missing_texts(entry: Entry, values: list[dict]) -> None:
    """Adds a note on readable regions without a text; an image without any text is not done."""
    readable = [value for value in values if not value["illegible"]]
    if missing := sum(not value["text"] for value in readable):
        entry.notes.append(tr("Regions without a text: {number}.", number=missing))
        if missing == len(readable) and entry.state == "done":
            entry.state = "in work"


@dataclass
class ExportItem:
    """One image of an export; what its format does not need is empty."""

    file: str  # path inside the exported folder, with /; already written if the format has image files
    image: ImageRecord
    regions: list[Region]
    predictions: list[Prediction] = field(default_factory=list)
    authors: dict[str, str] = field(default_factory=dict)  # who changed a region last, by its id
    source: Path = Path()  # the stored image file


def read_files(files: Sequence[Path], read_file: Callable[[Path], list[Entry]]) -> list[Entry]:
    """Entries of all files; one that cannot be read leaves the others. Raises FormatError."""
    if len(files) == 1:
        return read_file(files[0])
    entries: list[Entry] = []
    for file in files:
        try:
            entries += read_file(file)
        except FormatError as error:
            entries.append(reject(str(error), file.name))
    return entries


def read_text(path: Path) -> str:
    """Raises FormatError."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would be waited for
        raise FormatError(tr("{name} is no file; give a file or a folder.", name=path.name))
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(
                tr("{name} is larger than {max_bytes} GB.", name=path.name, max_bytes=MAX_BYTES // 2**30)
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            tr(
                "{name} is not UTF-8 text; open it in an editor with its encoding (such as "
                "GBK, Shift JIS, Windows-1252) and save it as UTF-8.",
                name=path.name,
            )
        ) from error
    except FileNotFoundError as error:
        raise FormatError(
            tr("{folder} has no {name}; is it of another format?", folder=path.parent.name, name=path.name)
        ) from error
    except OSError as error:
        raise FormatError(
            tr("{name} cannot be read: {reason}.", name=path.name, reason=error.strerror)
        ) from error


def read_json(text: str, name: str) -> Any:
    """Decodes JSON without NaN and Infinity; `name`: of the file, for messages. Raises FormatError."""

    def refuse(constant: str) -> None:
        raise FormatError(
            tr("{name} contains {constant}, which is not valid JSON.", name=name, constant=constant)
        )

    try:
        return json.loads(text, parse_constant=refuse)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError):
            message = tr("{name} is not valid JSON (line {number}).", name=name, number=error.lineno)
        else:
            message = tr("{name} is not valid JSON.", name=name)
        raise FormatError(message) from error


def pixel_reader(values: list[dict], size: tuple[int, int] | None = None) -> RegionReader:
    """A reader of regions in pixels; `size`: (width, height) of the image according to the file.

    A region without an id gets one derived from its polygon, so that a repeated import adds nothing. A region
    that is invalid is left out and named in `faults`, by its key `where` ("word 3") if it has one.
    """

    def read(width: int, height: int) -> ParsedRegions:
        notes, faults, valid = set(), [], []
        scale = (1.0, 1.0)
        if size is not None and size != (width, height):
            sizes = {"width": size[0], "height": size[1], "upright": f"{width} x {height}"}
            if not _has_same_ratio(size, (width, height)):
                raise RegionError(
                    tr(
                        "the file expects {width} x {height} pixels, but the upright image has {upright}",
                        **sizes,
                    )
                )
            scale = (width / size[0], height / size[1])
            note = tr(
                "The file expects {width} x {height} pixels, but the upright image has {upright}; "
                "the regions were scaled.",
                **sizes,
            )
            notes.add(note)
        for number, value in enumerate(_with_ids(values), start=1):
            try:
                if scale != (1.0, 1.0):
                    value = value | {"polygon": [[x * scale[0], y * scale[1]] for x, y in value["polygon"]]}
                outside = _percent_outside(value["polygon"], width, height)
                if outside > MAX_OUTSIDE:
                    raise RegionError(
                        tr("a point lies {share:.3g} percent outside the image.", share=outside)
                    )
                region = check_region(value, width, height)
            except RegionError as error:
                where = value.get("where") or tr("region {number}", number=number)
                faults.append(f"{where}: {error}")
                continue
            valid.append(region)
            if outside > 0:
                notes.add(tr("Points slightly outside the image were moved to its edge."))
        return ParsedRegions(check_regions(valid, width, height, valid), sorted(notes), faults=faults)

    return read


def _has_same_ratio(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether one image is the other one scaled, with sides in whole pixels."""
    (w, h), (width, height) = sorted((first, second))
    return abs(height * w / width - h) <= 1


def _percent_outside(polygon: list[list[float]], width: int, height: int) -> float:
    """By how much a point lies outside the image, in percent of its size."""
    return 100 * max(max(-x / width, -y / height, x / width - 1, y / height - 1) for x, y in polygon)


def _with_ids(values: list[dict]) -> list[dict]:
    counts: Counter[str] = Counter()
    found = []
    for value in values:
        if value.get("id") is None:
            polygon = repr(value["polygon"])
            region_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{polygon}/{counts[polygon]}")
            value = value | {"id": str(region_id)}
            counts[polygon] += 1
        found.append(value)
    return found
