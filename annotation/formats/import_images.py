"""The images of an import: decoded into a temporary folder, and found in the project."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from sqlalchemy.orm import Session

from annotation.formats.entries import Entry, FormatError
from annotation.formats.image_files import plain_name
from annotation.store import projects
from annotation.store.images import ImageFolder, StoredImage
from annotation.store.store import Store
from annotation.store.tables import ImageRow
from spotter.images import ImageError, count_pages
from spotter.language import tr

ABANDONED_SECONDS = 86400  # age of a killed import's folder: no import takes a day


@contextmanager
def staging_folder(store: Store) -> Iterator[ImageFolder]:
    """A temporary image folder next to the stored images."""
    store.images.folder.mkdir(parents=True, exist_ok=True)
    for folder in store.images.folder.glob(".import-*"):  # left by an import that was killed
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(dir=store.images.folder, prefix=".import-") as temporary:
        yield ImageFolder(Path(temporary))


def stage(
    store: Store, project: str, entries: Sequence[Entry], staging: ImageFolder, faults: list[str]
) -> list[tuple[Entry, StoredImage | None]]:
    """Decodes the images that the project lacks, before the transaction, which blocks other writers.

    Returns the entries with their image, without those that are invalid, which are added to `faults`.
    """
    with store.read() as session:
        project_id = projects.find_project(session, project)
        known = [
            project_id is not None and projects.find_by_hash(session, entry.sha256, project_id) is not None
            for entry in entries
        ]
    staged: list[tuple[Entry, StoredImage | None]] = []
    for entry, is_known in zip(entries, known, strict=True):
        if entry.rejected:
            faults += entry.faults
        elif is_known or entry.file is None:
            staged.append((entry, None))
        else:
            try:
                stored = staging.add(entry.file)
                if entry.sha256 not in (None, stored.sha256, stored.source_sha256):
                    raise another_image(entry)
                if (count := count_pages(entry.file)) > 1:
                    entry.notes.append(tr("Only the first of its {count} pages was imported.", count=count))
                staged.append((entry, stored))
            except (ImageError, FormatError) as error:
                faults.append(fault_of(entry, error))
    return staged


class ImageFinder:
    """Finds the images of entries in a project."""

    def __init__(self, session: Session, project_id: int) -> None:
        self.session, self.project_id = session, project_id

    def find(self, entry: Entry, stored: StoredImage | None) -> ImageRow | None:
        """The image in the project: found by hash, else by the file's content, else by name; None if it has
        to be added. Raises FormatError if it is neither in the project nor a file.
        """
        if (row := projects.find_by_hash(self.session, entry.sha256, self.project_id)) is not None:
            return row
        hashes = (entry.sha256, *((stored.sha256, stored.source_sha256) if stored is not None else ()))
        if any(projects.is_in_bin(self.session, self.project_id, sha256) for sha256 in hashes):
            raise FormatError(
                tr("The image {name} is in the bin of the project; restore it there first.", name=entry.name)
            )
        if stored is not None:
            for sha256 in (stored.sha256, stored.source_sha256):
                if (row := projects.find_by_hash(self.session, sha256, self.project_id)) is not None:
                    return row
            return None
        named = projects.find_by_name(self.session, self.project_id, entry.name)
        named = named or self._named_alike(entry.name)
        if not named:
            raise FormatError(
                tr("The image {name} is neither in the project nor next to the file.", name=entry.name)
            )
        if entry.sha256 is not None:
            raise another_image(entry)
        if len(named) > 1:
            raise FormatError(
                tr(
                    "The project has several images named {name}, so it is not clear which is meant.",
                    name=entry.name,
                )
            )
        return named[0]

    def _named_alike(self, name: str) -> list[ImageRow]:
        """Images whose names mean the same, see `plain_name`."""
        ids = self._by_plain_name.get(plain_name(name), [])
        return [projects.get_image(self.session, image_id) for image_id in ids]

    @cached_property
    def _by_plain_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for image in projects.list_images(self.session, self.project_id):
            found.setdefault(plain_name(image.name), []).append(image.id)
        return found


def fault_of(entry: Entry, error: Exception) -> str:
    """An error of an entry with its place in the file."""
    place = entry.where or ("" if isinstance(error, FormatError) else entry.name)
    return f"{place}: {str(error).rstrip('.')}." if place else f"{str(error).rstrip('.')}."


def another_image(entry: Entry) -> FormatError:
    return FormatError(tr("{name} is not the image that was annotated (its hash differs).", name=entry.name))


def move(staging: ImageFolder, folder: ImageFolder, stored: StoredImage) -> None:
    """Moves a file into the folder, if it does not have it yet."""
    source = staging.path(stored.sha256, stored.extension)
    target = folder.path(stored.sha256, stored.extension)
    if source.exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
