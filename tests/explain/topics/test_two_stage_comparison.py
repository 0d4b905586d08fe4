"""Pictures of what either reader gets of a word."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.two_stage import Strip, TwoStage
from spotter.explain import crop_looseness
from spotter.explain.topics import two_stage_comparison as comparison


@pytest.fixture
def found(trace) -> TwoStage:
    height, width = trace.image.shape[:2]
    maps = np.linspace(0, 1, height // 2 * (width // 2), dtype=np.float32).reshape(height // 2, width // 2)
    strip = Strip(crop_looseness.rectangle(trace.polygon(0)), np.full((64, 120), 90, np.uint8), "STRIP", 0.5)
    return TwoStage(maps, 1 - maps, [strip])


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(comparison, "installed", lambda: False)
    assert comparison.missing_packages().startswith("CRAFT and the CRNN are not installed: pip install")
    monkeypatch.setattr(comparison, "installed", lambda: True)
    assert comparison.missing_packages() == ""


def test_the_strip_is_the_one_under_the_word(trace, found):
    assert comparison.overlapping_strip(trace, found, 0).text == "STRIP"
    assert comparison.overlapping_strip(trace, TwoStage(found.region, found.affinity, []), 0) is None


def test_pictures_before_and_after_both_stages_ran(trace, found):
    assert "has not run" in comparison.draw_heat(trace, None)[1]
    assert "STRIP" in comparison.draw_heat(trace, found)[1]
    assert "has not run" in comparison.draw_inputs(trace, None, 0)[1]
    assert "STRIP" in comparison.draw_inputs(trace, found, 0)[1]
    empty = TwoStage(found.region, found.affinity, [])
    assert "found nothing" in comparison.draw_inputs(trace, empty, 0)[1]


def test_the_curve_shows_the_similarity_at_each_factor():
    assert comparison.draw_looseness(None) is None
    count = len(crop_looseness.FACTORS)
    measured = crop_looseness.Looseness(["a"], [["a"]] * count, [["b"]] * count, [1], [])
    assert "1: 1.00 and 0.00" in comparison.draw_looseness(measured)[1]
