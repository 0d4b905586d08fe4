"""The ledger as CSV, a line per round; names and reasons cannot become formulas in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import StringIO

from annotation.rounds.records import CHANGE_KINDS, Interval, Round
from spotter.formats.formulas import guard_formula

COLUMNS = ("project", "number", "state", "started", "ended", "minutes", "photos", "words", "part", "reason")
FIGURES = ("before", "after", "rendered_before", "rendered_after")
AFTER = ("parent", "weights", "promoted_by", "promoted_at", "promoted_reason", "served", "message")


def to_csv(rounds: Sequence[Round], people: Mapping[int, float]) -> str:
    """`people`: minutes that people worked before each round, since the one before, by its id."""
    figures = [f"{name} {kind} H" for name in FIGURES for kind in ("detection", "end-to-end")]
    header = [*COLUMNS]
    for name in [*figures, "difference"]:
        header += [name, f"{name} low", f"{name} high"]
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([*header, *CHANGE_KINDS, *AFTER, "minutes of people"])
    for one in rounds:
        values = [*(getattr(one, name) for name in COLUMNS), *_figures(one)]
        values += [one.verdict.counts.get(kind, 0) if one.verdict else "" for kind in CHANGE_KINDS]
        values += [*(getattr(one, name) for name in AFTER), round(people.get(one.id, 0.0), 1)]
        writer.writerow(map(_cell, values))
    return stream.getvalue()


def _figures(one: Round) -> list[object]:
    if one.verdict is None:
        return list[object]([""]) * 3 * (2 * len(FIGURES) + 1)
    intervals: list[Interval] = []
    for name in FIGURES:
        figures = getattr(one.verdict, name)
        intervals += [figures.detection, figures.end_to_end]
    intervals.append(one.verdict.difference)
    return [round(value, 4) for i in intervals for value in (i.value, i.low, i.high)]


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return guard_formula(value) if isinstance(value, str) else ("" if value is None else value)
