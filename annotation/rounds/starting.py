"""Starts and resumes a round: its row in the ledger first, then its process; one at a time per database."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from annotation.rounds import ledger, process
from annotation.rounds.config import RoundConfig
from annotation.rounds.context import Context, app_version, built_in
from annotation.rounds.ending import STOP_FILE, remove_unneeded
from annotation.rounds.mistakes import choose_part
from annotation.rounds.picking import ALIKE, Pick, count_words, pick
from annotation.rounds.process import Process
from annotation.rounds.records import PARTS, Gain, Job, RoundError
from annotation.rounds.serving import served_name
from annotation.store.projects import get_project
from annotation.store.store import person_name
from annotation.store.tables import ImageRow, RoundRow


def find_gain(context: Context, project_id: int) -> Gain:
    """What a round could learn from now."""
    config = context.config
    with context.store.read() as session:
        get_project(session, project_id)
        picked = pick(session, project_id, ledger.served_id(session), config)
        mistakes, suspicions = context.examiner.examine(session, picked.new, config)
        part, reason = choose_part(mistakes, config)
        return Gain(
            photos=len(picked.new),
            words=count_words(session, picked.new),
            kinds=dict(mistakes.kinds),
            holdout=len(picked.holdout),
            missing=picked.missing(config),
            minutes=config.minutes,
            part=part,
            reason=reason,
            warnings=suspicions.warnings() + ([ALIKE] if picked.alike else []),
            since=served_name(context, session, project_id),
        )


def start(context: Context, project_id: int, minutes: float | None, part: str, who: str) -> int:
    """Id of the round, whose process has been started."""
    minutes = _check_request(context.config, minutes, part)
    app_version(context.weights)  # raises RoundError if there are none
    gain = find_gain(context, project_id)
    if gain.missing:
        raise RoundError(missing_photos(gain, context.config))
    if not gain.words:
        raise RoundError("The corrected photos have no words with a text; there is nothing to learn.")
    with context.store.write() as session:
        _refuse_second(session)
        remove_unneeded(session, context.files)
        picked = pick(session, project_id, ledger.served_id(session), context.config)
        row = _add_row(context, session, project_id, picked, minutes, who)
        row.part, row.reason, row.warnings = gain.part, gain.reason, gain.warnings
        if part != "auto":
            row.part, row.reason = part, f"{row.who} chose it: the {spoken(part)} is trained."
        job = _job(context, row, picked)
        folder = context.folder(job.round_id)
        shutil.rmtree(folder.path, ignore_errors=True)  # of an earlier database of this name
    try:
        folder.write_job(job)
        _spawn(context, job.round_id)
    except (OSError, RoundError) as error:
        raise RoundError(_note_failed_start(context, job.round_id, error)) from error
    return job.round_id


def resume(context: Context, round_id: int) -> None:
    """Continues a round that failed or was stopped, from its checkpoint."""
    folder = context.folder(round_id)
    with context.store.write() as session:
        row = ledger.get_row(session, round_id)
        if row.state not in ("stopped", "failed"):
            raise RoundError(f"Round {row.number} is {row.state}; there is nothing to resume.")
        _refuse_second(session)
        folder.job()  # raises RoundError if it is damaged
        for name in (STOP_FILE, "progress.json"):
            (folder.path / name).unlink(missing_ok=True)
        row.state, row.message, row.ended = "preparing", "", None
        _note_process(row, process.this_process())
    try:
        _spawn(context, round_id)
    except OSError as error:
        raise RoundError(_note_failed_start(context, round_id, error)) from error


def missing_photos(gain: Gain, config: RoundConfig) -> str:
    """Why no round can start, in one sentence."""
    if not gain.photos:
        return f"No photo was corrected since {gain.since}; mark photos as done first."
    photos = "1 corrected photo is" if gain.missing == 1 else f"{gain.missing} corrected photos are"
    return (
        f"{photos} missing: a round needs {config.min_photos}, {config.min_holdout} of them to judge it, "
        "and at least one new photo to learn from."
    )


def spoken(part: str) -> str:
    return "whole model" if part == "all" else part


def _check_request(config: RoundConfig, minutes: float | None, part: str) -> float:
    minutes = config.minutes if minutes is None else minutes
    if not (math.isfinite(minutes) and 0 < minutes <= config.max_minutes):
        raise RoundError(f"A round takes more than 0 and at most {config.max_minutes:g} minutes.")
    if part not in ("auto", *PARTS):
        raise RoundError(f"There is no part {part!r}; expected auto, {', '.join(PARTS)}.")
    return minutes


def _refuse_second(session: Session) -> None:
    if (running := ledger.running_row(session)) is not None:
        name = f"Round {running.number} of {running.project}"
        raise RoundError(f"{name} is running; wait until it ends, or stop it.")


def _add_row(
    context: Context, session: Session, project_id: int, picked: Pick, minutes: float, who: str
) -> RoundRow:
    project, parent_id = get_project(session, project_id).name, ledger.served_id(session)
    if parent_id is not None:
        parent = session.get_one(RoundRow, parent_id).weights or ""
    else:
        parent = context.weights if built_in(context.weights) else context.files.add(Path(context.weights))
    row = RoundRow(
        project_id=project_id,
        project=project,
        number=ledger.next_number(session, project_id, project),
        state="preparing",
        started=datetime.now(UTC),
        who=person_name(who),
        minutes=minutes,
        photos=len(picked.train),
        words=count_words(session, picked.train),
        part="",
        reason="",
        warnings=[],
        parent=parent,
        parent_id=parent_id,
        message="",
    )
    _note_process(row, process.this_process())  # until the worker runs
    session.add(row)
    session.flush()
    ledger.freeze_sides(session, project_id, picked.sides)
    uses = {"train": picked.train, "replay": picked.replay, "holdout": picked.holdout}
    for used_for, photos in uses.items():
        ledger.note_photos(session, row.id, used_for, photos)
    return row


def _job(context: Context, row: RoundRow, picked: Pick) -> Job:
    is_file = built_in(row.parent) is None
    return Job(
        round_id=row.id,
        project=row.project,
        database=context.store.engine.url.render_as_string(hide_password=True),
        parent=str(context.files.path(row.parent)) if is_file else row.parent,
        train=_ids(picked.train),
        replay=_ids(picked.replay),
        holdout=_ids(picked.holdout),
        part=row.part,
        minutes=row.minutes,
        seed=context.config.seed + row.number,
        config=asdict(context.config),
    )


def _ids(photos: Sequence[ImageRow]) -> list[int]:
    return [photo.id for photo in photos]


def _spawn(context: Context, round_id: int) -> None:
    def note(worker: Process) -> None:
        with context.store.write() as session:
            _note_process(session.get_one(RoundRow, round_id), worker)

    arguments = ["--database", context.database, "--round", str(round_id)]
    process.spawn(context.worker, arguments, context.folder(round_id).path, note)


def _note_process(row: RoundRow, process: Process) -> None:
    row.host, row.pid, row.process_started = process.host, process.pid, process.started


def _note_failed_start(context: Context, round_id: int, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
    message = f"The process of the round could not be started: {reason}."
    with context.store.write() as session:
        row = session.get_one(RoundRow, round_id)
        row.state, row.message, row.ended = "failed", message, datetime.now(UTC)
    return message
