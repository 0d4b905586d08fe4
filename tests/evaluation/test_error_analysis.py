"""Errors counted on images whose words are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from spotter.evaluation.error_analysis import analyse, kind_of_text, main, report, shares, summary
from spotter.types import GroundTruth, Word


def quad(x: float, y: float, width: float = 60, height: float = 15) -> list[list[float]]:
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


def truth(x: float, y: float, text: str, **changes) -> GroundTruth:
    return GroundTruth(np.array(quad(x, y), np.float32), text, **changes)


def word(x: float, y: float, text: str, score: float = 0.5) -> Word:
    return Word("w", quad(x, y), [x, y, x + 60, y + 15], text, 0.9, score)


IMAGE = np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)
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
def test_kind_of_text(text, kind):
    assert kind_of_text(text) == kind


def test_no_image_has_no_errors():
    results = analyse(lambda image: [], [])
    assert shares(results).empty
    assert report(results) == {"reads_badly": [], "wrong_readings": []}
    assert "wrong, most confident first: none" in summary(results)


def test_correct_wrong_and_missed_words():
    results = analyse(lambda image: FOUND, [(IMAGE, TRUE)])
    assert results.words[["found", "correct", "exact"]].to_numpy().tolist() == [
        [True, True, True],
        [True, True, False],
        [True, False, False],
        [False, False, False],
    ]
    assert results.wrong == [("wrong", "wr0ng", 0.8)]
    by_length = shares(results).query("by == 'characters'").set_index("bin")
    assert by_length.loc["3 to 5", ["words", "found", "correct"]].tolist() == [3, 1.0, pytest.approx(2 / 3)]
    assert by_length.loc["6 to 8", ["words", "found", "correct"]].tolist() == [1, 0.0, 0.0]
    assert "1 of 2 correct readings match in case and signs" in summary(results)


def test_report_names_the_worst_bins_with_enough_words():
    results = analyse(lambda image: FOUND, [(IMAGE, TRUE)] * 20)
    content = report(results)
    worst = {"characters: 6 to 8, 0% of 20 words", "signs: lower case, 0% of 40 words"}
    assert set(content["reads_badly"][:2]) == worst
    assert content["wrong_readings"] == ["wrong → wr0ng"] * 12
    fewer = report(analyse(lambda image: FOUND, [(IMAGE, TRUE)] * 19))["reads_badly"]
    assert not any("6 to 8" in line for line in fewer)


def test_wrong_folder_gives_one_sentence(capsys, tmp_path):
    assert main([str(tmp_path)]) == 2
    assert "has no folder images/" in capsys.readouterr().err


def test_command_writes_the_model_cards_part(capsys, tmp_path, tiny_file):
    for part in ("images", "gt"):
        (tmp_path / part).mkdir()
    Image.fromarray(IMAGE).save(tmp_path / "images" / "photo.png")
    (tmp_path / "gt" / "gt_photo.txt").write_text("0,0,60,0,60,15,0,15,Right\n")
    out = tmp_path / "out.json"
    assert main([str(tmp_path), "--weights", str(tiny_file), "--json", str(out)]) == 0
    assert "| signs | mixed case | 1 |" in capsys.readouterr().out
    assert set(json.loads(out.read_text(encoding="utf-8"))) == {"reads_badly", "wrong_readings"}
