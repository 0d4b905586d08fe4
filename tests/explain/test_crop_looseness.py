"""Words cut out ever more loosely, read both ways."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.two_stage import Strip
from spotter.explain import crop_looseness
from spotter.explain.polygon_text import show_outlines, words_read
from spotter.explain.topics import two_stage_comparison
from spotter.explain.topics.loose_crop import draw_loose_crop
from spotter.ops.roi_affine import points_in_roi
from spotter.ops.shapes import overlaps

UPRIGHT = np.array([[10.0, 20], [50, 20], [50, 30], [10, 30]])


@pytest.mark.parametrize("start", range(2))
def test_rectangle_starts_where_the_text_starts(start):
    polygon = np.roll(UPRIGHT, -2 * start, 0)  # read from the left, and upside down
    np.testing.assert_allclose(crop_looseness.rectangle(polygon), polygon, atol=1e-3)


def test_loosening_keeps_the_centre():
    loose = crop_looseness.loosen(UPRIGHT, 2.0)
    np.testing.assert_allclose(loose.mean(0), UPRIGHT.mean(0))
    np.testing.assert_allclose(np.ptp(loose, 0), 2 * np.ptp(UPRIGHT, 0))
    np.testing.assert_array_equal(crop_looseness.loosen(UPRIGHT, 1.0), UPRIGHT)


@pytest.mark.parametrize("degrees", [0, 30, -100])
def test_roi_of_any_angle_contains_the_crop(degrees):
    roi = crop_looseness.roi_around(UPRIGHT, np.radians(degrees))
    np.testing.assert_allclose(roi[[0, 1, 4]], [30, 25, np.radians(degrees)])
    over = points_in_roi(UPRIGHT, roi)
    np.testing.assert_allclose([over.min(0), over.max(0)], [[0, 0], [1, 1]], atol=1e-9)
    if not degrees:
        np.testing.assert_allclose(roi[2:4], [40, 10])


def test_crop_outside_the_box_has_a_closed_gate(tiny_spotter, trace):
    """maskK stays where it was found: over another place it is zero, and so are the features."""
    rois = trace.rois[[0]].copy()
    rois[:, 0] += 4 * rois[:, 2]
    assert crop_looseness.read_crops(tiny_spotter, trace, [0], rois)[1].max() == 0


def test_own_rois_give_the_texts_of_the_trace(tiny_spotter, trace):
    words = list(range(len(trace.words)))
    texts, masked = crop_looseness.read_crops(tiny_spotter, trace, words, trace.rois)
    assert masked.shape == trace.masked_energy.shape
    tolerance = 0.05 * float(trace.masked_energy.max())
    np.testing.assert_allclose(masked.astype(float), trace.masked_energy, atol=tolerance)
    same = [text == trace.words[word].text for word, text in zip(words, texts, strict=True)]
    assert np.mean(same) > 0.7  # levels are kept as float16, and these weights are random
    assert crop_looseness.read_crops(tiny_spotter, trace, [], np.zeros((0, 5)))[0] == []


def test_true_words_are_paired_with_predictions(trace, empty_trace):
    pairs = crop_looseness.pair_words(trace, words_read(trace, 0))
    assert pairs
    for text, polygon, word in pairs:
        assert text
        iou = overlaps([polygon], [trace.polygon(word)]).iou
        assert iou[0, 0] > crop_looseness.MIN_IOU
    far = show_outlines([("far", np.array([[9000, 9000], [9100, 9000], [9100, 9050]]))])
    assert crop_looseness.pair_words(trace, far) == []
    assert crop_looseness.pair_words(trace, "") == []
    assert crop_looseness.pair_words(empty_trace, far) == []


def test_similarity_by_hand():
    rows = [["one", "for"]] * 3
    measured = crop_looseness.Looseness(["ONE", "four"], rows, [["on", "four"]] * 3, [0, 1], [])
    np.testing.assert_allclose(measured.similarity(measured.ours), (1 + 0.75) / 2)  # one edit in four
    np.testing.assert_allclose(measured.exact(measured.ours), 0.5)
    np.testing.assert_allclose(measured.similarity(measured.theirs), (2 / 3 + 1) / 2)


def test_curve_is_measured_for_both_systems(tiny_spotter, trace, monkeypatch):
    counts = []

    def read(image, quads):
        counts.append(len(quads))
        return [None, *[Strip(quad, np.zeros((64, 8), np.uint8), "x", 1.0) for quad in quads[1:]]]

    monkeypatch.setattr(crop_looseness, "read_quads", read)
    monkeypatch.setattr(crop_looseness, "installed", lambda: True)
    measured = crop_looseness.measure_looseness(tiny_spotter, trace, words_read(trace, 0))
    count = len(measured.texts)
    assert counts == [count] * len(crop_looseness.FACTORS)
    assert all(row == ["", *"x" * (count - 1)] for row in measured.theirs)
    assert len(measured.ours) == len(crop_looseness.FACTORS)
    word = measured.words[-1]
    _, alt = draw_loose_crop(trace, measured, word, 1.38)
    assert f"Word {word + 1} cropped 1.4 times as large" in alt
    assert measured.ours[3][measured.words.index(word)] in alt
    tight, loose = (rows[-1].roi for rows in (measured.crops[1], measured.crops[-1]))
    np.testing.assert_allclose(loose[2:4], 2 * tight[2:4], rtol=1e-6)
    assert draw_loose_crop(
        trace, measured, measured.words[0], 1.0
    )  # the two-stage recogniser has no crop there
    assert draw_loose_crop(trace, measured, 10**6, 1.0) is None
    assert draw_loose_crop(trace, None, 0, 1.0) is None
    assert crop_looseness.measure_looseness(tiny_spotter, trace, "") is None


def test_without_the_pipeline_ours_is_measured_alone(tiny_spotter, trace, monkeypatch):
    monkeypatch.setattr(crop_looseness, "installed", lambda: False)
    measured = crop_looseness.measure_looseness(tiny_spotter, trace, words_read(trace, 0))
    assert measured.theirs is None
    assert len(measured.ours) == len(crop_looseness.FACTORS)
    assert "CRNN" not in two_stage_comparison.draw_looseness(measured)[1]
    word = measured.words[0]
    assert "CRNN" not in draw_loose_crop(trace, measured, word, 1.0)[1]
