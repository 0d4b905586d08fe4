"""Changes of an image's review state, inside a transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from annotation.review import CONFIRMED_STATES, check_transition
from annotation.store import roles
from annotation.store.records import StateChange
from annotation.store.tables import ImageRow, RegionRow, ReviewRow


def change_state(
    session: Session, image: ImageRow, state: str, who: str, at: datetime, reason: str | None = None
) -> None:
    """`reason`: why the image is skipped. Raises StateError if the transition is not allowed."""
    check_transition(image.state, state)
    force_state(session, image, state, who, at, reason)


def force_state(
    session: Session, image: ImageRow, state: str, who: str, at: datetime, reason: str | None = None
) -> None:
    """Sets a state without checking the transition, for edits and imports."""
    if state == image.state:
        return
    if "approved" in (state, image.state):
        roles.check(session, image.project_id, "approve")
    session.add(ReviewRow(image_id=image.id, who=who, at=at, before=image.state, after=state, reason=reason))
    image.state = state
    if state in CONFIRMED_STATES:
        session.execute(
            update(RegionRow)
            .where(RegionRow.image_id == image.id)
            .values(locked=True)
            .execution_options(synchronize_session=False)
        )


def reopen(session: Session, image: ImageRow, who: str, at: datetime) -> None:
    """After an edit the image is in work, whatever its state was."""
    force_state(session, image, "in work", who, at)


def list_changes(session: Session, image_id: int) -> list[StateChange]:
    """Oldest first."""
    rows = session.scalars(select(ReviewRow).where(ReviewRow.image_id == image_id).order_by(ReviewRow.id))
    return [StateChange(row.who, row.at, row.before, row.after, row.reason or "") for row in rows]
