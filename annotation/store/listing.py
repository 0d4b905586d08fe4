"""Lists of projects, photos and words for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from annotation.review import CONFIRMED_STATES, DELETED
from annotation.store.projects import in_project
from annotation.store.search import Hit, contains, words_with
from annotation.store.store import Store
from annotation.store.tables import ImageRow, ProjectRow, RegionRow


@dataclass(frozen=True)
class ListedProject:
    name: str
    photos: int
    done: int  # or approved


@dataclass(frozen=True)
class ListedPhoto:
    name: str
    state: str
    regions: int
    changed_at: datetime | None
    changed_by: str | None


def list_projects(store: Store) -> list[ListedProject]:
    """Ordered by name."""
    finished = func.count(ImageRow.id).filter(ImageRow.state.in_(CONFIRMED_STATES))
    query = (
        select(ProjectRow.name, func.count(ImageRow.id), finished)
        .outerjoin(ImageRow, (ImageRow.project_id == ProjectRow.id) & (ImageRow.state != DELETED))
        .where(ProjectRow.deleted_at.is_(None))
        .group_by(ProjectRow.id, ProjectRow.name)
        .order_by(ProjectRow.name)
    )
    with store.read() as session:
        return [ListedProject(*row) for row in session.execute(query)]


def list_photos(store: Store, project_id: int, state: str | None = None) -> Iterator[ListedPhoto]:
    """Ordered by name (img2 before img10)."""
    regions = select(func.count()).where(RegionRow.image_id == ImageRow.id).scalar_subquery()
    query = select(ImageRow.name, ImageRow.state, regions, ImageRow.changed_at, ImageRow.changed_by)
    query = query.where(in_project(project_id))
    if state is not None:
        query = query.where(ImageRow.state == state)
    with store.read() as session:
        for row in session.execute(query.order_by(ImageRow.sort_name, ImageRow.id)):
            yield ListedPhoto(*row)


def find_all(store: Store, project_id: int, text: str) -> Iterator[tuple[Hit, list[list[float]]]]:
    """All photos whose name contains the text, with [], then all words that do, with their polygons."""
    names = select(ImageRow.id, ImageRow.name)
    names = names.where(in_project(project_id), contains(store, ImageRow.name, text))
    words = words_with(store, project_id, text).add_columns(RegionRow.polygon)
    order = (ImageRow.sort_name, ImageRow.id)
    with store.read() as session:
        for image_id, name in session.execute(names.order_by(*order)):
            yield Hit(image_id, name), []
        for *values, polygon in session.execute(words.order_by(*order, RegionRow.position)):
            yield Hit(*values), polygon
