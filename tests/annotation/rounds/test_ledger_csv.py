"""The ledger as CSV."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

from annotation.rounds.ledger_csv import to_csv
from annotation.rounds.records import Figures, Interval, Round, Verdict

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FIGURES = Figures(Interval(0.5, 0.4, 0.6), Interval(0.3, 0.2, 0.4))
VERDICT = Verdict(FIGURES, FIGURES, FIGURES, FIGURES, Interval(0.0, -0.1, 0.1), {"fixed": 3}, 0.5)
ROUND = Round(
    *(1, 2, 1, "signs", "done", NOW, NOW, 9.0, 30, 120, "all", "Few.", "nano", "a" * 64, VERDICT),
    *(True, "ann", NOW, "", True, ""),
)


def rows(*rounds: Round) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(to_csv(rounds, {1: 12.34}))))


def test_none_and_one():
    assert rows() == []
    (row,) = rows(ROUND)
    assert None not in row  # as many cells as columns
    assert (row["minutes"], row["minutes of people"]) == ("9.0", "12.3")
    assert (row["number"], row["served"], row["promoted_at"]) == ("2", "yes", "2026-11-27T12:00:00+00:00")
    assert (row["after end-to-end H"], row["difference low"], row["fixed"]) == ("0.3", "-0.1", "3")


def test_a_round_without_a_verdict_and_names_like_formulas():
    (row,) = rows(replace(ROUND, verdict=None, project="=1+1", promoted_by="@ann", ended=None, served=False))
    assert None not in row
    assert (row["project"], row["promoted_by"]) == ("'=1+1", "'@ann")
    assert (row["after end-to-end H"], row["ended"], row["served"]) == ("", "", "no")
