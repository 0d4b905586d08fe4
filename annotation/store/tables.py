"""The tables of the store. `migrations/` creates them; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON, TypeDecorator


class UtcDateTime(TypeDecorator):
    """A time in UTC; SQLite stores no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Sorts by code points, as `natural_sort_key` expects; PostgreSQL would use the locale by default.
SortKey = String(600).with_variant(String(600, collation="C"), "postgresql")


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        dict: JSON(none_as_null=True),
        list: JSON(none_as_null=True),
    }


class ProjectRow(Base):
    __tablename__ = "projects"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created: Mapped[datetime]
    # Of a project that was deleted; its `name` is then a placeholder, so that the name is free again.
    deleted_name: Mapped[str | None] = mapped_column(String(200))
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[str | None] = mapped_column(String(200))
    # That its rounds teach the reader, besides those of the texts.
    characters: Mapped[str] = mapped_column(Text, default="", server_default="")


class MemberRow(Base):
    """The role of a person in a project, see annotation.store.roles."""

    __tablename__ = "members"
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String(200), primary_key=True)
    role: Mapped[str] = mapped_column(String(10))


class ImageRow(Base):
    __tablename__ = "images"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    sha256: Mapped[str] = mapped_column(String(64))  # of the stored file
    source_sha256: Mapped[str] = mapped_column(String(64))  # of the original file
    name: Mapped[str] = mapped_column(String(255))  # for display, never a path
    sort_name: Mapped[str] = mapped_column(SortKey)  # natural order: img2 before img10
    extension: Mapped[str] = mapped_column(String(8))  # .png or .jpg
    width: Mapped[int]  # pixels, upright
    height: Mapped[int]
    dhash: Mapped[int] = mapped_column(BigInteger)  # signed 64-bit integer
    turned_dhashes: Mapped[bytes | None] = mapped_column(
        LargeBinary
    )  # see store/images.py; None: added before
    added: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="new")  # see annotation.review
    version: Mapped[int] = mapped_column(default=0)  # grows with every change of its regions
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str | None] = mapped_column(String(200))
    uncertainty: Mapped[float | None]  # 0..1, of the newest prediction
    __table_args__ = (
        UniqueConstraint("project_id", "sha256", name="uq_images_sha256"),
        Index("ix_images_source", "project_id", "source_sha256"),
        # Covering indexes: the queue never reads the regions.
        Index("ix_images_uncertainty", "project_id", "state", "uncertainty", "id", "dhash"),
        Index("ix_images_name", "project_id", "sort_name", "id", "state", "dhash"),
        Index("ix_images_added", "project_id", "added", "id", "state", "dhash"),
        Index("ix_images_label", "project_id", "name"),
    )


class PredictionRow(Base):
    __tablename__ = "predictions"
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    model_version: Mapped[str] = mapped_column(String(200))
    added: Mapped[datetime]
    score: Mapped[float | None]  # mean of its regions' scores
    __table_args__ = (UniqueConstraint("image_id", "model_version", name="uq_predictions_version"),)


