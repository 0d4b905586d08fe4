"""`python -m spotter.evaluation.targets`: sums, rows, and what it says of bad input."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotter.evaluation.evaluate import Report
from spotter.evaluation.metrics import Scores
from spotter.evaluation.targets import CURVED, DENSE, PHOTOGRAPHS, RENDERED, main, rows, table, together


def report(matched: int = 0, found: int = 0, true: int = 0, right: int = 0, **changes) -> Report:
    base = Report(
        detection=Scores.of(matched, found, true),
        end_to_end=Scores.of(right, found, true),
        end_to_end_lexicon=None,
        calibration_error=0.1,
        seconds=1.0,
        cpu_seconds=2.0,
        images=10,
    )
    return replace(base, **changes)


def test_together_counts_words_not_means():
    whole = together([report(8, 10, 10, 4), report(0, 0, 30, images=30, seconds=5.0)])
    assert whole.detection == Scores.of(8, 10, 40)
    assert (whole.end_to_end.matched, whole.images, whole.seconds) == (4, 40, 4.0)
    assert whole.detection.recall == 0.2


def test_nothing_measured_is_no_row():
    assert rows({}) == []
    assert len(table([]).splitlines()) == 2


def test_rows_say_what_is_reached():
    lexicon = Scores.of(50, 100, 100)
    found = rows(
        {
            RENDERED: report(85, 100, 100, 74),
            CURVED: report(79, 100, 100, 65),
            PHOTOGRAPHS: report(60, 100, 100, 40, end_to_end_lexicon=lexicon, calibration_error=0.09),
            DENSE: report(70, 90, 100, 10),
            "without text": report(found=3, images=10),
        }
    )
    assert [row.reached for row in found] == [
        *(True, False, False, True),
        *(True, True, True, False),  # 0.09 is more than 0.08
        *(True, False),
        False,  # 0.3 words an image are too many
    ]
    assert "| 10 photographs without text | words an image | 0.300 | ≤ 0.20 | not reached |" in table(found)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--weights", "nowhere"], "There are no weights 'nowhere'"),
        (["--scenes", "1", "--backgrounds", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_sentence(capsys, arguments, says):
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert says in error
    assert "\n" not in error


def test_a_few_real_scenes(capsys, tmp_path):
    assert main(["--scenes", "3", "--dense", "1", "--json", str(tmp_path / "out.json")]) == 0
    assert capsys.readouterr().out.count("\n| rendered") == 4
    assert (tmp_path / "out.json").is_file()
