"""Reading by kind of font, in training and held-out families."""

from __future__ import annotations

import pandas as pd
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")

from spotter.data.synth.fonts import _installed_families, installed_fonts
from spotter.evaluation.fonts import main, measure, table
from spotter.types import DrawnReading

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)
COLUMNS = ["family", "kind", "split", "words", "correct"]


class StubSpotter:
    """Reads nothing; counts the regions."""

    regions = 0

    def read(self, image, polygons, short_side):
        self.regions += len(polygons)
        return [DrawnReading("", 0.0, [], 1.0) for _ in polygons]


def test_no_family_gives_an_empty_table():
    assert list(measure(StubSpotter(), [], "trained", 2, None)) == []
    assert table(pd.DataFrame([], columns=COLUMNS)).endswith("worst: none")


def test_every_word_of_a_family_is_read():
    spotter, family = StubSpotter(), installed_fonts("held_out").families[0]
    (row,) = measure(spotter, [family], "held out", 2, None)
    assert row == {
        "family": family[0].family,
        "kind": family[0].kind,
        "split": "held out",
        "words": spotter.regions,
        "correct": 0,
    }
    assert spotter.regions > 4


def test_shares_are_of_all_words_of_a_kind():
    rows = [
        ["a_b", "SANS_SERIF", "trained", 10, 9],
        ["c", "SANS_SERIF", "trained", 30, 11],
        ["d", "DISPLAY", "held out", 0, 0],
        ["e", "DISPLAY", "held out", 4, 1],
    ]
    assert table(pd.DataFrame(rows, columns=COLUMNS)).splitlines()[2:] == [
        "| display | held out | 2 | 4 | 25% |",
        "| sans serif | trained | 2 | 40 | 50% |",
        "",
        "worst: e (held out) 25%, c (trained) 37%, a b (trained) 90%",
    ]


def test_command(tiny_file, tmp_path, capsys):
    options = ["--weights", str(tiny_file), "--count", "1", "--every", "30"]
    assert main(options) == 0
    out = capsys.readouterr().out
    assert "| held out |" in out
    assert "| trained |" in out
    assert main([*options, "--fonts", str(tmp_path)]) == 2
    assert "holds no font of Fontsource" in capsys.readouterr().err
