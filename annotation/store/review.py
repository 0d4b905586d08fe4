"""The review state of an image and its rules, inside a transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from annotation.region import AnnotationError
from annotation.store.tables import ImageRow, RegionRow, ReviewRow

STATES = ("new", "in work", "done", "approved")
# From -> to. A new image may be done at once (the model was right); only done work is approved; anything
# can be reopened.
RULES = {
    "new": ("in work", "done"),
    "in work": ("done",),
    "done": ("in work", "approved"),
    "approved": ("in work",),
}


class StateError(AnnotationError):
    """A change of state that the rules do not allow."""


def change(session: Session, image: ImageRow, state: str, who: str, at: datetime) -> bool:
    """False when the image is in this state already. Raises StateError."""
    if state not in STATES:
        raise StateError(f"There is no state {state!r}; expected one of {', '.join(STATES)}.")
    if state == image.state:
        return False
    if state not in RULES[image.state]:
        after = " or ".join(RULES[image.state])
        raise StateError(
            f"An image that is {image.state} cannot become {state}; after {image.state} comes {after}."
        )
    force(session, image, state, who, at)
    return True


def force(session: Session, image: ImageRow, state: str, who: str, at: datetime) -> None:
    """Writes the state without asking the rules (an import knows it from elsewhere)."""
    if state == image.state:
        return
    session.add(ReviewRow(image_id=image.id, who=who, at=at, before=image.state, after=state))
    image.state = state
    if state in ("done", "approved"):  # whoever says done has confirmed every region
        session.execute(
            update(RegionRow)
            .where(RegionRow.image_id == image.id)
            .values(locked=True)
            .execution_options(synchronize_session=False)
        )


def edited(session: Session, image: ImageRow, who: str, at: datetime) -> None:
    """An edit puts an image back to work, whatever was said of it before."""
    force(session, image, "in work", who, at)
