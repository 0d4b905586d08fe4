"""Projects are renamed, deleted (for 30 days they can be restored) and restored."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from annotation.region import AnnotationError
from annotation.store import projects, roles
from annotation.store.authors import person_name
from annotation.store.records import NotFoundError
from annotation.store.store import Store
from annotation.store.tables import ProjectRow
from spotter.language import tr


@dataclass(frozen=True)
class DeletedProject:
    """A project in the bin."""

    id: int
    name: str
    images: int
    who: str  # deleted it
    at: datetime


def rename_project(store: Store, project_id: int, name: str) -> str:
    """The name as it is stored. Raises AnnotationError if it is invalid or taken; NotFoundError."""
    with store.write() as session:
        row, name = projects.get_project(session, project_id, "manage"), projects.project_name(name)
        if projects.find_project(session, name) not in (None, project_id):
            raise AnnotationError(tr("There is already a project {name!r}; choose another name.", name=name))
        row.name = name
    return name


def delete_project(store: Store, project_id: int, who: str) -> None:
    """With all its photos; can be restored for 30 days. Raises NotFoundError."""
    with store.write() as session:
        row = projects.get_project(session, project_id, "manage")
        row.deleted_name, row.name = row.name, uuid.uuid4().hex
        row.deleted_at, row.deleted_by = datetime.now(UTC), person_name(who)


def deleted_projects(store: Store) -> list[DeletedProject]:
    """Last deleted first."""
    images = select(func.count()).where(projects.in_project(ProjectRow.id)).scalar_subquery()
    query = select(ProjectRow, images).where(ProjectRow.deleted_at.is_not(None))
    with store.read() as session:
        query = query.where(roles.is_visible(session))
        return [
            DeletedProject(row.id, row.deleted_name or "", number, row.deleted_by or "", row.deleted_at)
            for row, number in session.execute(query.order_by(ProjectRow.deleted_at.desc()))
            if row.deleted_at is not None
        ]


def restore_project(store: Store, project_id: int) -> str:
    """Its name: the one it had, or with a number if that is taken now. Raises NotFoundError."""
    with store.write() as session:
        row = session.get(ProjectRow, project_id)
        if row is None or row.deleted_at is None:
            raise NotFoundError(tr("This project is not in the bin."))
        roles.check(session, project_id, "manage")
        old = row.deleted_name or ""
        name, number = old, 2
        while projects.find_project(session, name) is not None:
            ending = f" ({number})"
            name, number = old[: projects.MAX_NAME - len(ending)] + ending, number + 1
        row.name, row.deleted_name, row.deleted_at, row.deleted_by = name, None, None, None
        return name
