"""Projects and their images, inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.region import AnnotationError, Region, check_regions, predicted_id
from annotation.store.images import StoredImage, label, natural
from annotation.store.records import NotFoundError
from annotation.store.tables import ImageRow, ProjectRow

if TYPE_CHECKING:
    from spotter.types import Word


def make_project(session: Session, name: str) -> int:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise AnnotationError("The name of a project must have 1 to 200 characters.")
    found = session.scalar(select(ProjectRow.id).where(ProjectRow.name == name))
    if found is None:
        row = ProjectRow(name=name, created=datetime.now(UTC))
        session.add(row)
        session.flush()
        found = row.id
    return found


def add_image_row(session: Session, project_id: int, stored: StoredImage, name: str) -> tuple[ImageRow, bool]:
    known = session.scalar(
        select(ImageRow).where(ImageRow.project_id == project_id, ImageRow.sha256 == stored.sha256)
    )
    if known is not None:
        return known, False
    shown = label(name)
    names = ("sha256", "source_sha256", "extension", "width", "height", "dhash")
    row = ImageRow(
        project_id=project_id,
        name=shown,
        sort_name=natural(shown),
        added=datetime.now(UTC),
        state="new",
        version=0,
        **{field: getattr(stored, field) for field in names},
    )
    session.add(row)
    session.flush()
    return row, True


def get_image(session: Session, image_id: int, lock: bool = False) -> ImageRow:
    row = session.get(ImageRow, image_id, with_for_update=lock)
    if row is None:
        raise NotFoundError("There is no such image.")
    return row


def words_as_regions(words: Sequence[Word], image: ImageRow, model_version: str) -> list[Region]:
    values = [
        {
            "id": predicted_id(image.sha256, model_version, i),
            "polygon": word.polygon,
            "text": word.text,
            "score": word.score,
            "reading_score": word.reading_score,
            "characters": [{"text": c.text, "score": c.score} for c in word.characters],
            "origin": "model",
        }
        for i, word in enumerate(words)
    ]
    return check_regions(values, image.width, image.height)
