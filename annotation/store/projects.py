"""Projects and their images, inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from annotation.region import SHA256, AnnotationError
from annotation.review import DELETED
from annotation.store import review, roles
from annotation.store.images import StoredImage, display_name, natural_sort_key
from annotation.store.records import ImageRecord, NotFoundError, image_record
from annotation.store.region_rows import batches
from annotation.store.tables import ImageRow, PredictionRow, ProjectRow, ReviewRow
from spotter.language import tr

MAX_NAME = 200  # characters


def in_project(project_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The images of a project, without those in the bin. Every query of a project's images uses it."""
    return and_(ImageRow.project_id == project_id, ImageRow.state != DELETED)


def project_name(name: str) -> str:
    """A valid name, with single spaces. Raises AnnotationError."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise AnnotationError(
            tr("The name of a project must have 1 to {max_name} characters.", max_name=MAX_NAME)
        )
    return name


def ensure_project(session: Session, name: str, owner: str = "") -> int:
    """Id of the project with this name; a missing one is created and belongs to `owner`. Raises
    AnnotationError.
    """
    name = project_name(name)
    found = find_project(session, name)
    if found is not None:
        roles.check(session, found, "look")
        return found
    row = ProjectRow(name=name, created=datetime.now(UTC))
    session.add(row)
    session.flush()
    if owner:
        roles.give_role(session, row.id, owner, "owner")
    return row.id


def find_project(session: Session, name: str) -> int | None:
    query = select(ProjectRow.id).where(ProjectRow.name == name, ProjectRow.deleted_at.is_(None))
    return session.scalar(query)


def list_projects(session: Session) -> list[tuple[int, str]]:
    """(id, name), ordered by name."""
    query = select(ProjectRow.id, ProjectRow.name).where(ProjectRow.deleted_at.is_(None))
    rows = session.execute(query.where(roles.is_visible(session)).order_by(ProjectRow.name))
    return [(number, name) for number, name in rows]


def get_project(session: Session, project_id: int, action: str = "look") -> ProjectRow:
    """Raises NotFoundError, also if the project was deleted; ForbiddenError, see annotation.store.roles."""
    row = session.get(ProjectRow, project_id)
    if row is None or row.deleted_at is not None:
        if row is not None and row.deleted_by:
            raise NotFoundError(tr("There is no such project. {who} deleted it.", who=row.deleted_by))
        raise NotFoundError(tr("There is no such project."))
    roles.check(session, project_id, action)
    return row


def add_image_row(
    session: Session, project_id: int, stored: StoredImage, name: str, who: str = "someone"
) -> tuple[ImageRow, bool]:
    """Adds a stored image to a project; (row, False) if the project already has it.

    One that is in the bin comes back as it was, by `who`, and counts as added. Raises NotFoundError.
    """
    get_project(session, project_id, "edit")
    existing = session.scalar(
        select(ImageRow).where(ImageRow.project_id == project_id, ImageRow.sha256 == stored.sha256)
    )
    if existing is not None and existing.state == DELETED:
        restore_image(session, existing, who, datetime.now(UTC))
        return existing, True
    if existing is not None:
        return existing, False
    shown = display_name(name)
    names = ("sha256", "source_sha256", "extension", "width", "height", "dhash", "turned_dhashes")
    row = ImageRow(
        project_id=project_id,
        name=shown,
        sort_name=natural_sort_key(shown),
        added=datetime.now(UTC),
        state="new",
        version=0,
        **{field: getattr(stored, field) for field in names},
    )
    session.add(row)
    session.flush()
    return row, True


def get_image(session: Session, image_id: int, lock: bool = False) -> ImageRow:
    """`lock`: to change it; other transactions wait until this one ends.

    Raises NotFoundError, also if it is in the bin; ForbiddenError, see annotation.store.roles.
    """
    row = session.get(ImageRow, image_id, with_for_update=lock)
    if row is None:
        raise NotFoundError(tr("There is no such image."))
    if row.state == DELETED:
        who = last_deletion(session, row.id).who
        raise NotFoundError(
            tr(
                "{who} has deleted the photo {name}. It is in the bin; restore it there.",
                who=who,
                name=row.name,
            )
        )
    get_project(session, row.project_id, "edit" if lock else "look")
    return row


def images_by_id(session: Session, image_ids: Sequence[int]) -> list[ImageRecord]:
    """In this order, without those that do not exist, also because they were deleted."""
    found: dict[int, ImageRecord] = {}
    for some in batches(image_ids):
        query = select(ImageRow).where(ImageRow.id.in_(some), ImageRow.state != DELETED)
        found |= {row.id: image_record(row) for row in session.scalars(query)}
    return [found[image_id] for image_id in image_ids if image_id in found]


def last_deletion(session: Session, image_id: int) -> ReviewRow:
    """How an image that is in the bin came there."""
    query = select(ReviewRow).where(ReviewRow.image_id == image_id, ReviewRow.after == DELETED)
    return session.scalars(query.order_by(ReviewRow.id.desc()).limit(1)).one()


def restore_image(session: Session, image: ImageRow, who: str, at: datetime) -> None:
    """Takes an image out of the bin, as it was."""
    review.force_state(session, image, last_deletion(session, image.id).before, who, at)


def find_by_hash(session: Session, sha256: str | None, project_id: int | None = None) -> ImageRow | None:
    """The image whose stored or uploaded file has this SHA-256, by default in any project."""
    if sha256 is None or not SHA256.fullmatch(sha256):
        return None
    query = select(ImageRow).where(or_(ImageRow.sha256 == sha256, ImageRow.source_sha256 == sha256))
    if project_id is not None:
        query = query.where(in_project(project_id))
    else:
        query = query.join(ProjectRow).where(ImageRow.state != DELETED, ProjectRow.deleted_at.is_(None))
    return session.scalar(query.order_by(ImageRow.id).limit(1))


def is_in_bin(session: Session, project_id: int, sha256: str | None) -> bool:
    """Whether the image with this hash (of the stored or the uploaded file) is in the project's bin."""
    if sha256 is None or not SHA256.fullmatch(sha256):
        return False
    query = select(ImageRow.id).where(ImageRow.project_id == project_id, ImageRow.state == DELETED)
    query = query.where(or_(ImageRow.sha256 == sha256, ImageRow.source_sha256 == sha256))
    return session.scalar(query.limit(1)) is not None


