"""The values that the store returns: frozen, and independent of the database session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from annotation.region import AnnotationError, Region
from annotation.store.tables import ImageRow
from spotter.language import tr


class NotFoundError(AnnotationError):
    """There is no such project, image, draft or suggestion."""


class VersionConflict(AnnotationError):  # noqa: N818, the name others catch
    """Somebody else saved first. Nothing is lost: the rejected regions are in the draft."""

    def __init__(self, who: str, at: datetime, version: int, draft_id: int) -> None:
        super().__init__(
            tr(
                "{who} changed this image at {at:%H:%M:%S} UTC; your version is kept as a draft.",
                who=who,
                at=at,
            )
        )
        self.who = who  # who saved the current version
        self.at = at  # when it was saved, UTC
        self.version = version  # the image's current version
        self.draft_id = draft_id  # contains the rejected regions


@dataclass(frozen=True)
class ImageRecord:
    """An image of a project."""

    id: int
    project_id: int
    name: str  # original file name, only for display
    sha256: str  # of the stored file
    extension: str  # .png or .jpg
    width: int  # pixels, upright
    height: int
    state: str  # new, in work, done, approved
    version: int  # to be passed to save_regions
    uncertainty: float | None  # 0..1; None if there is no prediction
    added: datetime
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True)
class Suggestion:
    """A model's region that conflicts with a person's work and waits for a decision."""

    id: str  # of the predicted region
    model_version: str
    region: Region
    replaces: str | None  # id of the person's region that it would replace; None if it would be added


@dataclass(frozen=True)
class Draft:
    """A rejected version of an image's regions (somebody else saved first) that waits for a decision."""

    id: int
    image_id: int
    who: str
    at: datetime
    base_version: int
    regions: list[Region]


@dataclass(frozen=True)
class OpenImage:
    """An image with everything the editor shows."""

    image: ImageRecord
    regions: list[Region]
    suggestions: list[Suggestion]
    drafts: list[Draft]


@dataclass(frozen=True)
class Prediction:
    """The prediction of one model version for an image."""

    model_version: str
    added: datetime
    score: float | None  # mean over its regions
    regions: list[Region]


@dataclass(frozen=True)
class Revision:
    """One change of one region."""

    region_id: str
    version: int  # of the image, after it
    who: str
    source: str  # person, model or import
    at: datetime
    kinds: tuple[str, ...]  # of annotation.corrections.KINDS, compared with the prediction
    before: Region | None  # None: added
    after: Region | None  # None: removed


@dataclass(frozen=True)
class StateChange:
    """One change of an image's review state."""

    who: str
    at: datetime
    before: str  # a state, or "deleted": it was in the bin
    after: str
    reason: str  # why it was skipped, else ""


def image_record(row: ImageRow) -> ImageRecord:
    return ImageRecord(**{name: getattr(row, name) for name in ImageRecord.__dataclass_fields__})
