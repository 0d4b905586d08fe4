"""What is lost between two networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.evaluation.two_stage import Strip, TwoStage
from spotter.explain.topics.true_outlines import (
    TrueWord,
    WordReadings,
    count_right,
    read_both_ways,
    summarise,
)

MAP = np.zeros((4, 4), np.float32)
QUAD = np.array([[10.0, 10], [50, 10], [50, 30], [10, 30]])


def strip(quad: np.ndarray, text: str) -> Strip:
    return Strip(quad, np.zeros((64, 8), np.uint8), text, 0.9)


def test_no_true_word_and_nothing_found(empty_trace):
    assert read_both_ways(empty_trace, TwoStage(MAP, MAP, []), []) == []
    assert summarise([]).startswith("On this photo CRAFT finds 0 of 0 words")
    (one,) = read_both_ways(empty_trace, TwoStage(MAP, MAP, []), [TrueWord("A", QUAD, "A")])
    assert one == WordReadings("A", None, "A", None)


def test_each_true_word_gets_the_text_that_overlaps_it_most(trace):
    """Quads are in pixels of the resized photo, true outlines in those of the photo."""
    result = TwoStage(MAP, MAP, [strip(QUAD + 30, "far"), strip(QUAD + 2, "near")])
    word = replace(trace.words[0], polygon=(QUAD * trace.scale).tolist(), text="ours", score=0.99)
    known = replace(trace, words=[word])
    (one,) = read_both_ways(known, result, [TrueWord("NEAR", QUAD * trace.scale, "neat")])
    assert one == WordReadings("NEAR", "near", "neat", "ours")
    assert [count_right([one], who) for who in ("theirs", "outlined", "ours")] == [1, 0, 0]


@pytest.mark.parametrize(
    ("theirs", "outlined", "sentence"),
    [
        (None, "A", "**1** of its errors is handed on"),
        ("B", "A", "**1** of its errors is handed on"),
        ("A", "a", "cost nothing here"),
        ("A", "B", "serve the second better"),
    ],
)
def test_the_sentence_follows_the_numbers(theirs, outlined, sentence):
    assert sentence in summarise([WordReadings("A", theirs, outlined, "A")])
