"""Lists of projects, photos and words for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from annotation.review import CONFIRMED_STATES, DELETED
from annotation.store.projects import in_project
from annotation.store.search import Hit, contains, words_of, words_with
from annotation.store.store import Store
from annotation.store.tables import ImageRow, ProjectRow, RegionRow

ORDER = (ImageRow.sort_name, ImageRow.id)


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
    with store.read() as session:
        for image_id, name in session.execute(names.order_by(*ORDER)):
            yield Hit(image_id, name), []
        for *values, polygon in session.execute(words.order_by(*ORDER, RegionRow.position)):
            yield Hit(*values), polygon


def find_matching(
    store: Store, project_id: int, matches: Callable[[str], bool]
) -> Iterator[tuple[Hit, list[list[float]]]]:
    """As `find_all`, those whose name or text `matches`. Raises what `matches` does."""
    names = select(ImageRow.id, ImageRow.name).where(in_project(project_id)).order_by(*ORDER)
    words = words_of(project_id).order_by(*ORDER, RegionRow.position)
    with store.read() as session:
        for image_id, name in session.execute(names):
            if matches(name):
                yield Hit(image_id, name), []
        for image_id, name, region_id, text in session.execute(words):
            if matches(text):
                # On its own: to read the polygons of all words takes longer than to search.
                row = session.get_one(RegionRow, (image_id, region_id))
                yield Hit(image_id, name, region_id, text), row.polygon
