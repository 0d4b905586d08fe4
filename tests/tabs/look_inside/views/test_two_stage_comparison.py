"""Texts of the view that compares two stages with this network."""

from __future__ import annotations

import numpy as np

from spotter.evaluation.two_stage import TwoStage
from spotter.explain.crop_looseness import FACTORS, Looseness
from spotter.tabs.look_inside.views.two_stage_comparison import describe, verdict

NOTHING_FOUND = TwoStage(np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32), [])
MEASURED = Looseness(["a"], [["a"]] * len(FACTORS), [["b"]] * len(FACTORS), [1], [])


def test_without_true_words_the_text_asks_for_them(trace):
    assert describe(trace, None, None, 0) == ""
    text = describe(trace, NOTHING_FOUND, None, 0)
    assert "the CRNN nothing" in text
    assert "write them under the photo" in text


def test_the_text_names_the_numbers_and_a_word_that_was_not_measured(trace):
    assert "from 1.00 to **1.00** for ours" in describe(trace, NOTHING_FOUND, MEASURED, 0)
    assert "overlaps no true word" in describe(trace, NOTHING_FOUND, MEASURED, 0)
    assert "overlaps no true word" not in describe(trace, NOTHING_FOUND, MEASURED, 1)


def test_the_verdict_follows_the_losses():
    assert "Ours loses less" in verdict(0.1, 0.4)
    assert "do not show" in verdict(0.4, 0.1)
    assert "about as much" in verdict(0.30, 0.31)
