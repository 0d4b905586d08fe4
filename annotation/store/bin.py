"""The bin of a project: photos that were deleted, with their regions, history and files; and skipped photos.

A photo in the bin has the state "deleted"; `annotation.store.projects.in_project` keeps it out of all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, update

from annotation.region import AnnotationError
from annotation.review import DELETED, OPEN_STATES, SKIPPED
from annotation.store import projects, roles
from annotation.store.authors import person_name
from annotation.store.records import ImageRecord, image_record
from annotation.store.region_rows import batches
from annotation.store.store import Store
from annotation.store.tables import ImageRow, RegionRow, ReviewRow
from spotter.language import tr

MAX_REASON = 200  # characters


@dataclass(frozen=True)
class DeletedImage:
    """A photo in the bin."""

    image: ImageRecord
    words: int
    who: str  # deleted it
    at: datetime


def delete_images(store: Store, image_ids: Sequence[int], who: str) -> int:
    """Moves photos to the bin of their project; how many. Those that are not there are ignored."""
    who, at, number = person_name(who), datetime.now(UTC), 0
    with store.write() as session:
        for ids in batches(image_ids):
            query = select(ImageRow.id, ImageRow.state, ImageRow.project_id)
            found = session.execute(query.where(ImageRow.id.in_(ids), ImageRow.state != DELETED)).all()
            if not found:
                continue
            for project_id, is_approved in {(row.project_id, row.state == "approved") for row in found}:
                roles.check(session, project_id, "approve" if is_approved else "edit")
            rows = [
                {"image_id": i, "who": who, "at": at, "before": state, "after": DELETED}
                for i, state, _ in found
            ]
            session.execute(insert(ReviewRow), rows)
            session.execute(
                update(ImageRow).where(ImageRow.id.in_([row.id for row in found])).values(state=DELETED)
            )
            number += len(found)
    return number


def restore_images(store: Store, image_ids: Sequence[int], who: str) -> int:
    """Takes photos out of the bin, as they were; how many."""
    who, at, number = person_name(who), datetime.now(UTC), 0
    with store.write() as session:
        for ids in batches(image_ids):
            query = select(ImageRow).where(ImageRow.id.in_(ids), ImageRow.state == DELETED)
            for image in session.scalars(query):
                roles.check(session, image.project_id, "edit")
                projects.restore_image(session, image, who, at)
                number += 1
    return number


def list_bin(store: Store, project_id: int, limit: int | None = None) -> list[DeletedImage]:
    """The photos in a project's bin, last deleted first."""
    last = select(func.max(ReviewRow.id)).where(ReviewRow.image_id == ImageRow.id, ReviewRow.after == DELETED)
    words = select(func.count()).where(RegionRow.image_id == ImageRow.id).scalar_subquery()
    query = select(ImageRow, words, ReviewRow.who, ReviewRow.at)
    query = query.join(ReviewRow, ReviewRow.id == last.correlate(ImageRow).scalar_subquery())
    query = query.where(ImageRow.project_id == project_id, ImageRow.state == DELETED)
    with store.read() as session:
        rows = session.execute(query.order_by(ReviewRow.id.desc()).limit(limit))
        return [DeletedImage(image_record(image), number, who, at) for image, number, who, at in rows]


def bin_size(store: Store, project_id: int) -> int:
    """Number of photos in a project's bin."""
    query = select(func.count()).where(ImageRow.project_id == project_id, ImageRow.state == DELETED)
    with store.read() as session:
        return session.scalar(query) or 0


def bin_hashes(store: Store, project_id: int) -> set[str]:
    """The SHA-256 of the stored files of the photos in a project's bin."""
    query = select(ImageRow.sha256).where(ImageRow.project_id == project_id, ImageRow.state == DELETED)
    with store.read() as session:
        return set(session.scalars(query))


def count_words(store: Store, image_ids: Sequence[int]) -> int:
    """Number of current regions of these photos."""
    number = 0
    with store.read() as session:
        for ids in batches(image_ids):
            number += session.scalar(select(func.count()).where(RegionRow.image_id.in_(ids))) or 0
    return number


def skip_image(store: Store, image_id: int, reason: str, who: str) -> ImageRecord:
    """The photo is not to be annotated. Raises AnnotationError (no reason), StateError, NotFoundError."""
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= MAX_REASON or not reason.isprintable():
        raise AnnotationError(
            tr("Choose or type a reason of at most {max_reason} characters.", max_reason=MAX_REASON)
        )
    return store.set_state(image_id, SKIPPED, who, reason=reason)


def unskip_image(store: Store, image_id: int, who: str) -> ImageRecord:
    """Gives a skipped photo the state that it had before. Raises StateError, NotFoundError."""
    before = next((c.before for c in reversed(store.reviews(image_id)) if c.after == SKIPPED), "new")
    return store.set_state(image_id, before if before in OPEN_STATES else "in work", who)


def skip_reasons(store: Store, image_ids: Sequence[int]) -> dict[int, str]:
    """Image id -> why it is skipped; without the photos that are not skipped."""
    reasons: dict[int, str] = {}
    query = select(ReviewRow.image_id, ReviewRow.reason).join(ImageRow, ImageRow.id == ReviewRow.image_id)
    query = query.where(ImageRow.state == SKIPPED, ReviewRow.after == SKIPPED).order_by(ReviewRow.id)
    with store.read() as session:
        for ids in batches(image_ids):
            rows = session.execute(query.where(ReviewRow.image_id.in_(ids)))
            reasons |= {image_id: reason or "" for image_id, reason in rows}
    return reasons
