"""Regions on photos that EXIF turns, drawn with a tool that does not turn them.

Coordinates in pixels do not say whether the tool has applied the orientation. What fits only the unturned
photo was drawn there and is turned along; what fits both follows the photos that tell.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ExifTags, Image

from annotation.formats.entries import Entry, RegionReader
from annotation.region import AnnotationError, ParsedRegions, check_polygon
from spotter import decoding
from spotter.images import MAX_BYTES
from spotter.language import tr

UPRIGHT, STORED = "upright", "stored"  # what coordinates refer to
COORDINATES = (UPRIGHT, STORED)
# (x, y) on the stored photo of a size (w, h) -> (x, y) on the upright one, by EXIF orientation.
TURNS: dict[int, Callable[[float, float, int, int], tuple[float, float]]] = {
    2: lambda x, y, w, h: (w - x, y),
    3: lambda x, y, w, h: (w - x, h - y),
    4: lambda x, y, w, h: (x, h - y),
    5: lambda x, y, w, h: (y, x),
    6: lambda x, y, w, h: (h - y, x),
    7: lambda x, y, w, h: (h - y, w - x),
    8: lambda x, y, w, h: (y, w - x),
}
MISFIT = 10**9  # regions


@dataclass(frozen=True)
class _Turned:
    """An entry whose photo is turned by EXIF."""

    entry: Entry
    read_stored: RegionReader  # takes the regions as drawn on the stored photo, and turns them
    best: str | None  # what the coordinates refer to, as far as they tell


def turn_along(entries: Iterable[Entry], coordinates: str | None = None) -> None:
    """Lets entries whose regions were drawn on the unturned photo turn them when they are read.

    `coordinates`: what they refer to, UPRIGHT or STORED; None to find it out. Where that is not possible,
    `entry.is_unclear` is set.
    """
    turned = [found for entry in entries if (found := _examine(entry))]
    votes = Counter(one.best for one in turned)
    most = None
    if votes[UPRIGHT] != votes[STORED]:
        most = UPRIGHT if votes[UPRIGHT] > votes[STORED] else STORED
    for one in turned:
        meant = coordinates or one.best or most
        one.entry.is_unclear = meant is None
        if meant == STORED:
            one.entry.read = one.read_stored
            one.entry.notes.append(along_note())


def along_note() -> str:
    return tr("The photo is turned by EXIF; the regions, drawn on the unturned photo, were turned along.")


def _examine(entry: Entry) -> _Turned | None:
    """None if the photo is not turned, or there is nothing to turn."""
    if entry.read is None or not isinstance(entry.file, Path):
        return None
    try:
        with entry.file.open("rb") as file:
            known, _ = decoding.run(_read_orientation, file.read(MAX_BYTES))
    except (OSError, decoding.ImageError):  # whoever decodes the image says so
        return None
    orientation, width, height = known["orientation"], known["width"], known["height"]
    if orientation == 1:
        return None
    stored = _turning(entry.read, orientation)
    if orientation > 4:
        width, height = height, width
    flaws, flaws_stored = (_flaws(read, width, height) for read in (entry.read, stored))
    best = UPRIGHT if flaws < flaws_stored else STORED if flaws_stored < flaws else None
    return _Turned(entry, stored, best)


def _read_orientation(data: bytes) -> decoding.Answer:
    try:
        with Image.open(io.BytesIO(data)) as image:
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
            known = {"orientation": orientation if orientation in TURNS else 1}
            width, height = image.size
    except Exception as error:  # not an image, or broken EXIF
        raise decoding.ImageError("The image has no orientation.") from error
    return known | {"width": width, "height": height}, None


def _flaws(read: RegionReader, width: int, height: int) -> tuple[int, int]:
    """(number of regions that do not fit, number of other flaws)."""
    try:
        parsed = read(width, height)
    except AnnotationError:
        return MISFIT, 0
    return len(parsed.faults), len(parsed.notes)


def _turning(read: RegionReader, orientation: int) -> RegionReader:
    """A reader for the size of the upright image of regions for the stored one."""
    turn = TURNS[orientation]

    def read_turned(width: int, height: int) -> ParsedRegions:
        w, h = (height, width) if orientation > 4 else (width, height)
        parsed = read(w, h)
        regions = [
            replace(region, polygon=check_polygon([list(turn(x, y, w, h)) for x, y in region.polygon]))
            for region in parsed.regions
        ]
        return replace(parsed, regions=regions)

    return read_turned
