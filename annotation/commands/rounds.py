"""Rounds of fine-tuning."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from annotation.commands.delete import user_name
from annotation.commands.rounds_tables import change_lines, figure_table, round_lines
from annotation.commands.stores import add_database_option, add_project_option, existing_store
from annotation.commands.terminal import aligned, confirm, printable, tab_separated
from annotation.region import AnnotationError
from annotation.rounds.records import PARTS, Progress, Round, RoundError
from annotation.rounds.service import Rounds

WEIGHTS = "nano"


@contextmanager
def open_rounds(database: str, project: str, weights: str = WEIGHTS) -> Iterator[tuple[Rounds, int]]:
    """The rounds of a database, and the id of a project. Raises AnnotationError."""
    with existing_store(database) as store:
        yield Rounds(store, weights), store.find_project(project)


def find_round(rounds: Rounds, project_id: int, number: int) -> Round:
    """The round of a project with this number. Raises RoundError."""
    for one in rounds.list(project_id):
        if one.number == number:
            return one
    raise RoundError(f"There is no round {number} in this project; `list` shows them.")


def add_options(parser: argparse.ArgumentParser) -> None:
    add_database_option(parser)
    add_project_option(parser)


def add_round(parser: argparse.ArgumentParser, **options) -> None:
    parser.add_argument("number", type=int, metavar="ROUND", help="number of the round", **options)


@dataclass(frozen=True)
class Run:
    """Fine-tunes the spotter on the corrected photos and judges the result; nothing is promoted.

    The round runs in a process of its own. Ctrl+C stops it; --resume continues it.
    """

    minutes: float | None
    part: str
    characters: str | None
    cross_validate: bool
    resume: int | None
    weights: str
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--minutes", type=float, metavar="M", help="of training (default: 9)")
        parser.add_argument(
            "--part", choices=("auto", *PARTS), default="auto", help="default: chosen from the corrections"
        )
        parser.add_argument(
            "--characters",
            metavar="TEXT",
            help="that the reader learns in this and later rounds, besides those of the corrected texts",
        )
        parser.add_argument(
            "--cross-validate",
            action="store_true",
            help="with fewer than 10 photos: judge it by parts of them in turn",
        )
        parser.add_argument("--resume", type=int, metavar="ROUND", help="continue a round that was stopped")
        parser.add_argument(
            "--weights", metavar="W", default=WEIGHTS, help=f"of the app, if no round is served ({WEIGHTS})"
        )
        add_options(parser)

    def run(self) -> Iterator[str]:
        with open_rounds(self.database, self.project, self.weights) as (rounds, project_id):
            if self.resume is not None:
                one = rounds.resume(find_round(rounds, project_id, self.resume).id)
            else:
                gain = rounds.gain(project_id)
                options = self.part, user_name(), self.characters, self.cross_validate
                one = rounds.start(project_id, self.minutes, *options)
                for warning in gain.warnings:
                    print(printable(f"Warning: {warning}"), file=sys.stderr)
            yield printable(f"{one.name}: {one.photos} photos, {one.words} words. {one.reason}")
            sys.stdout.flush()
            one = watch(rounds, one)
            if one.state != "done":
                raise RoundError(printable(f"{one.name.capitalize()} {one.state}: {one.message}"))
            yield from round_lines(one)
            yield printable(rounds.may_promote(one.id)[1])


def watch(rounds: Rounds, one: Round) -> Round:
    """Shows the progress until the round ends; Ctrl+C stops it."""
    with tqdm(desc=one.name, total=100, unit="%", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

        def show(progress: Progress) -> None:
            bar.set_postfix_str(progress.state, refresh=False)
            bar.update(round(100 * progress.share) - bar.n)

        try:
            return rounds.wait(one.id, show)
        except KeyboardInterrupt:
            rounds.stop(one.id, user_name())
            return rounds.wait(one.id)


@dataclass(frozen=True)
class List:
    """Lists rounds: number, state, start, photos, part, end-to-end H before, after, promoted by, served."""

    csv: Path | None
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write the ledger to a new file too")
        add_options(parser)

    def run(self) -> Iterator[str]:
        if self.csv is not None and self.csv.exists():
            raise AnnotationError(f"{self.csv} already exists; choose another name.")
        with open_rounds(self.database, self.project) as (rounds, project_id):
            found = rounds.list(project_id)
            if self.csv is not None:
                text = rounds.csv(project_id)
                self.csv.write_text(text, encoding="utf-8-sig", newline="")  # Excel needs the mark
        for one in found:
            figures = ["", ""]
            if one.verdict is not None:
                figures = [f"{f.end_to_end.value:.3f}" for f in (one.verdict.before, one.verdict.after)]
            yield tab_separated(
                *(one.number, one.state, one.started.isoformat(timespec="seconds"), one.photos, one.part),
                *(*figures, one.promoted_by, "served" if one.served else ""),
            )


@dataclass(frozen=True)
class Show:
    """Shows a round: what it learnt from, its figures, and every word of the hold-out that changed."""

    number: int
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        add_round(parser)
        add_options(parser)

    def run(self) -> Iterator[str]:
        with open_rounds(self.database, self.project) as (rounds, project_id):
            one = find_round(rounds, project_id, self.number)
            yield from round_lines(one)
            if one.verdict is None:
                return
            if not one.promoted:
                yield printable(rounds.may_promote(one.id)[1])
            changes = rounds.changes(one.id)
            names = {i.id: i.name for i in rounds.store.images_by_id([c.image_id for c in changes])}
            yield from change_lines(changes, names)


@dataclass(frozen=True)
class Compare:
    """Shows the figures of rounds side by side; each was judged on the hold-out as it was then."""

    numbers: list[int]
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("numbers", type=int, nargs="+", metavar="ROUND", help="numbers of rounds")
        add_options(parser)

    def run(self) -> list[str]:
        with open_rounds(self.database, self.project) as (rounds, project_id):
            found = [find_round(rounds, project_id, number) for number in dict.fromkeys(self.numbers)]
        if unjudged := [one for one in found if one.verdict is None]:
            one = unjudged[0]
            raise RoundError(f"{one.name.capitalize()} is {one.state} and has no figures to compare.")
        return aligned(*figure_table(found), names=1)


@dataclass(frozen=True)
class Promote:
    """Serves the weights of a round from now on: in the app, on the command line and in the ML backend."""

    number: int
    reason: str
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        add_round(parser)
        parser.add_argument("--reason", default="", metavar="TEXT", help="to promote it against the rule")
        add_options(parser)

    def run(self) -> list[str]:
        with open_rounds(self.database, self.project) as (rounds, project_id):
            one = find_round(rounds, project_id, self.number)
            promoted = rounds.promote(one.id, user_name(), self.reason)
        return [printable(f"{promoted.name} is served; its predictions are {promoted.model_version}.")]


@dataclass(frozen=True)
class Rollback:
    """Serves the weights of a round that was promoted earlier, or those of the app."""

    number: int | None
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        add_round(parser, nargs="?")
        add_options(parser)

    def run(self) -> list[str]:
        with open_rounds(self.database, self.project) as (rounds, project_id):
            if self.number is None:
                rounds.rollback(None, user_name())
                return ["The weights of the app are served."]
            one = find_round(rounds, project_id, self.number)
            rounds.rollback(one.id, user_name())
            return [printable(f"{one.name} is served; its predictions are {one.model_version}.")]


@dataclass(frozen=True)
class Delete:
    """Deletes a round with its weights, unless another round was built on them."""

    number: int
    yes: bool
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        add_round(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask before deleting")
        add_options(parser)

    def run(self) -> list[str]:
        with open_rounds(self.database, self.project) as (rounds, project_id):
            one = find_round(rounds, project_id, self.number)
            if not self.yes and not confirm(printable(f"Delete {one.name} of {one.project} for good?")):
                raise AnnotationError("Nothing was deleted; answer yes, or add --yes.")
            rounds.delete(one.id)
        return [f"{one.name} is deleted."]
