"""Imports entries into the store: an invalid item is left out, and a person's work is never overwritten."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from annotation.formats.entries import Entry, FilePrediction, FormatError
from annotation.region import AnnotationError, Region, same_content
from annotation.review import OPEN_STATES
from annotation.signals import word_signals
from annotation.store import history, predictions, projects, review
from annotation.store.images import ImageFolder, StoredImage
from annotation.store.region_rows import load_predicted, load_regions, replace_regions
from annotation.store.store import Store
from annotation.store.tables import ImageRow
from spotter.images import ImageError

TURNED = "The photo is turned by EXIF; regions that were drawn on the unturned photo are in wrong places."
ABANDONED_SECONDS = 86400  # age of a killed import's folder: no import takes a day


@dataclass
class ImportReport:
    """What was imported, and what was not."""

    images_added: int = 0
    images_existing: int = 0
    regions_added: int = 0
    regions_changed: int = 0
    regions_removed: int = 0
    regions_unchanged: int = 0
    predictions_added: int = 0
    predictions_existing: int = 0
    outdated: int = 0  # images whose imported regions a person has since edited here
    kept_as_drafts: list[str] = field(default_factory=list)  # images that a person has edited here since
    notes: list[str] = field(default_factory=list)  # what was ignored or changed, with the image's name
    faults: list[str] = field(default_factory=list)  # what is invalid and was left out, with its place

    def lines(self) -> list[str]:
        lines = [
            f"images: {self.images_added} added, {self.images_existing} already there",
            f"regions: {self.regions_added} added, {self.regions_changed} changed, "
            f"{self.regions_removed} removed, {self.regions_unchanged} unchanged",
            f"predictions: {self.predictions_added} added, {self.predictions_existing} already there",
        ]
        if self.outdated:
            lines.append(f"images with newer edits here, which were kept: {self.outdated}")
        lines += [
            f"{name}: it has been edited here in the meantime; the imported regions were saved as a draft."
            for name in self.kept_as_drafts
        ]
        if self.faults:
            lines += [f"invalid and left out: {len(self.faults)}", *self.faults]
        return lines + self.notes


@dataclass
class _Parsed:
    """The regions of an entry, read for the size of its image."""

    regions: list[Region] | None  # None if the file has none, or none that are valid
    predictions: list[tuple[FilePrediction, list[Region]]]


def import_entries(
    store: Store, project: str, entries: Sequence[Entry], who: str, strict: bool = False
) -> ImportReport:
    """Imports entries in one transaction; `project` is created if it does not exist.

    What is invalid is left out and listed in the report. Raises FormatError, after which nothing has changed,
    if nothing is valid, or if anything is invalid and `strict` is set.
    """
    report = ImportReport(notes=[note for entry in entries for note in entry.general_notes])
    with _staging(store) as staging:
        staged = _stage(store, project, entries, staging, report.faults)
        with store.write() as session:
            project_id = projects.ensure_project(session, project)
            seen: dict[int, str] = {}  # the name under which an image was imported, by its id
            is_anything_valid = False
            for entry, stored in staged:
                try:
                    image = _find_image(session, project_id, entry, stored)
                    parsed = _parse(entry, image or stored)
                except AnnotationError as error:
                    report.faults.append(_fault(entry, error))
                    continue
                if image is not None and image.id in seen:
                    report.notes.append(_twice(entry, seen[image.id], parsed))
                    continue
                is_new = image is None
                if image is None:
                    assert stored is not None  # or _find_image would have raised
                    image, is_new = projects.add_image_row(session, project_id, stored, entry.name)
                seen[image.id] = entry.name
                report.images_added += is_new
                report.images_existing += not is_new
                _import_entry(session, image, entry, parsed, is_new, who, report)
                is_anything_valid |= not entry.faults or bool(parsed.regions or parsed.predictions)
                report.faults += entry.faults
                report.notes += [f"{entry.name}: {note}" for note in dict.fromkeys(entry.notes)]
            if report.faults and (strict or not is_anything_valid):
                raise _refusal(report.faults)
            # After everything else, so that an invalid file leaves no images behind; before the commit, so
            # that no row lacks its file.
            for _, stored in staged:
                if stored is not None:
                    _move(staging, store.images, stored)
    return report


def _fault(entry: Entry, error: Exception) -> str:
    place = entry.where or ("" if isinstance(error, FormatError) else entry.name)
    return f"{place}: {str(error).rstrip('.')}." if place else f"{str(error).rstrip('.')}."


def _refusal(faults: list[str]) -> FormatError:
    if len(faults) == 1:
        return FormatError(faults[0])
    return FormatError("\n".join([f"Nothing was imported, {len(faults)} items are invalid:", *faults]))


def _twice(entry: Entry, first: str, parsed: _Parsed) -> str:
    """The note on an image that was imported already from another item of the file."""
    words = ", ".join(repr(region.text) for region in parsed.regions or () if region.text)
    lost = f"; words that were ignored: {words}." if words else "."
    which = f"only the first one ({first}) was imported"
    return f"{entry.name}: the image occurs twice in the file; {which}{lost}"


@contextmanager
def _staging(store: Store) -> Iterator[ImageFolder]:
    """A temporary image folder next to the stored images."""
    store.images.folder.mkdir(parents=True, exist_ok=True)
    for folder in store.images.folder.glob(".import-*"):  # left by an import that was killed
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(dir=store.images.folder, prefix=".import-") as temporary:
        yield ImageFolder(Path(temporary))


def _stage(
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
                    raise _another_image(entry)
                staged.append((entry, stored))
            except (ImageError, FormatError) as error:
                faults.append(_fault(entry, error))
    return staged


def _find_image(
    session: Session, project_id: int, entry: Entry, stored: StoredImage | None
) -> ImageRow | None:
    """The image in the project: found by hash, else by the file's content, else by name; None if it has to
    be added. Raises FormatError if it is neither in the project nor a file.
    """
    if (row := projects.find_by_hash(session, entry.sha256, project_id)) is not None:
        return row
    if stored is not None:
        for sha256 in (stored.sha256, stored.source_sha256):
            if (row := projects.find_by_hash(session, sha256, project_id)) is not None:
                return row
        return None
    named = projects.find_by_name(session, project_id, entry.name)
    if not named:
        raise FormatError(f"The image {entry.name} is neither in the project nor next to the file.")
    if entry.sha256 is not None:
        raise _another_image(entry)
    if len(named) > 1:
        raise FormatError(
            f"The project has several images named {entry.name}, so it is not clear which is meant."
        )
    return named[0]


def _parse(entry: Entry, image: ImageRow | StoredImage | None) -> _Parsed:
    """Reads an entry for the size of its image; what it had to leave out is added to the entry's notes and
    faults. Raises RegionError or FormatError."""
    assert image is not None  # or _find_image would have raised
    predictions = []
    for prediction in entry.predictions:
        try:
            parsed = prediction.read(image.width, image.height)
        except AnnotationError as error:
            entry.faults.append(_fault(entry, error))
            continue
        entry.notes += parsed.notes
        entry.faults += [f"{entry.where or entry.name}, {fault}" for fault in parsed.faults]
        predictions.append((prediction, parsed.regions))
    if entry.read is None:
        return _Parsed(None, predictions)
    parsed = entry.read(image.width, image.height)
    faults = [f"{entry.where or entry.name}, {fault}" for fault in parsed.faults]
    if entry.is_turned and faults:
        faults = [f"{fault} {TURNED}" for fault in faults]
    elif entry.is_turned and parsed.regions:
        entry.notes.append(TURNED)
    entry.notes += parsed.notes
    entry.faults += faults
    # Without any valid region, the regions that the image may already have are kept.
    return _Parsed(parsed.regions if parsed.regions or not parsed.faults else None, predictions)


def _another_image(entry: Entry) -> FormatError:
    return FormatError(f"{entry.name} is not the image that was annotated (its hash differs).")


def _import_entry(
    session: Session,
    image: ImageRow,
    entry: Entry,
    parsed: _Parsed,
    is_new: bool,
    who: str,
    report: ImportReport,
) -> None:
    at = datetime.now(UTC)
    for prediction, regions in parsed.predictions:
        _import_prediction(session, image, entry, prediction, regions, at, report)
    is_imported = False
    if parsed.regions is not None:
        is_imported = _import_regions(session, image, entry, parsed.regions, entry.who or who, at, report)
    if is_new and entry.state:
        is_unsure = (entry.faults or TURNED in entry.notes) and entry.state not in OPEN_STATES
        review.force_state(session, image, "in work" if is_unsure else entry.state, who, at)
    if is_imported and entry.submitted and not entry.faults and image.state in OPEN_STATES:
        review.force_state(session, image, "done", entry.who or who, at)


def _import_prediction(
    session: Session,
    image: ImageRow,
    entry: Entry,
    prediction: FilePrediction,
    found: list[Region],
    at: datetime,
    report: ImportReport,
) -> None:
    regions = [replace(r, origin="model", locked=False, illegible=False, difficult=False) for r in found]
    signals = [word_signals(region) for region in regions]
    version = prediction.model_version
    if predictions.add_prediction(session, image, version, regions, signals, at, prediction.score):
        report.predictions_added += 1
        return
    report.predictions_existing += 1
    existing = predictions.find_prediction(session, image.id, version)
    if existing is None or not _same_order(load_predicted(session, existing), regions):
        entry.notes.append(f"There is already another prediction of {version}; the file's was ignored.")


def _same_order(first: Sequence[Region], second: Sequence[Region]) -> bool:
    return [region.content for region in first] == [region.content for region in second]


def _import_regions(
    session: Session,
    image: ImageRow,
    entry: Entry,
    new: list[Region],
    who: str,
    at: datetime,
    report: ImportReport,
) -> bool:
    """Replaces the regions of an image; False if a person's newer edits are kept instead."""
    old = load_regions(session, image.id)
    if same_content(old, new):
        report.regions_unchanged += len(new)
        replace_regions(session, image, new, who, "import", at)  # the lock may be new
        return True
    # Only a version of this database says which edits the file already contains.
    is_ours = entry.added == image.added.isoformat() and 0 < entry.version <= image.version
    base = entry.version if is_ours else 0
    if history.was_edited_since(session, image.id, base):
        if history.was_ever_current(session, image.id, new, base):
            report.outdated += 1
        else:
            history.save_draft(session, image, new, who, base, at)
            report.kept_as_drafts.append(entry.name)
        return False
    before = {region.id: region.content for region in old}
    after = {region.id: region.content for region in new}
    common = before.keys() & after.keys()
    unchanged = sum(before[name] == after[name] for name in common)
    report.regions_added += len(after) - len(common)
    report.regions_removed += len(before) - len(common)
    report.regions_unchanged += unchanged
    report.regions_changed += len(common) - unchanged
    replace_regions(session, image, new, who, "import", at)
    review.reopen(session, image, who, at)
    return True


def _move(staging: ImageFolder, folder: ImageFolder, stored: StoredImage) -> None:
    source = staging.path(stored.sha256, stored.extension)
    target = folder.path(stored.sha256, stored.extension)
    if source.exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
