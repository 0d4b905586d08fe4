"""Projects and their images, inside a transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from annotation.region import SHA256, AnnotationError
from annotation.store.images import StoredImage, display_name, natural_sort_key
from annotation.store.records import ImageRecord, NotFoundError, image_record
from annotation.store.tables import ImageRow, PredictionRow, ProjectRow

MAX_NAME = 200  # characters


def ensure_project(session: Session, name: str) -> int:
    """Id of the project with this name, created if there is none. Raises AnnotationError."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise AnnotationError(f"The name of a project must have 1 to {MAX_NAME} characters.")
    found = find_project(session, name)
    if found is not None:
        return found
    row = ProjectRow(name=name, created=datetime.now(UTC))
    session.add(row)
    session.flush()
    return row.id


def find_project(session: Session, name: str) -> int | None:
    return session.scalar(select(ProjectRow.id).where(ProjectRow.name == name))


def list_projects(session: Session) -> list[tuple[int, str]]:
    """(id, name), ordered by name."""
    rows = session.execute(select(ProjectRow.id, ProjectRow.name).order_by(ProjectRow.name))
    return [(number, name) for number, name in rows]


def add_image_row(session: Session, project_id: int, stored: StoredImage, name: str) -> tuple[ImageRow, bool]:
    """Adds a stored image to a project; (row, False) if the project already has it. Raises NotFoundError."""
    if session.get(ProjectRow, project_id) is None:
        raise NotFoundError("There is no such project.")
    existing = session.scalar(
        select(ImageRow).where(ImageRow.project_id == project_id, ImageRow.sha256 == stored.sha256)
    )
    if existing is not None:
        return existing, False
    shown = display_name(name)
    names = ("sha256", "source_sha256", "extension", "width", "height", "dhash")
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
    """`lock`: other transactions wait until this one ends. Raises NotFoundError."""
    row = session.get(ImageRow, image_id, with_for_update=lock)
    if row is None:
        raise NotFoundError("There is no such image.")
    return row


def find_by_hash(session: Session, sha256: str | None, project_id: int | None = None) -> ImageRow | None:
    """The image whose stored or uploaded file has this SHA-256, by default in any project."""
    if sha256 is None or not SHA256.fullmatch(sha256):
        return None
    query = select(ImageRow).where(or_(ImageRow.sha256 == sha256, ImageRow.source_sha256 == sha256))
    if project_id is not None:
        query = query.where(ImageRow.project_id == project_id)
    return session.scalar(query.order_by(ImageRow.id).limit(1))


def find_by_name(session: Session, project_id: int, name: str) -> list[ImageRow]:
    query = select(ImageRow).where(ImageRow.project_id == project_id, ImageRow.name == display_name(name))
    return list(session.scalars(query))


def list_images(
    session: Session, project_id: int, state: str | None = None, limit: int | None = None, offset: int = 0
) -> list[ImageRecord]:
    """Images of a project, ordered by name (img2 before img10)."""
    query = select(ImageRow).where(ImageRow.project_id == project_id)
    if state is not None:
        query = query.where(ImageRow.state == state)
    query = query.order_by(ImageRow.sort_name, ImageRow.id).limit(limit).offset(offset)
    return [image_record(row) for row in session.scalars(query)]


def count_images(session: Session, project_id: int) -> int:
    return session.scalar(select(func.count()).where(ImageRow.project_id == project_id)) or 0


def unpredicted_images(session: Session, project_id: int, model_version: str | None = None) -> list[int]:
    """Ids of a project's images without any prediction, or without one of this model version."""
    predicted = select(PredictionRow.image_id).where(PredictionRow.image_id == ImageRow.id)
    if model_version is not None:
        predicted = predicted.where(PredictionRow.model_version == model_version)
    query = select(ImageRow.id).where(ImageRow.project_id == project_id, ~predicted.exists())
    return list(session.scalars(query.order_by(ImageRow.id)))
