"""What the corrections were, and which part is trained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.corrections import find_corrections
from annotation.region import Region
from annotation.rounds.config import RoundConfig
from annotation.rounds.mistakes import Mistakes, choose_part, confused_characters


def word(text: str, x: float, y: float) -> Region:
    return Region([[x, y], [x + 60, y], [x + 60, y + 20], [x, y + 20]], text)


@pytest.mark.parametrize(
    ("read", "right", "pairs"),
    [
        ("", "", []),
        ("NOVA", "NOVA", []),
        ("N0VA", "NOVA", [("0", "O")]),
        ("1l", "lI", []),
        ("8AR", "BAR", [("8", "B")]),
        ("CAFE", "CAFE'S", []),
    ],
)
def test_confused_characters(read, right, pairs):
    assert confused_characters(read, right) == pairs


def chosen(texts=0, missed=0, illegible=0):
    mistakes = Mistakes()
    before = [word("N0VA", 10, 30 * i) for i in range(texts + illegible)]
    after = [replace(one, text="NOVA") for one in before[:texts]]
    after += [replace(one, illegible=True) for one in before[texts:]]
    after += [word("BAR", 200, 30 * i) for i in range(missed)]
    mistakes.add(find_corrections(before, after))
    return choose_part(mistakes, RoundConfig())


def test_no_corrections():
    assert choose_part(Mistakes(), RoundConfig()) == (
        "all",
        "No prediction was corrected: the whole model is trained.",
    )


def test_few_corrections():
    part, reason = chosen(texts=1)
    assert (part, reason) == (
        "all",
        "Of 1 correction 1 was text and 0 missed, false or reshaped words; with fewer than 10 the whole "
        "model is trained.",
    )


def test_many_texts():
    assert chosen(texts=22, missed=19) == (
        "recogniser",
        "Of 41 corrections 22 were text (mostly 0 for O): the recogniser is trained.",
    )


def test_many_missed_words():
    assert chosen(texts=2, missed=18) == (
        "detector",
        "Of 20 corrections 18 were missed, false or reshaped words: the detector is trained.",
    )


def test_a_mixture():
    part, reason = chosen(texts=8, missed=10, illegible=2)
    assert part == "all"
    assert reason == (
        "Of 20 corrections 8 were text (mostly 0 for O) and 10 missed, false or reshaped words: the whole "
        "model is trained."
    )
