"""Pictures of what either reader gets of a word."""

from __future__ import annotations

from dataclasses import replace

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
    assert comparison.draw_heat(trace, None) is None
    assert "STRIP" in comparison.draw_heat(trace, found)[1]
    assert "CRNN" not in comparison.draw_inputs(trace, None, 0)[1]
    assert "STRIP" in comparison.draw_inputs(trace, found, 0)[1]
    empty = TwoStage(found.region, found.affinity, [])
    assert "the CRNN reads nothing" in comparison.draw_inputs(trace, empty, 0)[1]


def test_a_looser_crop_holds_less_of_the_word(trace):
    tight, loose = (comparison.crop_content(trace, 0, factor) for factor in (1.0, 2.0))
    assert loose.word == pytest.approx(tight.word / 4, rel=0.1)
    for content in (tight, loose):
        assert content.word + content.others + content.background == pytest.approx(1)


def test_other_words_in_the_crop_are_counted(trace):
    square = [[0.0, 0.0], [40.0, 0.0], [40.0, 20.0], [0.0, 20.0]]
    beside = [[x + 50, y] for x, y in square]
    roi = np.array([20.0, 10.0, 40.0, 20.0, 0.0], np.float32)
    words = [replace(trace.words[0], polygon=square), replace(trace.words[1], polygon=beside)]
    pair = replace(trace, words=words, rois=np.stack([roi, roi]), scale=np.ones(2))
    assert comparison.crop_content(pair, 0, 1.0).others == 0
    assert comparison.crop_content(pair, 0, 1.0).word > 0.95
    assert (
        0.05 < comparison.crop_content(pair, 0, 2.0).others < 0.2
    )  # 10 of 80 pixels across, half the height


def test_the_curve_shows_the_similarity_at_each_factor():
    assert comparison.draw_looseness(None) is None
    count = len(crop_looseness.FACTORS)
    measured = crop_looseness.Looseness(["a"], [["a"]] * count, [["b"]] * count, [1], [])
    assert "1: 1.00 and 0.00" in comparison.draw_looseness(measured)[1]
