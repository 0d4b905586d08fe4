"""`python -m spotter.evaluation.targets`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from spotter.evaluation.image_results import read_images
from spotter.evaluation.lexicon import Lexicon
from spotter.evaluation.targets import (
    CURVED,
    ICDAR,
    SPOTTER,
    TARGETS,
    WITHOUT_TEXT,
    figures,
    header,
    main,
    rows,
)
from spotter.types import GroundTruth, Word

BOX = [[0.0, 0.0], [40.0, 0.0], [40.0, 20.0], [0.0, 20.0]]
PICTURE = np.zeros((100, 100, 3), np.uint8)


def read(text: str):
    words = [Word("w", BOX, [0, 0, 40, 20], text, 0.9, 0.9)]
    true = GroundTruth(np.array(BOX, np.float32), "cafe", False)
    return read_images(lambda _: words, [(PICTURE, [true])], Lexicon(["cafe"]))


def test_each_target_has_a_row_that_shows_whether_it_is_met():
    measured = figures(ICDAR, {SPOTTER: read("cafe"), "rapidocr": read("cave")})
    lines = rows(ICDAR, 1, measured, ["rapidocr"]).splitlines()
    assert len(lines) == sum(target.set == ICDAR for target in TARGETS)
    row = "| 1 photographs of ICDAR 2015 | end-to-end H | 1.000 | 1.000 to 1.000 | ≥ 0.60 | yes | 0.000 |"
    assert row in lines
    assert (
        "| calibration error of reading_score | 0.100 | 0.100 to 0.100 | ≤ 0.03 | no | 0.900 |" in lines[-2]
    )
    assert header(["rapidocr"]).splitlines()[0].count("|") == row.count("|")


def test_peers_read_no_rendered_scenes():
    measured = figures(CURVED, {SPOTTER: read("cafe")})
    assert rows(CURVED, 1, measured, ["rapidocr"]).splitlines()[0].endswith("| yes |  |")


def test_a_maximum_is_met_from_below():
    (target,) = (target for target in TARGETS if target.set == WITHOUT_TEXT)
    assert [target.is_met(value) for value in (0.0, 0.1, 0.11)] == [True, True, False]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--weights", "nowhere"], "There are no weights 'nowhere'"),
        (["--scenes", "1", "--backgrounds", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_gives_one_sentence(capsys, arguments, reason):
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert reason in error


def test_options_are_positive():
    with pytest.raises(SystemExit) as stop:
        main(["--scenes", "0"])
    assert stop.value.code == 2


def test_figures_of_sets_that_were_measured_are_kept(capsys, tmp_path):
    """The folder of backgrounds is looked at last, and is missing."""
    for name in ("images", "gt"):
        (tmp_path / name).mkdir()
    for i in range(3):
        Image.new("RGB", (64, 32)).save(tmp_path / f"images/img_{i}.png")
        (tmp_path / f"gt/gt_img_{i}.txt").write_text("0,0,40,0,40,10,0,10,word")
    out = tmp_path / "out.json"
    arguments = ["--icdar2015", str(tmp_path), "--limit", "1", "--json", str(out)]
    assert main([*arguments, "--scenes", "3", "--dense", "1", "--backgrounds", str(tmp_path / "none")]) == 2
    content = json.loads(out.read_text())
    assert list(content) == ["1 photographs of ICDAR 2015"]
    assert content["1 photographs of ICDAR 2015"]["images"] == 1
    assert "end-to-end H" in content["1 photographs of ICDAR 2015"]["targets"]


def test_a_few_scenes(capsys):
    assert main(["--scenes", "3", "--dense", "1"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n| 3 rendered") + out.count("\n| 1 rendered") == 6
