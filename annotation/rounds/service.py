"""`Rounds`: everything that the app, the command line and the ML backend do with rounds."""

from __future__ import annotations

import builtins
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from annotation.rounds import ledger, serving, starting
from annotation.rounds.characters import check_number, named_characters
from annotation.rounds.config import RoundConfig
from annotation.rounds.context import Context
from annotation.rounds.ending import (
    STOP_FILE,
    end_round,
    has_ended,
    process_of,
    read_progress,
    remove_leftovers,
    remove_unneeded,
)
from annotation.rounds.ledger_csv import to_csv
from annotation.rounds.offered import offered
from annotation.rounds.records import RUNNING, Gain, Progress, RegionChange, Round, RoundError, state_name
from annotation.store.images import write_file
from annotation.store.projects import get_project
from annotation.store.statistics import seconds_until
from annotation.store.store import Store, person_name
from annotation.store.tables import RoundRow
from spotter.language import tr
from spotter.served import OfferedWeights

WORKER = "annotation.rounds.worker"
POLL_SECONDS = 0.5
KILL_SECONDS = 30.0  # after which a second stop kills a worker that does not stop


class Rounds:
    """The rounds of a database; thread-safe like `Store`. Every method may raise AnnotationError."""

    def __init__(
        self,
        store: Store,
        weights: str = "nano",
        config: RoundConfig = RoundConfig(),  # noqa: B008  # frozen
        worker: str = WORKER,
    ) -> None:
        """`weights`: of the app, served until a round is promoted; `worker`: the module that trains."""
        self.store, self.config = store, config
        self.context = Context(store, weights, config, worker)

    # Starting, watching and stopping

    def gain(self, project_id: int) -> Gain:
        return starting.find_gain(self.context, project_id)

    def start(
        self,
        project_id: int,
        minutes: float | None = None,
        part: str = "auto",
        who: str = "",
        characters: str | None = None,
        cross_validate: bool = False,
    ) -> Round:
        """Starts a round in a process of its own and returns at once.

        `part`: auto or one of PARTS; `characters`: see `name_characters`, None: those named before;
        `cross_validate`: for projects with too few photos to hold some out.
        """
        self._end_dead_round()
        options = minutes, part, who, characters, cross_validate
        return self.get(starting.start(self.context, project_id, *options))

    def name_characters(self, project_id: int, characters: str) -> None:
        """Those that the reader learns in this and later rounds, besides those of the texts."""
        named = check_number(named_characters(characters))
        with self.store.write() as session:
            get_project(session, project_id, "manage").characters = named

    def resume(self, round_id: int) -> Round:
        """Continues a round that failed or was stopped, from its checkpoint."""
        self._end_dead_round()
        starting.resume(self.context, round_id)
        return self.get(round_id)

    def current(self) -> Round | None:
        """The running one, of any project."""
        self._end_dead_round()
        with self.store.read() as session:
            row = ledger.running_row(session)
            return None if row is None else self._record(session, row)

    def progress(self, round_id: int) -> Progress | None:
        """None before its worker has written it."""
        return read_progress(self.context.folder(self.get(round_id).id))

    def stop(self, round_id: int, who: str = "") -> None:
        """Returns at once; the worker ends within seconds."""
        if (found := self.get(round_id)).state not in RUNNING:
            raise RoundError(tr("{name} is not running.", name=found.name.capitalize()))
        with self.store.read() as session:
            ledger.check_role(session, session.get_one(RoundRow, round_id))
        note = self.context.folder(round_id).path / STOP_FILE
        is_late = note.is_file() and time.time() - note.stat().st_mtime > KILL_SECONDS
        if not note.is_file():
            write_file(note, person_name(who).encode())
        with self.store.read() as session:
            process_of(session.get_one(RoundRow, round_id)).terminate(kill=is_late)

    def wait(self, round_id: int, watch: Callable[[Progress], None] | None = None) -> Round:
        """`watch`: called with the progress now and then."""
        while (found := self.get(round_id)).state in RUNNING:
            if watch is not None and (progress := self.progress(round_id)) is not None:
                watch(progress)
            time.sleep(POLL_SECONDS)
        return found

    def _end_dead_round(self) -> None:
        """Whoever looks at the rounds ends the one whose worker has ended."""
        with self.store.read() as session:
            row = ledger.running_row(session)
            if row is None or not has_ended(row, self.context.folder(row.id)):
                return
            round_id = row.id
        folder = self.context.folder(round_id)
        with self.store.write() as session:
            row = session.get_one(RoundRow, round_id)
            if row.state not in RUNNING or not has_ended(row, folder):
                return  # another program has ended or resumed it meanwhile
            end_round(session, row, folder, self.context.files)
            is_done = row.state == "done"
        if is_done:
            remove_leftovers(folder)

    # The ledger

    def get(self, round_id: int) -> Round:
        self._end_dead_round()
        with self.store.read() as session:
            return self._record(session, ledger.get_row(session, round_id))

    def list(self, project_id: int) -> builtins.list[Round]:
        """Newest first."""
        self._end_dead_round()
        with self.store.read() as session:
            return [self._record(session, row) for row in ledger.project_rounds(session, project_id)]

    def _record(self, session: Session, row: RoundRow) -> Round:
        found = ledger.to_record(session, row)
        progress = read_progress(self.context.folder(row.id)) if found.state in RUNNING else None
        return replace(found, state=progress.state) if progress and progress.state in RUNNING else found

    def changes(self, round_id: int) -> builtins.list[RegionChange]:
        return self.context.folder(self.get(round_id).id).changes()

    def people_minutes(self, project_id: int) -> dict[int, float]:
        """Minutes that people worked before each round, since the one before, by its id."""
        by_start = sorted(self.list(project_id), key=lambda one: one.started)
        with self.store.read() as session:
            totals = seconds_until(session, project_id, [one.started for one in by_start])
        return {
            one.id: (total - before) / 60
            for one, total, before in zip(by_start, totals, [0, *totals], strict=False)
        }

    def csv(self, project_id: int) -> str:
        return to_csv(self.list(project_id), self.people_minutes(project_id))

    def delete(self, round_id: int) -> None:
        """Deletes a round with its weights, unless another round needs them."""
        self._end_dead_round()
        with self.store.write() as session:
            row = ledger.get_row(session, round_id)
            ledger.check_role(session, row)
            if row.state in RUNNING:
                raise RoundError(tr("Round {number} is running; stop it first.", number=row.number))
            if ledger.served_id(session) == row.id:
                raise RoundError(
                    tr("The weights of round {number} are served; roll back first.", number=row.number)
                )
            row.deleted_at = datetime.now(UTC)
            session.flush()
            remove_unneeded(session, self.context.files)
        shutil.rmtree(self.context.folder(round_id).path, ignore_errors=True)

    # What is served

    def may_promote(self, round_id: int) -> tuple[bool, str]:
        """Whether the rule allows it, and why, in one sentence."""
        with self.store.read() as session:
            return serving.may_promote(self.context, session, ledger.get_row(session, round_id))

    def promote(self, round_id: int, who: str, reason: str = "") -> Round:
        """Serves a round's weights from now on; against the rule only with a reason, which is kept."""
        self._end_dead_round()
        serving.promote(self.context, round_id, who, reason)
        return self.get(round_id)

    def rollback(self, round_id: int | None, who: str) -> None:
        """Serves the weights of a round that was promoted earlier, or those of the app (None)."""
        serving.rollback(self.context, round_id, who)

    def served(self) -> tuple[str, str | Path]:
        """The version under which predictions are stored, and the weights to load."""
        return serving.served(self.context)

    def offered(self) -> builtins.list[OfferedWeights]:
        """The weights that the person who asks may look at, see `annotation.rounds.offered`."""
        return offered(self.context)

    def weights_of(self, round_id: int) -> Path:
        """The weights that a round made."""
        found = self.get(round_id)
        if found.weights is None:
            state = state_name(found.state)
            name = found.name.capitalize()
            raise RoundError(tr("{name} has no weights: it is {state}.", name=name, state=state))
        return self.context.files.path(found.weights)
