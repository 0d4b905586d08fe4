"""Statistics as tables and CSV."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO

from annotation.statistics import Agreement, Mistakes, Statistics, Work
from annotation.statistics_tables import CSV_COLUMNS, tables, to_csv
from spotter.evaluation.metrics import Scores

NOBODY = "Nobody has changed or finished a photo yet."
ANN = Work("ann", None, 3, 1, 40, 0.5)
FOUND = Statistics(
    [Work("ann", date(2026, 11, 26), 3, 1, 40, 0.5)],
    [ANN, Work("=1+1", None, 0, 0, 1, 0.0)],
    [Agreement("=1+1", "ann", 2, Scores.from_counts(6, 7, 7))],
    2,
    [Mistakes("m1", 3, 40, 10, {"text": 7, "missed": 2}), Mistakes("m0", 1, 0, 0, {"missed": 1})],
)


def test_nothing():
    assert [table.rows for table in tables(Statistics())] == [[]] * 4
    assert [table.empty for table in tables(Statistics())] == [
        NOBODY,
        NOBODY,
        NOBODY,
        "No photo that the spotter has read was changed or finished yet.",
    ]
    assert to_csv(Statistics()).splitlines() == [",".join(CSV_COLUMNS)]


def test_agreement_needs_two_people():
    assert tables(Statistics(people=[ANN]))[2].empty.startswith("Only ann has worked on this project;")
    assert tables(Statistics(people=[ANN, ANN]))[2].empty == "No photo was done by two people yet."


def test_tables():
    work, per_day, agreement, corrections = tables(FOUND)
    assert work.rows == [("ann", "80", "40", "0.5", "3", "1"), ("=1+1", "–", "1", "0.0", "0", "0")]
    assert per_day.rows == [("2026-11-26", "ann", "40", "0.5", "3", "1")]
    assert agreement.rows == [("=1+1", "ann", "85.7%", "2")]
    assert corrections.columns[:5] == ("Model version", "Right", "Words", "Photos", "Wrong text")
    assert corrections.rows == [
        ("m1", "75.0%", "40", "3", "7", "2", "0", "0", "0", "0", "0"),
        ("m0", "–", "0", "1", "0", "1", "0", "0", "0", "0", "0"),
    ]
    for table in tables(FOUND):
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_a_sample_of_the_photos_is_said():
    assert "200 latest of 300" in tables(Statistics(shared_photos=300))[2].note
    assert "latest" not in tables(Statistics(shared_photos=200))[2].note


def test_csv():
    rows = list(csv.DictReader(StringIO(to_csv(FOUND), newline="")))
    values = {
        (row["table"], row["person"] or row["model_version"], row["measure"]): row["value"] for row in rows
    }
    assert len(values) == len(rows) == 3 * 4 + 4 + 2 * 10
    assert values["work", "ann", "hours"] == "0.5"
    assert values["agreement", "'=1+1", "end-to-end H"] == "0.8571"
    assert values["corrections", "m1", "wrong text"] == "7"
    assert values["corrections", "m1", "right"] == "30"