class PredictedRow(Base):
    """A region as a model returned it; only its status changes."""

    __tablename__ = "predicted_regions"
    prediction_id: Mapped[int] = mapped_column(ForeignKey("predictions.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    polygon: Mapped[list]
    text: Mapped[str] = mapped_column(Text)
    score: Mapped[float | None]
    reading_score: Mapped[float | None]
    characters: Mapped[list]
    weakest_character: Mapped[float | None]  # see annotation.signals
    box_movement: Mapped[float | None]
    mask_disagreement: Mapped[float | None]
    status: Mapped[str] = mapped_column(String(12))  # see annotation.store.predictions
    # Id of the person's region of the same word.
    matched_id: Mapped[str | None] = mapped_column("beside", String(64), key="matched_id")


class RegionRow(Base):
    """A current region of an image."""

    __tablename__ = "regions"
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    polygon: Mapped[list]
    text: Mapped[str] = mapped_column(Text)
    illegible: Mapped[bool]
    difficult: Mapped[bool]
    score: Mapped[float | None]
    reading_score: Mapped[float | None]
    characters: Mapped[list]
    origin: Mapped[str] = mapped_column(String(10))
    locked: Mapped[bool]
    # For the search: it reads the texts without the polygons. PostgreSQL limits an index row to 2700 bytes.
    __table_args__ = (Index("ix_regions_text", "image_id", "id", "text").ddl_if(dialect="sqlite"),)


class RevisionRow(Base):
    """One change of one region."""

    __tablename__ = "revisions"
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    region_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]  # of the image, after the change
    who: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(10))  # person, model or import
    at: Mapped[datetime]
    kinds: Mapped[str] = mapped_column(String(60))  # of the correction, separated by spaces
    before: Mapped[dict | None]  # the region; None if it was added
    after: Mapped[dict | None]  # the region; None if it was removed
    __table_args__ = (
        Index("ix_revisions_region", "image_id", "region_id"),
        # Covering, and without the many revisions by models: for the statistics.
        Index(
            "ix_revisions_people",
            *("image_id", "region_id", "who", "source", "version", "at"),
            sqlite_where=text("source != 'model'"),
            postgresql_where=text("source != 'model'"),
        ),
    )


class DraftRow(Base):
    """A rejected version of an image's regions: somebody else saved first."""

    __tablename__ = "drafts"
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    who: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    base_version: Mapped[int]  # the version that was edited
    regions: Mapped[list]
    status: Mapped[str] = mapped_column(String(10))  # open, applied or discarded


class ReviewRow(Base):
    """One change of an image's review state: also into the bin and out of it."""

    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    who: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    before: Mapped[str] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(200))  # why it was skipped


class SentImageRow(Base):
    """An image that a Label Studio server has received; without a task there, it was deleted there."""

    __tablename__ = "sent_images"
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True)
    server_project: Mapped[str] = mapped_column(String(300), primary_key=True)  # address of the project


class RemovedFileRow(Base):
    """A file of the image folder whose image was deleted for good; to be removed if no other image has it."""

    __tablename__ = "removed_files"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    extension: Mapped[str] = mapped_column(String(8), primary_key=True)


class RoundRow(Base):
    """A round of fine-tuning, see annotation.rounds; kept when it is deleted, as later rounds built on it."""

    __tablename__ = "rounds"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))  # None: deleted for good
    project: Mapped[str] = mapped_column(String(200))  # its name when the round was started
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))  # see annotation.rounds.records.STATES
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
    who: Mapped[str] = mapped_column(String(200))  # who started it
    minutes: Mapped[float]
    photos: Mapped[int]
    words: Mapped[int]
    part: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    warnings: Mapped[list]
    parent: Mapped[str] = mapped_column(String(200))  # sha256 of weights, or a built-in name
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"))  # the round that made the parent
    weights: Mapped[str | None] = mapped_column(String(64))  # sha256
    verdict: Mapped[dict | None]
    message: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(String(255))  # where its process runs
    pid: Mapped[int]
    process_started: Mapped[str] = mapped_column(String(100))  # tells the process from a later one of its pid
    deleted_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("project", "number", name="uq_rounds_number"),)


class RoundImageRow(Base):
    """A photo that a round used, in the version that it had."""

    __tablename__ = "round_images"
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True, index=True)
    version: Mapped[int]
    used_for: Mapped[str] = mapped_column(String(8))  # train, replay or holdout


class HoldoutImageRow(Base):
    """The side of a photo; never changes, even if the photo is deleted and added again."""

    __tablename__ = "holdout_images"
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    dhash: Mapped[int] = mapped_column(BigInteger)
    side: Mapped[str] = mapped_column(String(8))  # see annotation.rounds.holdout


class ServedRow(Base):
    """A promotion or rollback; the newest one says what is served."""

    __tablename__ = "served"
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"))  # None: the weights of the app
    who: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)  # of a promotion against the rule
    is_rollback: Mapped[bool]
