"""The ledger of the rounds in the database, inside a transaction: one function per query."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from annotation.review import CONFIRMED_STATES
from annotation.rounds.holdout import Hashes
from annotation.rounds.records import RUNNING, Round, RoundError, Verdict
from annotation.store import roles
from annotation.store.projects import in_project
from annotation.store.tables import HoldoutImageRow, ImageRow, RoundImageRow, RoundRow, ServedRow
from spotter.language import tr


def get_row(session: Session, round_id: int) -> RoundRow:
    """Raises RoundError if there is no such round, also if it was deleted."""
    row = session.get(RoundRow, round_id)
    if row is None or row.deleted_at is not None:
        raise RoundError(tr("There is no such round."))
    return row


def check_role(session: Session, row: RoundRow) -> None:
    """Rounds are for owners of the project, if it still exists. Raises ForbiddenError."""
    if row.project_id is not None:
        roles.check(session, row.project_id, "manage")


def running_row(session: Session) -> RoundRow | None:
    """The round of any project that has not ended."""
    return session.scalar(select(RoundRow).where(RoundRow.state.in_(RUNNING)).limit(1))


def next_number(session: Session, project_id: int, project: str) -> int:
    """Also after rounds of a deleted project of this name, so that no model version is used twice."""
    same = or_(RoundRow.project_id == project_id, RoundRow.project == project)
    return (session.scalar(select(func.max(RoundRow.number)).where(same)) or 0) + 1


def project_rounds(session: Session, project_id: int) -> list[RoundRow]:
    """Newest first."""
    query = select(RoundRow).where(RoundRow.project_id == project_id, RoundRow.deleted_at.is_(None))
    return list(session.scalars(query.order_by(RoundRow.number.desc())))


def to_record(session: Session, row: RoundRow) -> Round:
    query = select(ServedRow).where(ServedRow.round_id == row.id, ~ServedRow.is_rollback)
    promotion = session.scalar(query.order_by(ServedRow.id.desc()).limit(1))
    names = ("id", "number", "project", "state", "started", "ended", "minutes", "photos", "words", "part")
    return Round(
        **{name: getattr(row, name) for name in (*names, "reason", "parent", "weights", "message")},
        project_id=row.project_id or 0,
        verdict=Verdict.from_dict(row.verdict) if row.verdict is not None else None,
        promoted=promotion is not None,
        promoted_by=promotion.who if promotion else "",
        promoted_at=promotion.at if promotion else None,
        promoted_reason=promotion.reason if promotion else "",
        served=served_id(session) == row.id,
    )


# What is served


def served_id(session: Session) -> int | None:
    """Of the round whose weights are served; None: those of the app."""
    return session.scalar(select(ServedRow.round_id).order_by(ServedRow.id.desc()).limit(1))


def serve(
    session: Session,
    round_id: int | None,
    who: str,
    at: datetime,
    reason: str = "",
    is_rollback: bool = False,
) -> None:
    session.add(ServedRow(round_id=round_id, who=who, at=at, reason=reason, is_rollback=is_rollback))
    session.flush()


def needed_weights(session: Session) -> set[str]:
    """The sha256 of the weights of every round that was not deleted, and of what it started from."""
    rows = session.scalars(select(RoundRow).where(RoundRow.deleted_at.is_(None)))
    return {sha256 for row in rows for sha256 in (row.weights, row.parent) if sha256}


# Photos


def lineage(session: Session, round_id: int | None) -> list[int]:
    """A round and those on whose weights it was built; [] for the weights of the app."""
    found: list[int] = []
    while round_id is not None:
        found.append(round_id)
        round_id = session.scalar(select(RoundRow.parent_id).where(RoundRow.id == round_id))
    return found


def used_photos(session: Session, round_ids: Iterable[int]) -> set[tuple[int, int]]:
    """(image id, version) of the photos on which these rounds were trained or judged."""
    query = select(RoundImageRow.image_id, RoundImageRow.version)
    rows = session.execute(query.where(RoundImageRow.round_id.in_(list(round_ids))))
    return {(image_id, version) for image_id, version in rows}


def confirmed_photos(session: Session, project_id: int) -> list[ImageRow]:
    """The photos of a project that are done or approved, the latest change first."""
    query = select(ImageRow).where(in_project(project_id), ImageRow.state.in_(CONFIRMED_STATES))
    return list(session.scalars(query.order_by(ImageRow.changed_at.desc(), ImageRow.id.desc())))


def known_sides(session: Session, project_id: int) -> dict[Hashes, str]:
    rows = session.scalars(select(HoldoutImageRow).where(HoldoutImageRow.project_id == project_id))
    return {Hashes(row.sha256, row.dhash): row.side for row in rows}


def freeze_sides(session: Session, project_id: int, sides: dict[Hashes, str]) -> None:
    session.add_all(
        HoldoutImageRow(project_id=project_id, sha256=photo.sha256, dhash=photo.dhash, side=side)
        for photo, side in sides.items()
    )


def note_photos(session: Session, round_id: int, used_for: str, photos: Iterable[ImageRow]) -> None:
    session.add_all(
        RoundImageRow(round_id=round_id, image_id=p.id, version=p.version, used_for=used_for) for p in photos
    )
