"""Leakage of gates and their gradients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain.polygon_text import show_outlines, words_read
from spotter.explain.topics import conversion


def shifted(trace, word: int, shift: float) -> str:
    """The word's outline as a true line, moved to the right by a part of its width."""
    polygon = np.asarray(trace.words[word].polygon)
    return show_outlines([("true", polygon + np.array([shift * np.ptp(polygon[:, 0]), 0]))])


def test_the_gradient_reaches_the_proposal_only_through_the_gates(tiny_spotter, trace, longest):
    found = conversion.gradients(tiny_spotter, trace, longest)
    assert found["none"][0] > 0
    assert found["all"][0] == 0
    assert found["all"][1] > 0
    assert all(parameter.grad is None for parameter in tiny_spotter.model.parameters())


def test_leakage_of_known_gates(trace):
    mask = np.zeros((1, 28, 28), np.float16)
    mask[:, :, :14] = 1
    gate = np.full((1, 8, 16), 0.2, np.float16)
    gate[:, :, :8] = 0.8
    known = replace(trace, mask_k=mask, m3=gate, m2=1 - gate)
    leak = conversion.leakage(known, 0, "m3")
    assert (leak.inside, leak.outside, leak.iou) == pytest.approx((0.8, 0.2, 1.0), abs=1e-3)
    assert conversion.leakage(known, 0, "m2").iou == pytest.approx(0.0)
    assert conversion.leakage(replace(known, mask_k=np.ones_like(mask)), 0, "m3") is None


def test_leakage_is_measured_by_the_true_outline_if_there_is_one(trace):
    x1, y1, x2, y2 = trace.box(0)
    middle = (x1 + x2) / 2
    left = np.array([[x1, y1], [middle, y1], [middle, y2], [x1, y2]])
    gate = np.full((1, 8, 16), 0.2, np.float16)
    gate[:, :, :8] = 0.8
    known = replace(trace, mask_k=np.ones((1, 28, 28), np.float16), m3=gate)
    leak = conversion.leakage(known, 0, "m3", left)
    assert (leak.inside, leak.outside, leak.iou) == pytest.approx((0.8, 0.2, 1.0), abs=1e-3)
    right = conversion.leakage(known, 0, "m3", left + np.array([middle - x1, 0]))
    assert (right.inside, right.outside, right.iou) == pytest.approx((0.2, 0.8, 0.0), abs=1e-3)


def test_the_true_outline_of_a_word_is_the_corrected_one_that_overlaps_it(trace):
    for word in range(3):
        polygon = conversion.true_polygon(trace, word, shifted(trace, word, 0.1))
        expected = trace.polygon(word) + np.array([0.1 * np.ptp(trace.polygon(word)[:, 0]), 0])
        np.testing.assert_allclose(polygon, expected, atol=1)
        assert conversion.true_polygon(trace, word, shifted(trace, word, 9)) is None  # it lies elsewhere
        assert conversion.true_polygon(trace, word, "") is None
        assert conversion.true_polygon(trace, word, words_read(trace, 0)) is None  # not corrected
