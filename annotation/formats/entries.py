"""What every format is read into and written from."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from annotation.region import MAX_OUTSIDE, AnnotationError, ParsedRegions, Region, RegionError, check_regions
from annotation.store.images import display_name
from annotation.store.records import ImageRecord, Prediction

MAX_BYTES = 2**30  # of an annotation file
RegionReader = Callable[
    [int, int], ParsedRegions
]  # (width, height) of the upright image in pixels -> regions


class FormatError(AnnotationError):
    """A file that cannot be imported, or an export that cannot be written; the message is one sentence."""


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
    file: Path | None = None  # the image file, if there is one
    sha256: str | None = None  # of the stored image
    read: RegionReader | None = None  # corrected regions; None if the file has none
    submitted: bool = False  # a person has submitted it in Label Studio
    who: str = ""  # that person
    predictions: list[FilePrediction] = field(default_factory=list)
    state: str | None = None  # review state, used if the image is new
    version: int = 0  # of the image when it was exported ...
    added: str = ""  # ... from the database to which the image was added at this time
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = display_name(self.name)  # it is printed in messages


@dataclass
class ExportItem:
    """One image of an export, whose file is already written."""

    file: str  # path inside the exported folder, with /
    image: ImageRecord
    regions: list[Region]
    predictions: list[Prediction]


def read_text(path: Path) -> str:
    """Raises FormatError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(f"{path.name} is larger than {MAX_BYTES // 2**30} GB.")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is not UTF-8 text.") from error
    except OSError as error:
        raise FormatError(f"{path.name} cannot be read: {error.strerror}.") from error


def read_json(text: str, name: str) -> Any:
    """Decodes JSON without NaN and Infinity; `name`: of the file, for messages. Raises FormatError."""

    def refuse(constant: str) -> None:
        raise FormatError(f"{name} contains {constant}, which is not valid JSON.")

    try:
        return json.loads(text, parse_constant=refuse)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise FormatError(f"{name} is not valid JSON{where}.") from error


def find_file(name: str, folders: Iterable[Path | None]) -> Path | None:
    """The file with this relative name, or its last part, in the first folder that has it; never outside."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts:
        return None
    safe = [part for part in parts if part not in ("/", "..", ".")]
    for folder in folders:
        if folder is None:
            continue
        for relative in ("/".join(safe), "/".join(safe[1:]), f"images/{safe[-1]}", safe[-1]) if safe else ():
            path = folder / relative
            with suppress(OSError):  # a name that is longer than the system allows
                if relative and path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                    return path
    return None


def pixel_reader(values: list[dict], size: tuple[int, int] | None = None) -> RegionReader:
    """A reader of regions in pixels; `size`: (width, height) of the image according to the file.

    A region without an id gets one derived from its polygon, so that a repeated import adds nothing.
    """

    def read(width: int, height: int) -> ParsedRegions:
        if size is not None and size != (width, height):
            expected = f"{size[0]} x {size[1]} pixels"
            raise RegionError(f"the file expects {expected}, but the upright image has {width} x {height}")
        notes = set()
        for value in values:
            for x, y in value["polygon"]:
                outside = 100 * max(-x / width, -y / height, x / width - 1, y / height - 1)
                if outside > MAX_OUTSIDE:
                    raise RegionError(f"a point of a region lies {outside:.3g} percent outside the image")
                if outside > 0:
                    notes.add("Points slightly outside the image were moved to its edge.")
        return ParsedRegions(check_regions(_with_ids(values), width, height), sorted(notes))

    return read


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
