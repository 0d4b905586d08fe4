"""What every format reads into and writes from."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from annotation.label_studio.tasks import OUTSIDE, Reading
from annotation.region import AnnotationError, Region, RegionError, check_regions
from annotation.store.images import label
from annotation.store.records import ImageRecord, Prediction

MAX_BYTES = 2**30  # of one annotation file
Reader = Callable[[int, int], Reading]  # width and height of the upright image in pixels -> regions


class FormatError(AnnotationError):
    """A file that cannot be imported, or an export that cannot be written; the message is one sentence."""


@dataclass
class FilePrediction:
    """A model's regions in a file."""

    model_version: str
    score: float | None
    read: Reader


@dataclass
class Entry:
    """One image of a file that is imported."""

    name: str  # file name of the image
    file: Path | None = None  # where the image is, if it is there
    sha256: str | None = None  # of the stored image
    read: Reader | None = None  # corrected regions; None: the file says nothing of them
    submitted: bool = False  # a person in Label Studio has finished it
    who: str = ""  # that person
    said: list[FilePrediction] = field(default_factory=list)
    state: str | None = None  # review state, for an image that is new here
    version: int = 0  # of the image when it was exported ...
    added: str = ""  # ... from the database in which the image has this time of arrival
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = label(self.name)  # it goes into sentences, and so to a terminal


@dataclass
class Item:
    """One image that is exported; its file is there already."""

    file: str  # its path inside the exported folder, with /
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
    """Raises FormatError; NaN and Infinity are no JSON."""

    def refuse(constant: str) -> None:
        raise FormatError(f"{name} holds {constant}, which is not a number that JSON knows.")

    try:
        return json.loads(text, parse_constant=refuse)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise FormatError(f"{name} is not valid JSON{where}.") from error


def find_file(name: str, folders: Iterable[Path | None]) -> Path | None:
    """The file of this relative name, or of its last part, in the first folder that has it; never outside."""
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


def pixel_reader(values: list[dict], size: tuple[int, int] | None = None) -> Reader:
    """Reads regions that are in pixels already; `size`: (width, height) the file believes the image has.

    A region without an id gets one of its polygon, so that a file that is imported again brings nothing new.
    """

    def read(width: int, height: int) -> Reading:
        if size is not None and size != (width, height):
            told = f"{size[0]} x {size[1]} pixels"
            raise RegionError(f"the file speaks of {told}, but the upright image has {width} x {height}")
        notes = set()
        for value in values:
            for x, y in value["polygon"]:
                out = 100 * max(-x / width, -y / height, x / width - 1, y / height - 1)
                if out > OUTSIDE:
                    raise RegionError(f"a point of a region lies {out:.3g} percent outside of the image")
                if out > 0:
                    notes.add("Points slightly outside of the image were moved to its edge.")
        return Reading(check_regions(_with_ids(values), width, height), sorted(notes))

    return read


def _with_ids(values: list[dict]) -> list[dict]:
    times: Counter[str] = Counter()
    found = []
    for value in values:
        if value.get("id") is None:
            place = repr(value["polygon"])
            value = value | {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{place}/{times[place]}"))}
            times[place] += 1
        found.append(value)
    return found
