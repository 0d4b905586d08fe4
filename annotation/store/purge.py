"""Deletes for good what was in the bin: rows and files, a few photos at a time, so that others can write.

The files go after the rows, and the table `removed_files` remembers them in between: a process that is killed
leaves neither a photo without its file nor a file that is never removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from annotation.review import DELETED
from annotation.store import roles
from annotation.store.store import Store
from annotation.store.tables import (
    Base,
    HoldoutImageRow,
    ImageRow,
    MemberRow,
    PredictedRow,
    PredictionRow,
    ProjectRow,
    RemovedFileRow,
    ReviewRow,
    RoundRow,
)

BIN_TIME = timedelta(days=30)  # what was deleted earlier is deleted for good
BATCH = 50  # photos per transaction


def empty_bin(store: Store, project_id: int) -> int:
    """Deletes the photos in a project's bin for good; how many. Raises ForbiddenError."""
    return _erase(store, ImageRow.project_id == project_id, ImageRow.state == DELETED)


def erase_images(store: Store, image_ids: Sequence[int]) -> int:
    """Deletes those of these photos for good that are in the bin; how many."""
    return _erase(store, ImageRow.id.in_(image_ids), ImageRow.state == DELETED)


def erase_project(store: Store, project_id: int) -> int:
    """Deletes a project that is in the bin for good, with all its photos; their number."""
    is_deleted = select(ProjectRow.id).where(ProjectRow.id == project_id, ProjectRow.deleted_at.is_not(None))
    number = _erase(store, ImageRow.project_id.in_(is_deleted))
    with store.write() as session:
        roles.check(session, project_id, "manage")
        # Its rounds stay: their weights may be served.
        session.execute(update(RoundRow).where(RoundRow.project_id.in_(is_deleted)).values(project_id=None))
        session.execute(delete(MemberRow).where(MemberRow.project_id.in_(is_deleted)))
        session.execute(delete(HoldoutImageRow).where(HoldoutImageRow.project_id.in_(is_deleted)))
        session.execute(
            delete(ProjectRow).where(ProjectRow.id == project_id, ProjectRow.deleted_at.is_not(None))
        )
    return number


def purge_expired(store: Store, now: datetime | None = None) -> int:
    """Deletes for good what has been in the bin for 30 days; the number of photos."""
    cutoff = (now or datetime.now(UTC)) - BIN_TIME
    _remove_files(store)  # that a process which was killed has left
    kept = select(ReviewRow.id).where(
        ReviewRow.image_id == ImageRow.id, ReviewRow.after == DELETED, ReviewRow.at > cutoff
    )
    number = _erase(store, ImageRow.state == DELETED, ~kept.exists())
    with store.read() as session:
        expired = list(session.scalars(select(ProjectRow.id).where(ProjectRow.deleted_at <= cutoff)))
    return number + sum(erase_project(store, project_id) for project_id in expired)


def _erase(store: Store, *conditions: ColumnElement[bool]) -> int:
    number = 0
    while True:
        with store.write() as session:
            images = list(session.scalars(select(ImageRow).where(*conditions).limit(BATCH)))
            for project_id in {image.project_id for image in images}:
                roles.check(session, project_id, "manage")
            for image in images:
                session.merge(RemovedFileRow(sha256=image.sha256, extension=image.extension))
            _delete_rows(session, [image.id for image in images])
        if not images:
            return number
        _remove_files(store)
        number += len(images)


def _delete_rows(session: Session, ids: list[int]) -> None:
    predictions = select(PredictionRow.id).where(PredictionRow.image_id.in_(ids))
    session.execute(delete(PredictedRow).where(PredictedRow.prediction_id.in_(predictions)))
    for table in reversed(Base.metadata.sorted_tables):
        if "image_id" in table.columns:
            session.execute(delete(table).where(table.columns["image_id"].in_(ids)))
    session.execute(delete(ImageRow).where(ImageRow.id.in_(ids)))


def _remove_files(store: Store) -> None:
    """Removes the files that no image has any more, in a transaction, so that none is added meanwhile."""
    with store.write() as session:
        for row in session.scalars(select(RemovedFileRow)):
            same_file = select(ImageRow.id).where(ImageRow.sha256 == row.sha256)
            if session.scalar(same_file.limit(1)) is None:
                store.images.path(row.sha256, row.extension).unlink(missing_ok=True)
            session.delete(row)
