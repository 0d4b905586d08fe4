"""The statistics of a project as tables, for the terminal and the page, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from annotation.corrections import MISTAKES
from annotation.statistics import MAX_COMPARED, MAX_PAUSE, Mistakes, Statistics, Work
from spotter.formats.formulas import guard_formula
from spotter.language import tr

UNKNOWN = "–"
KINDS_IN_CSV = {
    "text": "wrong text",
    "missed": "missed",
    "false": "false alarm",
    "shape": "outline",
    "split": "split",
    "merged": "merged",
    "illegible": "illegible",
}
CSV_COLUMNS = ("table", "day", "person", "other_person", "model_version", "measure", "value")


@dataclass(frozen=True)
class Table:
    """Texts in rows and columns."""

    name: str  # work, days, agreement or corrections
    title: str
    note: str  # how to read it
    empty: str  # shown if there are no rows
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int  # number of columns with names or days, on the left; the others have numbers


def tables(found: Statistics) -> list[Table]:
    empty = tr("Nobody has changed or finished a photo yet.")
    work_columns = (tr("Words"), tr("Hours"), tr("Photos done"), tr("Approved"))
    labels = kind_labels()
    return [
        Table(
            "work",
            tr("Work"),
            tr(
                "Hours are the sum of the gaps between a person's saves, without those above {minutes} "
                "minutes. Words are all words of the photos they finished, and those they edited on others.",
                minutes=MAX_PAUSE // 60,
            ),
            empty,
            (tr("Person"), tr("Words per hour"), *work_columns),
            [(work.who, _rounded(work.words_per_hour), *_work(work)) for work in found.people],
            1,
        ),
        Table(
            "days",
            tr("Work per day"),
            tr("Days in UTC, the latest first."),
            empty,
            (tr("Day"), tr("Person"), *work_columns),
            [(str(work.day), work.who, *_work(work)) for work in reversed(found.days)],
            2,
        ),
        Table(
            "agreement",
            tr("Agreement"),
            _agreement_note(found),
            _no_agreement(found),
            (tr("Person"), tr("Person"), tr("End-to-end H"), tr("Photos")),
            [
                (one.first, one.second, f"{one.end_to_end.hmean:.1%}", f"{one.photos}")
                for one in found.agreement
            ],
            2,
        ),
        Table(
            "corrections",
            tr("Corrections per model version"),
            tr(
                "On photos that people changed or finished. A word can have a wrong text and a wrong outline."
            ),
            tr("No photo that the spotter has read was changed or finished yet."),
            (
                tr("Model version"),
                tr("Right"),
                tr("Words"),
                tr("Photos"),
                *(labels[kind].capitalize() for kind in MISTAKES),
            ),
            [(one.model_version, *_mistakes(one)) for one in found.models],
            1,
        ),
    ]


def kind_labels() -> dict[str, str]:
    """By one of MISTAKES."""
    return {
        "text": tr("wrong text"),
        "missed": tr("missed"),
        "false": tr("false alarm"),
        "shape": tr("outline"),
        "split": tr("split"),
        "merged": tr("merged"),
        "illegible": tr("illegible"),
    }


def to_csv(found: Statistics) -> str:
    """One value per line; exact numbers. Names cannot become formulas in a spreadsheet."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for *names, measure, value in _values(found):
        writer.writerow([*map(guard_formula, names), measure, value])
    return stream.getvalue()


def _values(found: Statistics) -> Iterator[tuple[str, str, str, str, str, str, float]]:
    for work in (*found.people, *found.days):
        table, day = ("work", "") if work.day is None else ("work per day", str(work.day))
        values = {"photos done": work.done, "approved": work.approved, "words": work.words}
        for measure, value in {**values, "hours": round(work.hours, 4)}.items():
            yield table, day, work.who, "", "", measure, value
    for one in found.agreement:
        scores = one.end_to_end
        values = {"photos": one.photos, "words": scores.true, "matched": scores.matched}
        for measure, value in {**values, "end-to-end H": round(scores.hmean, 4)}.items():
            yield "agreement", "", one.first, one.second, "", measure, value
    for version in found.models:
        right = version.words - version.wrong
        values = {"photos": version.photos, "words": version.words, "right": right}
        kinds = {KINDS_IN_CSV[kind]: version.kinds.get(kind, 0) for kind in MISTAKES}
        for measure, value in (values | kinds).items():
            yield "corrections", "", "", "", version.model_version, measure, value


def _work(work: Work) -> tuple[str, ...]:
    return f"{work.words}", f"{work.hours:.1f}", f"{work.done}", f"{work.approved}"


def _mistakes(one: Mistakes) -> tuple[str, ...]:
    right = f"{1 - one.wrong / one.words:.1%}" if one.words else UNKNOWN
    return right, f"{one.words}", f"{one.photos}", *(f"{one.kinds.get(kind, 0)}" for kind in MISTAKES)


def _agreement_note(found: Statistics) -> str:
    how = tr(
        "H-mean of the words that both have, with the same text, on photos that both did: a person's version "
        "is the one they saved last, or marked as done."
    )
    if found.shared_photos <= MAX_COMPARED:
        return how
    latest = tr(
        "Measured on the {number} latest of {total} such photos.",
        number=MAX_COMPARED,
        total=found.shared_photos,
    )
    return f"{how} {latest}"


def _no_agreement(found: Statistics) -> str:
    if len(found.people) == 1:
        return tr(
            "Only {who} has worked on this project; agreement needs two people on a photo.",
            who=found.people[0].who,
        )
    if found.people:
        return tr("No photo was done by two people yet.")
    return tr("Nobody has changed or finished a photo yet.")


def _rounded(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0f}"
