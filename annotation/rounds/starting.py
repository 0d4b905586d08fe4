"""Starts and resumes a round: its row in the ledger first, then its process; one at a time per database."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from annotation.rounds import ledger, process
from annotation.rounds.characters import (
    check_number,
    learns_sentence,
    merge_characters,
    named_characters,
    read_characters,
)
from annotation.rounds.config import RoundConfig, check_request
from annotation.rounds.context import Context, app_version, built_in
from annotation.rounds.ending import STOP_FILE, remove_unneeded
from annotation.rounds.mistakes import choose_part
from annotation.rounds.picking import Pick, alike_warning, count_words, pick
from annotation.rounds.process import Process
from annotation.rounds.records import Gain, Job, RoundError, state_name
from annotation.rounds.serving import served_name
from annotation.rounds.stored_texts import stored
from annotation.store.projects import get_project
from annotation.store.store import person_name
from annotation.store.tables import ImageRow, RoundRow
from annotation.text_checks import unknown_characters
from spotter.language import ENGLISH, speaking, tr, trn


def find_gain(context: Context, project_id: int) -> Gain:
    """What a round could learn from now."""
    config = context.config
    with context.store.read() as session:
        named = get_project(session, project_id).characters
        picked = pick(session, project_id, ledger.served_id(session), config)
        mistakes, suspicions = context.examiner.examine(session, picked.new, config)
        part, reason = choose_part(mistakes, config)
        known = read_characters(_parent_file(context, session))
        characters = "" if known is None else unknown_characters(suspicions.texts, known)
        if characters and part == "detector":
            part, reason = "all", learns_reason()
        return Gain(
            photos=len(picked.new),
            words=count_words(session, picked.new),
            kinds=dict(mistakes.kinds),
            holdout=len(picked.holdout),
            missing=picked.missing(config),
            minutes=config.minutes,
            part=part,
            reason=reason,
            warnings=suspicions.warnings() + ([alike_warning()] if picked.alike else []),
            since=served_name(context, session, project_id),
            characters=characters,
            named=named,
            can_cross_validate=picked.can_cross_validate(config),
        )


def start(
    context: Context,
    project_id: int,
    minutes: float | None,
    part: str,
    who: str,
    characters: str | None = None,
    cross_validate: bool = False,
) -> int:
    """Id of the round, whose process has been started. `characters`: see `Rounds.start`."""
    minutes = check_request(context.config, minutes, part)
    app_version(context.weights)  # raises RoundError if there are none
    with speaking(ENGLISH):  # its sentences are stored
        gain = find_gain(context, project_id)
    if cross_validate and not gain.can_cross_validate:
        raise RoundError(
            tr(
                "A cross-validation needs {minimum} corrected photos, one of them new, and is only for "
                "projects with too few photos to hold some out.",
                minimum=context.config.folds,
            )
        )
    if gain.missing and not cross_validate:
        raise RoundError(missing_photos(replace(gain, since=stored(gain.since)), context.config))
    if not gain.words:
        raise RoundError(tr("The corrected photos have no words with a text; there is nothing to learn."))
    named = gain.named if characters is None else named_characters(characters)
    more = _more_characters(context, gain, part, named)
    with speaking(ENGLISH):
        learns = learns_sentence(more)
    with context.store.write() as session:
        get_project(session, project_id, "manage").characters = named
        _refuse_second(session)
        remove_unneeded(session, context.files)
        picked = pick(session, project_id, ledger.served_id(session), context.config)
        if cross_validate:
            picked = picked.for_cross_validation()
        row = _add_row(context, session, project_id, picked, minutes, who)
        row.part, row.reason, row.warnings = gain.part, gain.reason, gain.warnings
        if part != "auto":
            with speaking(ENGLISH):
                row.part, row.reason = part, chosen_reason(row.who, part)
        elif more and gain.part == "detector":
            with speaking(ENGLISH):
                row.part, row.reason = "all", learns_reason()
        row.reason = f"{row.reason} {learns}".rstrip()
        job = _job(context, row, picked, more)
        folder = context.folder(job.round_id)
        shutil.rmtree(folder.path, ignore_errors=True)  # of an earlier database of this name
    try:
        folder.write_job(job)
        _spawn(context, job.round_id)
    except (OSError, RoundError) as error:
        raise RoundError(_note_failed_start(context, job.round_id, error)) from error
    return job.round_id


def _more_characters(context: Context, gain: Gain, part: str, named: str) -> str:
    """That the reader learns in this round. Raises RoundError."""
    if part == "detector":
        if not set(named) <= set(gain.named):
            raise RoundError(
                tr("The detector learns no characters; train the whole model or the recogniser.")
            )
        return ""
    with context.store.read() as session:
        known = read_characters(_parent_file(context, session)) or ""
    return check_number(merge_characters(known, gain.characters, named)[len(known) :])


def _parent_file(context: Context, session: Session) -> Path:
    """The weights that are served, from which a round starts."""
    served = ledger.served_id(session)
    if served is None:
        return built_in(context.weights) or Path(context.weights)
    return context.files.path(session.get_one(RoundRow, served).weights or "")


def resume(context: Context, round_id: int) -> None:
    """Continues a round that failed or was stopped, from its checkpoint."""
    folder = context.folder(round_id)
    with context.store.write() as session:
        row = ledger.get_row(session, round_id)
        ledger.check_role(session, row)
        if row.state not in ("stopped", "failed"):
            raise RoundError(
                tr(
                    "Round {number} is {state}; there is nothing to resume.",
                    number=row.number,
                    state=state_name(row.state),
                )
            )
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
        return tr("No photo was corrected since {since}; mark photos as done first.", since=gain.since)
    return trn(
        "{number} corrected photo is missing: a round needs {minimum}, {holdout} of them to judge it, "
        "and at least one new photo to learn from.",
        "{number} corrected photos are missing: a round needs {minimum}, {holdout} of them to judge it, "
        "and at least one new photo to learn from.",
        gain.missing,
        minimum=config.min_photos,
        holdout=config.min_holdout,
    )


def learns_reason() -> str:
    """Otherwise only the detector would be trained."""
    return tr("The reader must learn characters: the whole model is trained.")


def chosen_reason(who: str, part: str) -> str:
    if part == "detector":
        return tr("{who} chose it: the detector is trained.", who=who)
    if part == "recogniser":
        return tr("{who} chose it: the recogniser is trained.", who=who)
    return tr("{who} chose it: the whole model is trained.", who=who)


def _refuse_second(session: Session) -> None:
    if (running := ledger.running_row(session)) is not None:
        message = tr(
            "Round {number} of {project} is running; wait until it ends, or stop it.",
            number=running.number,
            project=running.project,
        )
        raise RoundError(message)


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


def _job(context: Context, row: RoundRow, picked: Pick, characters: str) -> Job:
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
        characters=characters,
        folds=picked.folds(context.config),
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
    with speaking(ENGLISH):
        message = tr("The process of the round could not be started: {reason}.", reason=reason)
    with context.store.write() as session:
        row = session.get_one(RoundRow, round_id)
        row.state, row.message, row.ended = "failed", message, datetime.now(UTC)
    return stored(message)