def find_by_name(session: Session, project_id: int, name: str) -> list[ImageRow]:
    query = select(ImageRow).where(in_project(project_id), ImageRow.name == display_name(name))
    return list(session.scalars(query))


def list_images(
    session: Session, project_id: int, state: str | None = None, limit: int | None = None, offset: int = 0
) -> list[ImageRecord]:
    """Images of a project, ordered by name (img2 before img10)."""
    query = select(ImageRow).where(in_project(project_id))
    if state is not None:
        query = query.where(ImageRow.state == state)
    query = query.order_by(ImageRow.sort_name, ImageRow.id).limit(limit).offset(offset)
    return [image_record(row) for row in session.scalars(query)]


def count_images(session: Session, project_id: int) -> int:
    return session.scalar(select(func.count()).where(in_project(project_id))) or 0


def unpredicted_images(
    session: Session, project_id: int, model_version: str | None = None, state: str | None = None
) -> list[int]:
    """Ids of a project's images without any prediction, or without one of this model version."""
    predicted = select(PredictionRow.image_id).where(PredictionRow.image_id == ImageRow.id)
    if model_version is not None:
        predicted = predicted.where(PredictionRow.model_version == model_version)
    query = select(ImageRow.id).where(in_project(project_id), ~predicted.exists())
    if state is not None:
        query = query.where(ImageRow.state == state)
    return list(session.scalars(query.order_by(ImageRow.id)))
