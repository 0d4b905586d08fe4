"""View 12: cuts and masks by hand; ours read in its own box reads what it read."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.two_stage import Strip, TwoStage
from spotter.explain import two_ways
from spotter.explain.outlines import show_outlines, words_read

UPRIGHT = np.array([[10.0, 20], [50, 20], [50, 30], [10, 30]])


@pytest.fixture
def found(trace) -> TwoStage:
    height, width = trace.image.shape[:2]
    maps = np.linspace(0, 1, height // 2 * (width // 2), dtype=np.float32).reshape(height // 2, width // 2)
    strip = Strip(two_ways.rectangle(trace.polygon(0)), np.full((64, 120), 90, np.uint8), "STRIP", 0.5)
    return TwoStage(maps, 1 - maps, [strip])


@pytest.mark.parametrize("start", range(2))
def test_a_rectangle_begins_where_the_text_does(start):
    polygon = np.roll(UPRIGHT, -2 * start, 0)  # read from the left, and upside down
    np.testing.assert_allclose(two_ways.rectangle(polygon), polygon, atol=1e-3)


def test_a_loose_cut_keeps_its_centre():
    loose = two_ways.loosen(UPRIGHT, 2.0)
    np.testing.assert_allclose(loose.mean(0), UPRIGHT.mean(0))
    np.testing.assert_allclose(np.ptp(loose, 0), 2 * np.ptp(UPRIGHT, 0))
    np.testing.assert_array_equal(two_ways.loosen(UPRIGHT, 1.0), UPRIGHT)


def test_a_mask_moves_with_its_box():
    mask = np.ones((28, 28), np.float16)
    box = np.array([10.0, 10, 30, 20])
    np.testing.assert_array_equal(two_ways.mask_in(mask, box, box), 1)
    loose = two_ways.mask_in(mask, box, np.array([0.0, 5, 40, 25]))  # twice the sides, the same centre
    assert loose.mean() == pytest.approx(0.25, abs=0.03)
    assert loose[14, 14] == 1
    assert loose[0, 0] == 0
    assert two_ways.mask_in(mask, box, np.array([100.0, 100, 120, 110])).max() == 0


def test_ours_reads_its_own_box_as_before(tiny_spotter, trace):
    words = list(range(len(trace.words)))
    boxes = np.stack([trace.box(word) for word in words])
    texts, masked = two_ways.read_cuts(tiny_spotter, trace, words, boxes)
    assert masked.shape == trace.masked.shape
    np.testing.assert_allclose(masked.astype(float), trace.masked, atol=0.05 * float(trace.masked.max()))
    same = [text == trace.words[word].text for word, text in zip(words, texts, strict=True)]
    assert np.mean(same) > 0.7  # levels are kept as float16, and these weights are random
    assert two_ways.read_cuts(tiny_spotter, trace, [], np.zeros((0, 4)))[0] == []


def test_true_words_go_with_ours(trace, empty_trace):
    pairs = two_ways.pair_words(trace, words_read(trace, 0))
    for text, polygon, word in pairs:
        assert text
        overlap, union, _ = two_ways.overlaps([polygon], [trace.polygon(word)])
        assert overlap[0, 0] / union[0, 0] > two_ways.LEAST_IOU
    far = show_outlines([("far", np.array([[9000, 9000], [9100, 9000], [9100, 9050]]))])
    assert two_ways.pair_words(trace, far) == []
    assert two_ways.pair_words(trace, "") == []
    assert two_ways.pair_words(empty_trace, far) == []


def test_similarity_by_hand():
    rows = [["one", "for"]] * 3
    measured = two_ways.Looseness(["ONE", "four"], rows, [["on", "four"]] * 3, [0, 1], [])
    np.testing.assert_allclose(measured.similarity(measured.ours), (1 + 0.75) / 2)  # one edit in four
    np.testing.assert_allclose(measured.exact(measured.ours), 0.5)
    np.testing.assert_allclose(measured.similarity(measured.theirs), (2 / 3 + 1) / 2)


def test_the_curve_is_measured_for_both(tiny_spotter, trace, monkeypatch):
    asked = []

    def read(image, quads):
        asked.append(len(quads))
        return [None, *[Strip(quad, np.zeros((64, 8), np.uint8), "x", 1.0) for quad in quads[1:]]]

    monkeypatch.setattr(two_ways, "read_quads", read)
    measured = two_ways.measure_looseness(tiny_spotter, trace, words_read(trace, 0))
    count = len(measured.texts)
    assert asked == [count] * len(two_ways.FACTORS)
    assert all(row == ["", *"x" * (count - 1)] for row in measured.theirs)
    assert len(measured.ours) == len(two_ways.FACTORS)
    word = measured.words[-1]
    _, alt = two_ways.draw_cut(trace, measured, word, 1.38)
    assert f"Word {word + 1} cut 1.4 times as large" in alt
    assert measured.ours[3][measured.words.index(word)] in alt
    tight, loose = (rows[-1].box for rows in (measured.cuts[1], measured.cuts[-1]))
    np.testing.assert_allclose(loose[2:] - loose[:2], 2 * (tight[2:] - tight[:2]))
    assert two_ways.draw_cut(trace, measured, measured.words[0], 1.0)  # the other reader got nothing there
    assert two_ways.draw_cut(trace, measured, 10**6, 1.0) is None
    assert two_ways.draw_cut(trace, None, 0, 1.0) is None
    assert two_ways.measure_looseness(tiny_spotter, trace, "") is None


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(two_ways, "installed", lambda: False)
    assert two_ways.missing().startswith("CRAFT and the CRNN are not installed: pip install")
    monkeypatch.setattr(two_ways, "installed", lambda: True)
    assert two_ways.missing() == ""


def test_the_strip_is_the_one_under_the_word(trace, found):
    assert two_ways.strip_of(trace, found, 0).text == "STRIP"
    assert two_ways.strip_of(trace, TwoStage(found.region, found.affinity, []), 0) is None


def test_pictures_with_and_without_the_other_way(trace, found):
    assert "has not run" in two_ways.draw_heat(trace, None)[1]
    assert "STRIP" in two_ways.draw_heat(trace, found)[1]
    assert "has not run" in two_ways.draw_inputs(trace, None, 0)[1]
    assert "STRIP" in two_ways.draw_inputs(trace, found, 0)[1]
    empty = TwoStage(found.region, found.affinity, [])
    assert "found nothing" in two_ways.draw_inputs(trace, empty, 0)[1]
    assert "write them under the photo" in two_ways.describe(trace, empty, None, 0)
    assert two_ways.draw_looseness(None) is None
    count = len(two_ways.FACTORS)
    measured = two_ways.Looseness(["a"], [["a"]] * count, [["b"]] * count, [1], [])
    assert "lies on no true word" in two_ways.describe(trace, found, measured, 0)
    assert "lies on no true word" not in two_ways.describe(trace, found, measured, 1)
    assert "1: 1.00 and 0.00" in two_ways.draw_looseness(measured)[1]
    assert "from 1.00 to **1.00** for ours" in two_ways.describe(trace, found, measured, 0)


def test_the_verdict_goes_by_what_was_lost():
    assert "Ours loses less" in two_ways.verdict(0.1, 0.4)
    assert "do not show" in two_ways.verdict(0.4, 0.1)
    assert "about as much" in two_ways.verdict(0.30, 0.31)
