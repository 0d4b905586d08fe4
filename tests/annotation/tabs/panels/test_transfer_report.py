"""The report of an import or export."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy.exc import OperationalError

from annotation.region import AnnotationError
from annotation.tabs.panels.transfer_report import MAX_ROWS, attempt, running


def lines(value) -> list[str]:
    return [row["title"] for row in value["rows"]]


def test_while_it_runs_the_report_before_is_gone():
    assert running("Export as CSV") == {"head": "Export as CSV ..."}


@pytest.mark.parametrize("expected", [[], ["images: 1"]])
def test_success(expected):
    value, succeeded = attempt("Export as CSV", lambda: expected)
    assert (value["head"], lines(value), value["foot"], succeeded) == (
        "Export as CSV: done",
        expected,
        "",
        True,
    )


def test_a_long_report_is_cut():
    value, _ = attempt("Import", lambda: ["line"] * (MAX_ROWS + 7))
    assert len(value["rows"]) == MAX_ROWS
    assert value["foot"] == "and 7 more lines"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AnnotationError("First.\nSecond."), ["First.", "Second."]),
        (
            OperationalError("SELECT secret", {}, Exception("locked")),
            ["The database could not be reached; your last edit is not saved yet."],
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/srv/secret"),
            ["A file of this project could not be read or written: No space left on device."],
        ),
    ],
    ids=["annotations", "database", "disk"],
)
def test_refusals(error, expected):
    def fail() -> list[str]:
        raise error

    value, succeeded = attempt("Import of a.zip", fail)
    assert (value["head"], lines(value), succeeded) == ("Import of a.zip: refused", expected, False)


def test_other_errors_are_not_hidden():
    def fail() -> list[str]:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        attempt("Import", fail)
