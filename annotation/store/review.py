"""Changes of an image's review state, inside a transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from annotation.review import OPEN_STATES, check_transition
from annotation.store.tables import ImageRow, RegionRow, ReviewRow


def change_state(session: Session, image: ImageRow, state: str, who: str, at: datetime) -> None:
    """Raises StateError if the transition is not allowed."""
    check_transition(image.state, state)
    force_state(session, image, state, who, at)


def force_state(session: Session, image: ImageRow, state: str, who: str, at: datetime) -> None:
    """Sets a state without checking the transition, for edits and imports."""
    if state == image.state:
        return
    session.add(ReviewRow(image_id=image.id, who=who, at=at, before=image.state, after=state))
    image.state = state
    if state not in OPEN_STATES:  # every region is confirmed
        session.execute(
            update(RegionRow)
            .where(RegionRow.image_id == image.id)
            .values(locked=True)
            .execution_options(synchronize_session=False)
        )


def reopen(session: Session, image: ImageRow, who: str, at: datetime) -> None:
    """After an edit the image is in work, whatever its state was."""
    force_state(session, image, "in work", who, at)
