"""Finds what there is to import in a folder: files in the folder itself or, if it has none, in subfolders."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.formats.detection import IMAGE_ENDINGS, Format, Source, detect
from annotation.formats.entries import Entry, FormatError, reject
from spotter.language import tr

MAX_FOLDERS = 1000  # that are looked at


@dataclass(frozen=True)
class Found:
    """A file or folder to import."""

    format_name: str
    path: Path
    images: Path | None = None  # the folder of the images, if they are not in `path`
    others: Sequence[str] = ()  # titles of the other formats that `path` has files of

    def read(self, module: Format, images: Path | None) -> list[Entry]:
        """Raises FormatError."""
        entries = module.read(self.path, images or self.images)
        if self.others:
            note = tr(
                "{name} also has files in other forms, which were not imported: {known}. "
                "Import these files one by one.",
                name=self.path.name,
                known=", ".join(self.others),
            )
            entries[0].general_notes.append(note)
        return entries


def find_sources(path: Path, formats: Mapping[str, Any], format_name: str | None) -> list[Found]:
    """What to read, in the order of the names; only of one format if it is given. Raises FormatError."""
    if format_name is not None:
        formats = {format_name: formats[format_name]}
    found = _look_at(path, formats)
    if found is None and path.is_dir():
        below = _look_below(path, formats)
        if below:
            return below
    if found is not None:
        return [found]
    return [Found(format_name or detect(path, formats), path)]


def read_sources(
    root: Path, found: Sequence[Found], formats: Mapping[str, Any], images: Path | None
) -> list[tuple[str, list[Entry]]]:
    """(format, entries) of each; one that cannot be read leaves the others. Raises FormatError."""
    if len(found) == 1:
        return [(found[0].format_name, found[0].read(formats[found[0].format_name], images))]
    read = []
    for one in found:
        place = one.path.relative_to(root).as_posix()
        try:
            entries = one.read(formats[one.format_name], images)
        except FormatError as error:
            entries = [reject(str(error))]
        for entry in entries:
            entry.where = f"{place}/{entry.where or entry.name}"
            entry.faults = [f"{place}/{fault}" for fault in entry.faults]
            entry.general_notes = [f"{place}: {note}" for note in entry.general_notes]
        read.append((one.format_name, entries))
    return read


def _look_at(path: Path, formats: Mapping[str, Any], images: Path | None = None) -> Found | None:
    source = Source(path)
    names = iter(formats)
    for name in names:
        if formats[name].recognises(source):
            others = []
            for other in names:
                with suppress(FormatError):  # a package is missing
                    others += [formats[other].title()] if formats[other].recognises(source) else []
            return Found(name, path, images, others)
    return None


def _look_below(root: Path, formats: Mapping[str, Any]) -> list[Found]:
    """Subfolders with annotations. Where they have no images, these are somewhere else below the root.

    Raises FormatError if there are too many.
    """
    found = []
    count = 0
    for place, folders, _ in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        count += 1
        if count > MAX_FOLDERS:
            sentence = tr(
                "{name} has more than {limit} folders. Import the folders with the annotations one by one.",
                name=root.name,
                limit=MAX_FOLDERS,
            )
            raise FormatError(sentence)
        if place == str(root):
            continue
        folder = Path(place)
        one = _look_at(folder, formats, None if _has_images(folder) else root)
        if one is not None:
            found.append(one)
            folders.clear()
    return found


def _has_images(folder: Path) -> bool:
    return any(
        Path(name).suffix.lower() in IMAGE_ENDINGS
        for _, _, names in os.walk(folder, followlinks=False)
        for name in names
    )
