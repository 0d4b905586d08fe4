"""Which images of a project are meant: by state, person and date. The database chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, exists, or_, select, union

from annotation.region import AnnotationError
from annotation.review import SKIPPED, STATES, state_name
from annotation.store.projects import in_project
from annotation.store.records import ImageRecord, NotFoundError, image_record
from annotation.store.store import Store
from annotation.store.tables import ImageRow, ReviewRow, RevisionRow
from spotter.language import tr

SELECTABLE = tuple(state for state in STATES if state != SKIPPED)  # skipped images are not annotated


@dataclass(frozen=True)
class Selection:
    """All conditions have to be met; the empty selection is every image but those skipped or in the bin."""

    states: tuple[str, ...] = ()  # one of them; () for any
    by: str = ""  # who changed its regions last, or marked it as done; "" for anyone
    since: datetime | None = None  # a person changed its regions or its state then or later

    def __post_init__(self) -> None:
        if unknown := [state for state in self.states if state not in SELECTABLE]:
            expected = ", ".join(SELECTABLE)
            raise AnnotationError(
                tr(
                    "There is no state {unknown!r} to choose; expected one of {expected}.",
                    unknown=unknown[0],
                    expected=expected,
                )
            )

    def __str__(self) -> str:
        """For messages: "done or approved, by ann, changed since 2026-11-01 00:00 UTC"; "" if empty."""
        parts = [tr(" or ").join(map(state_name, self.states))] if self.states else []
        parts += [tr("last changed or marked as done by {who}", who=self.by)] if self.by else []
        parts += [tr("changed since {at:%Y-%m-%d %H:%M} UTC", at=self.since)] if self.since else []
        return ", ".join(parts)


def parse_selection(states: Sequence[str] | None, by: str | None, since: str | None) -> Selection:
    """`since`: a date (its midnight in UTC) or a time, as in ISO 8601. Raises AnnotationError."""
    return Selection(tuple(states or ()), (by or "").strip(), _parse_time((since or "").strip()))


def select_images(store: Store, project_id: int, selection: Selection) -> list[ImageRecord]:
    """Ordered by name (img2 before img10). Raises NotFoundError if nobody of that name has worked here."""
    if selection.by and selection.by not in (names := people(store, project_id)):
        if not names:
            raise NotFoundError(tr("{who} has not worked in this project; nobody has.", who=selection.by))
        raise NotFoundError(
            tr(
                "{who} has not worked in this project; these have: {names}.",
                who=selection.by,
                names=", ".join(names),
            )
        )
    query = select(ImageRow).where(in_project(project_id), *_conditions(selection))
    with store.read() as session:
        rows = session.scalars(query.order_by(ImageRow.sort_name, ImageRow.id))
        return [image_record(row) for row in rows]


def people(store: Store, project_id: int) -> list[str]:
    """Who has changed or marked an image of a project, ordered by name; imports count as well."""
    changed = select(RevisionRow.who).join(ImageRow, ImageRow.id == RevisionRow.image_id)
    marked = select(ReviewRow.who).join(ImageRow, ImageRow.id == ReviewRow.image_id)
    query = union(
        changed.where(in_project(project_id), RevisionRow.source != "model"),
        marked.where(in_project(project_id)),
    )
    with store.read() as session:
        return sorted(session.scalars(query))


def authors(store: Store, image_id: int) -> dict[str, str]:
    """Who changed each region of an image last, by region id; those only a model has changed are left out."""
    query = select(RevisionRow.region_id, RevisionRow.who).where(
        RevisionRow.image_id == image_id, RevisionRow.source != "model"
    )
    with store.read() as session:
        return dict(session.execute(query.order_by(RevisionRow.id)).fetchall())


def _conditions(selection: Selection) -> list[ColumnElement[bool]]:
    of_image, reviewed = RevisionRow.image_id == ImageRow.id, ReviewRow.image_id == ImageRow.id
    by_person = RevisionRow.source != "model"
    conditions: list[ColumnElement[bool]] = [ImageRow.state.in_(selection.states or SELECTABLE)]
    if selection.by:
        last = select(RevisionRow.who).where(of_image, by_person).order_by(RevisionRow.id.desc()).limit(1)
        marked = exists().where(reviewed, ReviewRow.after == "done", ReviewRow.who == selection.by)
        conditions.append(or_(last.correlate(ImageRow).scalar_subquery() == selection.by, marked))
    if selection.since:
        changed = exists().where(of_image, by_person, RevisionRow.at >= selection.since)
        conditions.append(or_(changed, exists().where(reviewed, ReviewRow.at >= selection.since)))
    return conditions


def _parse_time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise AnnotationError(tr("{text!r} is not a date; write it as 2026-11-01.", text=text)) from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
