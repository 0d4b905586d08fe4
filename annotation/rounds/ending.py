"""Ends a round whose worker has ended: its result goes into the ledger, its weights into their folder.

Whoever looks at the rounds next does it, in one transaction: a program that is killed meanwhile leaves the
round as it was, and the next look ends it.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from annotation.rounds import ledger, process
from annotation.rounds.process import Process
from annotation.rounds.records import RUNNING, Progress, RoundError
from annotation.rounds.round_folder import RoundFolder
from annotation.rounds.weights import WeightsFolder
from annotation.store.tables import RoundRow
from spotter.language import ENGLISH, speaking, tr

STOP_FILE = "stop"  # in the folder of a round that a person wants to stop; contains who


def process_of(row: RoundRow) -> Process:
    return Process(row.host, row.pid, row.process_started)


def read_progress(folder: RoundFolder) -> Progress | None:
    try:
        return folder.progress()
    except (KeyError, TypeError, ValueError):  # not written by this program
        return None


def has_ended(row: RoundRow, folder: RoundFolder) -> bool:
    """Whether a running round's worker has said so, or is dead."""
    if not process_of(row).is_alive():
        return True
    progress = read_progress(folder)
    return progress is not None and progress.state not in RUNNING


def end_round(session: Session, row: RoundRow, folder: RoundFolder, weights: WeightsFolder) -> None:
    """Makes a row of a worker that has ended done, stopped or failed."""
    with speaking(ENGLISH):  # whoever looks first; what is stored is in one language
        _end_round(session, row, folder, weights)


def _end_round(session: Session, row: RoundRow, folder: RoundFolder, weights: WeightsFolder) -> None:
    row.ended = datetime.now(UTC)
    progress = read_progress(folder)
    if progress is None or progress.state in RUNNING:
        _note_death(row, folder)
    elif progress.state != "done":
        row.state, row.message = progress.state, progress.message
    else:
        try:
            verdict = folder.verdict()
            if verdict is None:
                raise RoundError(tr("The round has no result."))
            row.weights = weights.add(folder.weights)
            row.verdict, row.state, row.message = verdict.to_dict(), "done", ""
        except (RoundError, OSError) as error:
            reason = str(error)
            if isinstance(error, OSError):
                reason = tr("A file could not be written: {reason}.", reason=error.strerror)
            again = tr("When it is mended, resume it, or start another one.")
            row.state, row.message = "failed", f"{reason} {again}"
    session.flush()


def _note_death(row: RoundRow, folder: RoundFolder) -> None:
    stop = folder.path / STOP_FILE
    if stop.is_file():
        who = stop.read_text(encoding="utf-8")
        row.state, row.message = "stopped", tr("Stopped by {who}.", who=who)
        return
    said = process.last_line(folder.path)
    row.state = "failed"
    if said:
        row.message = tr(
            "The process ended before the round did: {reason}; resume it, or start another one.",
            reason=said.rstrip("."),
        )
    else:
        row.message = tr(
            "The process ended before the round did, perhaps for lack of memory; "
            "resume it, or start another one."
        )


def remove_leftovers(folder: RoundFolder) -> None:
    """What only a running round needs; its weights are in their own folder by now."""
    for path in (folder.run, folder.train):
        shutil.rmtree(path, ignore_errors=True)
    for path in (folder.weights, folder.weights.with_suffix(".json")):
        path.unlink(missing_ok=True)


def remove_unneeded(session: Session, weights: WeightsFolder) -> None:
    """Weights that no round needs; nobody adds weights during a transaction that writes."""
    weights.remove_unused(ledger.needed_weights(session))
