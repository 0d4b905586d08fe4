"""Imports entries into the store: an invalid item is left out, and a person's work is never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from annotation.formats.entries import Entry, FilePrediction, FormatError
from annotation.formats.import_images import ImageFinder, fault_of, move, stage, staging_folder
from annotation.region import AnnotationError, Region, same_content
from annotation.review import OPEN_STATES
from annotation.signals import word_signals
from annotation.store import history, predictions, projects, review, roles
from annotation.store.images import StoredImage
from annotation.store.region_rows import load_predicted, load_regions, replace_regions
from annotation.store.store import Store
from annotation.store.tables import ImageRow
from spotter.language import tr


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
            tr(
                "images: {added} added, {existing} already there",
                added=self.images_added,
                existing=self.images_existing,
            ),
            tr(
                "regions: {added} added, {changed} changed, {removed} removed, {unchanged} unchanged",
                added=self.regions_added,
                changed=self.regions_changed,
                removed=self.regions_removed,
                unchanged=self.regions_unchanged,
            ),
            tr(
                "predictions: {added} added, {existing} already there",
                added=self.predictions_added,
                existing=self.predictions_existing,
            ),
        ]
        if self.outdated:
            lines.append(tr("images with newer edits here, which were kept: {number}", number=self.outdated))
        lines += [
            tr(
                "{name}: it has been edited here in the meantime; "
                "the imported regions were saved as a draft.",
                name=name,
            )
            for name in self.kept_as_drafts
        ]
        if self.faults:
            lines += [tr("invalid and left out: {number}", number=len(self.faults)), *self.faults]
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
    general_notes = list(dict.fromkeys(note for entry in entries for note in entry.general_notes))
    report = ImportReport(notes=[*general_notes])
    with staging_folder(store) as staging:
        staged = stage(store, project, entries, staging, report.faults)
        with store.write() as session:
            project_id = projects.ensure_project(session, project)
            roles.check(session, project_id, "edit")
            finder = ImageFinder(session, project_id)
            seen: dict[int, str] = {}  # the name under which an image was imported, by its id
            is_anything_valid = False
            for entry, stored in staged:
                try:
                    image = finder.find(entry, stored)
                    parsed = _parse(entry, image or stored)
                except AnnotationError as error:
                    report.faults.append(fault_of(entry, error))
                    continue
                if image is not None and image.id in seen:
                    report.notes.append(_twice(entry, seen[image.id], parsed))
                    continue
                is_new = image is None
                if image is None:
                    assert stored is not None  # or `find` would have raised
                    image, is_new = projects.add_image_row(session, project_id, stored, entry.name)
                seen[image.id] = entry.name
                report.images_added += is_new
                report.images_existing += not is_new
                _import_entry(session, image, entry, parsed, is_new, who, report)
                is_anything_valid |= not entry.faults or bool(parsed.regions or parsed.predictions)
                report.faults += entry.faults
                report.notes += [f"{entry.name}: {note}" for note in dict.fromkeys(entry.notes)]
            if report.faults and (strict or not is_anything_valid):
                raise _refusal(report.faults, general_notes)
            # After everything else, so that an invalid file leaves no images behind; before the commit, so
            # that no row lacks its file.
            for _, stored in staged:
                if stored is not None:
                    move(staging, store.images, stored)
    return report


def turned_note() -> str:
    return tr(
        "The photo is turned by EXIF, and the regions may have been drawn before; if they are in wrong "
        "places, import it again with coordinates as the photo is stored (--coordinates stored)."
    )


def _refusal(faults: list[str], notes: list[str]) -> FormatError:
    head = tr("Nothing was imported, {number} items are invalid:", number=len(faults))
    return FormatError("\n".join([*([] if len(faults) == 1 else [head]), *faults, *notes]))


def _twice(entry: Entry, first: str, parsed: _Parsed) -> str:
    """The note on an image that was imported already from another item of the file."""
    words = ", ".join(repr(region.text) for region in parsed.regions or () if region.text)
    if not words:
        return tr(
            "{name}: the image occurs twice in the file; only the first one ({first}) was imported.",
            name=entry.name,
            first=first,
        )
    return tr(
        "{name}: the image occurs twice in the file; only the first one ({first}) was imported; "
        "words that were ignored: {words}.",
        name=entry.name,
        first=first,
        words=words,
    )


def _parse(entry: Entry, image: ImageRow | StoredImage | None) -> _Parsed:
    """Reads an entry for the size of its image; what it had to leave out is added to the entry's notes and
    faults. Raises RegionError or FormatError."""
    assert image is not None  # or `find` would have raised
    predictions = []
    for prediction in entry.predictions:
        try:
            parsed = prediction.read(image.width, image.height)
        except AnnotationError as error:
            entry.faults.append(fault_of(entry, error))
            continue
        entry.notes += parsed.notes
        entry.faults += [f"{entry.where or entry.name}, {fault}" for fault in parsed.faults]
        predictions.append((prediction, parsed.regions))
    if entry.read is None:
        return _Parsed(None, predictions)
    parsed = entry.read(image.width, image.height)
    faults = [f"{entry.where or entry.name}, {fault}" for fault in parsed.faults]
    if entry.is_unclear and faults:
        faults = [f"{fault} {turned_note()}" for fault in faults]
    elif entry.is_unclear and parsed.regions:
        entry.notes.append(turned_note())
    entry.notes += parsed.notes
    entry.faults += faults
    # Without any valid region, the regions that the image may already have are kept.
    return _Parsed(parsed.regions if parsed.regions or not parsed.faults else None, predictions)


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
        is_unsure = (entry.faults or turned_note() in entry.notes) and entry.state not in OPEN_STATES
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
        note = tr(
            "There is already another prediction of {version}; the file's was ignored.", version=version
        )
        entry.notes.append(note)


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
