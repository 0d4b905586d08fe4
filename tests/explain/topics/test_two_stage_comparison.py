"""View 12: what either way saw of a word, drawn and told; what is missing is said."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.two_stage import Strip, TwoStage
from spotter.explain import crop_looseness
from spotter.explain.topics import two_stage_comparison

UPRIGHT = np.array([[10.0, 20], [50, 20], [50, 30], [10, 30]])


@pytest.fixture
def found(trace) -> TwoStage:
    height, width = trace.image.shape[:2]
    maps = np.linspace(0, 1, height // 2 * (width // 2), dtype=np.float32).reshape(height // 2, width // 2)
    strip = Strip(crop_looseness.rectangle(trace.polygon(0)), np.full((64, 120), 90, np.uint8), "STRIP", 0.5)
    return TwoStage(maps, 1 - maps, [strip])


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(two_stage_comparison, "installed", lambda: False)
    assert two_stage_comparison.missing().startswith("CRAFT and the CRNN are not installed: pip install")
    monkeypatch.setattr(two_stage_comparison, "installed", lambda: True)
    assert two_stage_comparison.missing() == ""


def test_the_strip_is_the_one_under_the_word(trace, found):
    assert two_stage_comparison.strip_of(trace, found, 0).text == "STRIP"
    assert two_stage_comparison.strip_of(trace, TwoStage(found.region, found.affinity, []), 0) is None


def test_pictures_with_and_without_the_other_way(trace, found):
    assert "has not run" in two_stage_comparison.draw_heat(trace, None)[1]
    assert "STRIP" in two_stage_comparison.draw_heat(trace, found)[1]
    assert "has not run" in two_stage_comparison.draw_inputs(trace, None, 0)[1]
    assert "STRIP" in two_stage_comparison.draw_inputs(trace, found, 0)[1]
    empty = TwoStage(found.region, found.affinity, [])
    assert "found nothing" in two_stage_comparison.draw_inputs(trace, empty, 0)[1]
    assert "write them under the photo" in two_stage_comparison.describe(trace, empty, None, 0)
    assert two_stage_comparison.draw_looseness(None) is None
    count = len(crop_looseness.FACTORS)
    measured = crop_looseness.Looseness(["a"], [["a"]] * count, [["b"]] * count, [1], [])
    assert "lies on no true word" in two_stage_comparison.describe(trace, found, measured, 0)
    assert "lies on no true word" not in two_stage_comparison.describe(trace, found, measured, 1)
    assert "1: 1.00 and 0.00" in two_stage_comparison.draw_looseness(measured)[1]
    assert "from 1.00 to **1.00** for ours" in two_stage_comparison.describe(trace, found, measured, 0)


def test_the_verdict_goes_by_what_was_lost():
    assert "Ours loses less" in two_stage_comparison.verdict(0.1, 0.4)
    assert "do not show" in two_stage_comparison.verdict(0.4, 0.1)
    assert "about as much" in two_stage_comparison.verdict(0.30, 0.31)
