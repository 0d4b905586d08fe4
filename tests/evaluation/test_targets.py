"""`python -m spotter.evaluation.targets`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotter.evaluation.evaluate import Report
from spotter.evaluation.metrics import Scores
from spotter.evaluation.targets import (
    CURVED,
    DENSE,
    PHOTOGRAPHS,
    RENDERED,
    TARGETS,
    WITHOUT_TEXT,
    main,
    table,
)


def report(matched: int = 0, found: int = 0, true: int = 0, correct: int = 0, **changes) -> Report:
    base = Report(
        detection=Scores.from_counts(matched, found, true),
        end_to_end=Scores.from_counts(correct, found, true),
        end_to_end_lexicon=None,
        calibration_error=0.1,
        seconds=1.0,
        cpu_seconds=2.0,
        images=10,
    )
    return replace(base, **changes)


def test_sets_that_were_not_measured_have_no_row():
    assert len(table({}).splitlines()) == 2


def test_rows_show_whether_the_target_is_met():
    lexicon = Scores.from_counts(50, 100, 100)
    reports = {
        RENDERED: report(85, 100, 100, 74),
        CURVED: report(79, 100, 100, 65),
        PHOTOGRAPHS: report(60, 100, 100, 40, end_to_end_lexicon=lexicon, calibration_error=0.09),
        DENSE: report(70, 90, 100, 10),
        WITHOUT_TEXT: report(found=3, images=10),
    }
    assert [target.is_met(reports[target.set]) for target in TARGETS] == [
        *(True, False, False, True),
        *(True, True, True, False),  # 0.09 is more than 0.08
        *(True, False),
        False,  # 0.3 words per image are too many
    ]
    lines = table(reports).splitlines()
    assert lines[-1] == "| 10 photographs without text | words per image | 0.300 | ≤ 0.20 | no |"
    assert lines[2].endswith("| detection H | 0.850 | ≥ 0.85 | yes |")
    assert len(lines) == 2 + len(TARGETS)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--weights", "nowhere"], "There are no weights 'nowhere'"),
        (["--scenes", "1", "--backgrounds", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_gives_one_sentence(capsys, arguments, reason):
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert reason in error
    assert "\n" not in error


def test_options_are_positive():
    with pytest.raises(SystemExit) as stop:
        main(["--scenes", "0"])
    assert stop.value.code == 2


def test_a_few_scenes(capsys, tmp_path):
    assert main(["--scenes", "3", "--dense", "1", "--json", str(tmp_path / "out.json")]) == 0
    assert capsys.readouterr().out.count("\n| rendered") == 6
    assert (tmp_path / "out.json").is_file()
