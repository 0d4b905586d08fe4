"""Who changes an image, when, and which version of it."""

from __future__ import annotations

from datetime import UTC, datetime

from annotation.region import AnnotationError
from annotation.store.tables import ImageRow
from spotter.language import tr

MAX_PERSON = 200  # characters of a person's name


def person_name(who: str) -> str:
    """The name under which a visitor's changes are stored."""
    who = "".join(character for character in str(who) if character.isprintable()).strip()[:MAX_PERSON]
    return who or "someone"


def now() -> datetime:
    return datetime.now(UTC)


def check_version(image: ImageRow, version: int) -> None:
    """Raises AnnotationError if somebody has changed the image since this version."""
    if version != image.version:
        raise AnnotationError(
            tr(
                "{changed_by} has changed this image in the meantime; review it again.",
                changed_by=image.changed_by,
            )
        )
