"""Which weights are served: promotion by the rule or with a reason, rollback; nothing is deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from annotation.rounds import ledger, promotion
from annotation.rounds.context import Context, app_version
from annotation.rounds.records import RoundError, state_name
from annotation.rounds.weights import check_weights
from annotation.store.store import person_name
from annotation.store.tables import RoundRow
from spotter.language import tr


def served_name(context: Context, session: Session, project_id: int | None) -> str:
    """As a person of this project calls it: "nano", "round 2", "round 1 of signs"."""
    served = ledger.served_id(session)
    if served is None:
        return Path(context.weights).stem
    row = session.get_one(RoundRow, served)
    if row.project_id == project_id:
        return tr("round {number}", number=row.number)
    return tr("round {number} of {project}", number=row.number, project=row.project)


def served(context: Context) -> tuple[str, str | Path]:
    """The version under which predictions are stored, and the weights to load."""
    with context.store.read() as session:
        round_id = ledger.served_id(session)
        if round_id is None:
            return app_version(context.weights), context.weights
        row = session.get_one(RoundRow, round_id)
        found = ledger.to_record(session, row)
    path = context.files.path(found.weights or "")
    if not path.is_file():
        message = tr(
            "The weights of round {number} of {project} are missing; roll back to others.",
            number=found.number,
            project=found.project,
        )
        raise RoundError(message)
    return found.model_version, path


def may_promote(context: Context, session: Session, row: RoundRow) -> tuple[bool, str]:
    """Whether the rule allows it, and why, in one sentence."""
    found = ledger.to_record(session, row)
    if found.verdict is None or found.weights is None:
        return False, tr(
            "{name} is {state}; only one that is done has weights.",
            name=found.name.capitalize(),
            state=state_name(found.state),
        )
    if found.served:
        return False, tr("{name} is served already.", name=found.name.capitalize())
    if row.parent_id != ledger.served_id(session):
        return False, tr(
            "{name} was not compared with {served}, which is served now.",
            name=found.name.capitalize(),
            served=served_name(context, session, row.project_id),
        )
    return promotion.may_promote(found.verdict, row.warnings, context.config)


def promote(context: Context, round_id: int, who: str, reason: str) -> None:
    """Against the rule only with a reason, which is kept."""
    reason = " ".join(reason.split())
    with context.store.write() as session:
        row = ledger.get_row(session, round_id)
        ledger.check_role(session, row)
        allowed, why = may_promote(context, session, row)
        if row.weights is None or ledger.served_id(session) == row.id:
            raise RoundError(why)
        if not allowed and not reason:
            raise RoundError(f"{why} " + tr("To promote it all the same, give a reason."))
        _check_file(context, row)
        ledger.serve(session, row.id, person_name(who), datetime.now(UTC), reason)


def rollback(context: Context, round_id: int | None, who: str) -> None:
    """To a round that was promoted earlier, or to the weights of the app (None)."""
    with context.store.write() as session:
        if (served := ledger.served_id(session)) is not None:
            ledger.check_role(session, session.get_one(RoundRow, served))
        if served == round_id:
            if round_id is None:
                raise RoundError(tr("The weights of the app are served already."))
            number = ledger.get_row(session, round_id).number
            raise RoundError(tr("The weights of round {number} are served already.", number=number))
        if round_id is not None:
            row = ledger.get_row(session, round_id)
            if not ledger.to_record(session, row).promoted:
                raise RoundError(
                    tr("Round {number} was never promoted; promote it instead.", number=row.number)
                )
            _check_file(context, row)
        ledger.serve(session, round_id, person_name(who), datetime.now(UTC), is_rollback=True)


def _check_file(context: Context, row: RoundRow) -> None:
    """Raises RoundError unless the weights of a round are there, whole."""
    if row.weights is None or check_weights(context.files.path(row.weights)) != row.weights:
        raise RoundError(
            tr("The weights of round {number} are damaged; they cannot be served.", number=row.number)
        )
