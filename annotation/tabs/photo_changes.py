"""What a visitor does with whole photos: skip, delete, bring an earlier version back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from annotation.review import SKIPPED
from annotation.store.bin import delete_images, skip_image, unskip_image
from annotation.tabs.session import AnnotationSession

Result = TypeVar("Result")


def skip(session: AnnotationSession, reason: str) -> None:
    """Skips the open image and opens the next one. Raises AnnotationError without a reason; StateError."""
    with session.lock:
        if (image := session.image) is not None:
            _leave(session, lambda: skip_image(session.store, image.id, reason, session.who))


def reopen(session: AnnotationSession) -> None:
    """The open image is to be worked on again, whatever its state is. Raises StateError."""
    with session.lock:
        if session.image is not None and session.image.state == SKIPPED:
            session.image = unskip_image(session.store, session.image.id, session.who)
        else:
            session.set_state("in work")


def delete(session: AnnotationSession, image_ids: Sequence[int]) -> int:
    """Moves images to the bin; how many. If the open one is among them, the next one is opened."""
    with session.lock:
        if session.image is not None and session.image.id in image_ids:
            return _leave(session, lambda: delete_images(session.store, image_ids, session.who))
        number = delete_images(session.store, image_ids, session.who)
        session.refresh_queue()
        return number


def restore_version(session: AnnotationSession, version: int, only_deleted: bool = False) -> None:
    """Makes the open image, or the region whose history is shown, what it was in an earlier version.

    `only_deleted`: only brings the regions back that this version deleted. Raises AnnotationError if somebody
    has changed the image since it was opened here.
    """
    with session.lock:
        if session.image is None:
            return
        image, earlier = session.image, version
        only = [session.history_of] if session.history_of else []
        if only_deleted:
            changes = session.store.history(image.id)
            only = [c.region_id for c in changes if c.version == version and c.after is None]
            earlier = version - 1
        session.store.restore_version(image.id, earlier, image.version, session.who, only)


def _leave(session: AnnotationSession, action: Callable[[], Result]) -> Result:
    """Does something after which the open image is no longer in the queue, and opens the next one."""
    result = action()
    if not session.step(forward=True) and not session.step(forward=False):
        session.image = None
    session.reload()
    return result
