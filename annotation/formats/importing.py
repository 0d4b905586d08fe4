"""Puts what a file says into the store, or nothing when a part of it is wrong; overwrites nobody's work."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from annotation.formats.entries import Entry, FormatError
from annotation.region import SHA256, Region, RegionError
from annotation.signals import word_signals
from annotation.store.images import ImageFolder, StoredImage, label
from annotation.store.projects import add_image_row, make_project
from annotation.store.store import Store, history, predictions, region_rows, review, same_content
from annotation.store.tables import ImageRow, PredictionRow, ProjectRow, RevisionRow
from spotter.images import ImageError

ABANDONED_SECONDS = 86400  # no import takes a day


@dataclass
class ImportReport:
    """What came in, and what did not."""

    images_added: int = 0
    images_existing: int = 0
    regions_added: int = 0
    regions_changed: int = 0
    regions_removed: int = 0
    regions_same: int = 0
    predictions_added: int = 0
    predictions_existing: int = 0
    outdated: int = 0  # images whose regions had stood here already, before a person changed them
    kept_as_drafts: list[str] = field(default_factory=list)  # images on which a person had worked since
    notes: list[str] = field(default_factory=list)  # what was left out or changed, with the image's name

    def lines(self) -> list[str]:
        found = [
            f"images: {self.images_added} added, {self.images_existing} known",
            f"regions: {self.regions_added} added, {self.regions_changed} changed, "
            f"{self.regions_removed} removed, {self.regions_same} as they were",
            f"predictions: {self.predictions_added} added, {self.predictions_existing} known",
        ]
        if self.outdated:
            found.append(f"images with newer work here, which stays: {self.outdated}")
        found += [
            f"{name}: somebody has corrected it here since; the file's regions wait as another version of it."
            for name in self.kept_as_drafts
        ]
        return found + self.notes


def import_entries(store: Store, project: str, entries: Sequence[Entry], who: str) -> ImportReport:
    """One transaction; `project` is made when there is none. Raises FormatError, and changes nothing then."""
    report = ImportReport()
    with _staging(store) as staging:
        staged = _stage(store, project, entries, staging)
        with store.write() as session:
            project_id = make_project(session, project)
            seen: set[int] = set()
            for entry, picture in zip(entries, staged, strict=True):
                row, is_new = _image(session, project_id, entry, picture)
                if row.id in seen:
                    report.notes.append(
                        f"{entry.name}: the image stands in the file twice; only the first is taken."
                    )
                    continue
                seen.add(row.id)
                report.images_added += is_new
                report.images_existing += not is_new
                try:
                    _apply(session, row, entry, is_new, who, report)
                except RegionError as error:
                    raise FormatError(f"{entry.name}: {str(error).rstrip('.')}.") from error
                report.notes += [f"{entry.name}: {note}" for note in dict.fromkeys(entry.notes)]
            # Last, so that a bad file leaves no picture behind; before the commit, so that no row lacks its
            # file.
            for picture in filter(None, staged):
                _move(staging, store.images, picture)
    return report


@contextmanager
def _staging(store: Store):
    store.images.folder.mkdir(parents=True, exist_ok=True)
    for left in store.images.folder.glob(".import-*"):  # by an import that was killed
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=store.images.folder, prefix=".import-") as folder:
        yield ImageFolder(Path(folder))


def _stage(
    store: Store, project: str, entries: Sequence[Entry], staging: ImageFolder
) -> list[StoredImage | None]:
    """Decodes the pictures that the project does not have; before the transaction, which others wait for."""
    with store.read() as session:
        project_id = session.scalar(select(ProjectRow.id).where(ProjectRow.name == project))
        known = [_by_hash(session, project_id, entry.sha256) is not None for entry in entries]
    staged: list[StoredImage | None] = []
    for entry, is_known in zip(entries, known, strict=True):
        if is_known or entry.file is None:
            staged.append(None)
            continue
        try:
            picture = staging.add(entry.file)
        except ImageError as error:
            raise FormatError(f"{entry.name}: {error}") from error
        if entry.sha256 not in (None, picture.sha256, picture.source_sha256):
            raise FormatError(
                f"{entry.name} is another picture than the one that was annotated (its hash differs)."
            )
        staged.append(picture)
    return staged


def _image(
    session: Session, project_id: int, entry: Entry, picture: StoredImage | None
) -> tuple[ImageRow, bool]:
    """The image of an entry: by hash, else the picture beside the file, else by name."""
    if (row := _by_hash(session, project_id, entry.sha256)) is not None:
        return row, False
    if picture is not None:
        row = _by_hash(session, project_id, picture.sha256) or _by_hash(
            session, project_id, picture.source_sha256
        )
        return (row, False) if row is not None else add_image_row(session, project_id, picture, entry.name)
    named = session.scalars(
        select(ImageRow).where(ImageRow.project_id == project_id, ImageRow.name == label(entry.name)).limit(2)
    ).all()
    if not named:
        raise FormatError(f"The image {entry.name} is neither in the project nor beside the file.")
    if entry.sha256 is not None:
        raise FormatError(
            f"{entry.name} is another picture than the one that was annotated (its hash differs)."
        )
    if len(named) > 1:
        raise FormatError(
            f"The project has several images with the name {entry.name}, so it is not clear which is meant."
        )
    return named[0], False


def _by_hash(session: Session, project_id: int | None, sha256: str | None) -> ImageRow | None:
    if sha256 is None or project_id is None or not SHA256.fullmatch(sha256):
        return None
    return session.scalar(
        select(ImageRow)
        .where(
            ImageRow.project_id == project_id,
            or_(ImageRow.sha256 == sha256, ImageRow.source_sha256 == sha256),
        )
        .order_by(ImageRow.id)
        .limit(1)
    )


def _apply(
    session: Session, row: ImageRow, entry: Entry, is_new: bool, who: str, report: ImportReport
) -> None:
    at = datetime.now(UTC)
    for said in entry.said:
        found = said.read(row.width, row.height)
        entry.notes += found.notes
        spoken = [
            replace(r, origin="model", locked=False, illegible=False, difficult=False) for r in found.regions
        ]
        numbers = [word_signals(r) for r in spoken]
        added = predictions.add(session, row, said.model_version, spoken, numbers, at, said.score)
        if not added and not _is_here(session, row, said.model_version, spoken):
            entry.notes.append(
                f"Another prediction of {said.model_version} is here already; the file's was left out."
            )
        report.predictions_added += added
        report.predictions_existing += not added
    taken = False
    if entry.read is not None:
        found = entry.read(row.width, row.height)
        entry.notes += found.notes
        taken = _replace(session, row, entry, found.regions, entry.who or who, at, report)
    if is_new and entry.state:
        review.force(session, row, entry.state, who, at)
    if taken and entry.submitted and row.state in ("new", "in work"):
        review.force(session, row, "done", entry.who or who, at)


def _is_here(session: Session, row: ImageRow, model_version: str, spoken: Sequence[Region]) -> bool:
    """Whether this version said the same words here."""
    known = session.scalar(
        select(PredictionRow.id).where(
            PredictionRow.image_id == row.id, PredictionRow.model_version == model_version
        )
    )
    here = region_rows.predicted(session, known)
    return [region.content for region in here] == [region.content for region in spoken]


def _replace(
    session: Session,
    row: ImageRow,
    entry: Entry,
    new: list[Region],
    who: str,
    at: datetime,
    report: ImportReport,
) -> bool:
    """False when a person's newer work stays."""
    old = region_rows.load(session, row.id)
    if same_content(old, new):
        report.regions_same += len(new)
        region_rows.replace_all(session, row, new, who, "import", at)  # the lock may be new
        return True
    # A version that this database never had says nothing, whatever else the file says.
    base = entry.version if entry.added == row.added.isoformat() and 0 < entry.version <= row.version else 0
    worked = select(RevisionRow.id).where(
        RevisionRow.image_id == row.id, RevisionRow.version > base, RevisionRow.source == "person"
    )
    if session.scalar(worked.limit(1)) is not None:
        if history.was_ever_current(session, row.id, new, base):
            report.outdated += 1
        else:
            history.save_draft(session, row, new, who, base, at)
            report.kept_as_drafts.append(entry.name)
        return False
    before = {region.id: region.content for region in old}
    after = {region.id: region.content for region in new}
    report.regions_added += len(after.keys() - before.keys())
    report.regions_removed += len(before.keys() - after.keys())
    both = before.keys() & after.keys()
    same = sum(before[name] == after[name] for name in both)
    report.regions_same += same
    report.regions_changed += len(both) - same
    region_rows.replace_all(session, row, new, who, "import", at)
    review.edited(session, row, who, at)
    return True


def _move(staging: ImageFolder, folder: ImageFolder, picture: StoredImage) -> None:
    source = staging.path(picture.sha256, picture.extension)
    target = folder.path(picture.sha256, picture.extension)
    if source.exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
