"""Texts of the view of the H-mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain.polygon_text import show_outlines
from spotter.explain.topics.hmean import evaluate_photo
from spotter.tabs.look_inside.views.hmean import describe, table
from spotter.types import Word


def square(x: float) -> list[list[float]]:
    return [[x, 10.0], [x + 20, 10.0], [x + 20, 30.0], [x, 30.0]]


def lines(*words: tuple[str, float]) -> str:
    return show_outlines([(text, np.array(square(x))) for text, x in words])


@pytest.fixture
def found(trace):
    """A trace with three words, one of them a false alarm."""
    words = [("one", 0), ("twx", 45), ("three", 111)]
    return replace(
        trace, words=[Word("w", square(x), [x, 10, x + 20, 30], text, 0.9, 0.9) for text, x in words]
    )


def test_the_formula_shows_the_numbers(found):
    evaluation = evaluate_photo(
        found, lines(("one", 0), ("two", 40), ("three", 100), ("four", 240)), 0.5, 0.4
    )
    text = describe(evaluation, False)
    assert "\\frac{2}{3} = 0.667" in text
    assert f"{evaluation.detection.hmean:.3f}" in text
    assert "R = 1/4" in text
    rows = table(evaluation)
    assert "found, read wrongly" in rows
    assert rows.count("**missed**") == 2
    assert rows.count("**false alarm**") == 1


@pytest.mark.parametrize("truth", ["", "nonsense"])
def test_a_quotient_without_denominator_is_explained(found, truth):
    evaluation = evaluate_photo(found, truth, 0.5, 0.0)
    assert "denominator zero" in describe(evaluation, False)
    assert table(evaluation).count("**false alarm**") == 3


def test_a_photo_without_words_misses_all(empty_trace):
    evaluation = evaluate_photo(empty_trace, lines(("one", 0)), 0.5, 0.0)
    assert "denominator zero" in describe(evaluation, False)
    assert table(evaluation).count("**missed**") == 1
