"""What is read badly: counted on pictures whose words are known."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.error_analysis import collect, lines, main, report, shares, signs_of
from spotter.types import GroundTruth, Word


def quad(x: float, y: float, width: float = 60, height: float = 15) -> list[list[float]]:
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


def truth(x: float, y: float, text: str, **changes) -> GroundTruth:
    return GroundTruth(np.array(quad(x, y), np.float32), text, **changes)


def word(x: float, y: float, text: str, score: float = 0.5) -> Word:
    return Word("w", quad(x, y), [x, y, x + 60, y + 15], text, 0.9, score)


PICTURE = np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)
TRUE = [
    truth(0, 0, "Right"),
    truth(100, 0, "UPPER"),
    truth(0, 30, "wrong"),
    truth(100, 30, "missed"),
    truth(0, 60, "", ignore=True),
]
FOUND = [word(0, 0, "Right"), word(100, 0, "upper"), word(0, 30, "wr0ng", 0.8), word(0, 60, "noise")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("street", "lower case"),
        ("EXIT", "upper case"),
        ("Main", "mixed case"),
        ("24h", "with digits"),
        ("don't", "with other signs"),
        ("$5", "with other signs"),
    ],
)
def test_what_a_text_is_made_of(text, kind):
    assert signs_of(text) == kind


def test_no_picture_has_no_mistakes():
    found = collect(lambda image: [], [])
    assert shares(found).empty
    assert report(found) == {"reads_badly": [], "wrong_readings": []}
    assert "wrong, the surest first: none" in lines(found)


def test_words_found_read_and_missed():
    found = collect(lambda image: FOUND, [(PICTURE, TRUE)])
    assert found.words[["found", "right", "exact"]].to_numpy().tolist() == [
        [True, True, True],
        [True, True, False],
        [True, False, False],
        [False, False, False],
    ]
    assert found.wrong == [("wrong", "wr0ng", 0.8)]
    by_length = shares(found).query("by == 'characters'").set_index("bin")
    assert by_length.loc["3 to 5", ["words", "found", "read"]].tolist() == [3, 1.0, pytest.approx(2 / 3)]
    assert by_length.loc["6 to 8", ["words", "found", "read"]].tolist() == [1, 0.0, 0.0]
    assert "1 of 2 right readings keep case and signs" in lines(found)


def test_a_report_tells_the_worst_bins_with_enough_words():
    found = collect(lambda image: FOUND, [(PICTURE, TRUE)] * 20)
    told = report(found)
    worst = {"characters: 6 to 8, 0% of 20 words", "signs: lower case, 0% of 40 words"}
    assert set(told["reads_badly"][:2]) == worst
    assert told["wrong_readings"] == ["wrong → wr0ng"] * 12
    fewer = report(collect(lambda image: FOUND, [(PICTURE, TRUE)] * 19))["reads_badly"]
    assert not any("6 to 8" in line for line in fewer)


def test_a_wrong_folder_is_one_sentence(capsys, tmp_path):
    assert main([str(tmp_path)]) == 2
    assert "has no folder images/" in capsys.readouterr().err
