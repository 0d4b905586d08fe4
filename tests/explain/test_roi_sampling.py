"""RoIAlign and RoIPool on a trace's own features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain import roi_sampling


def test_roi_align_changes_smoothly_and_roi_pool_jumps(trace):
    """Halving the nudge halves what RoIAlign changes at most; RoIPool's jumps stay as high."""
    box = np.array(
        [30.3, 25.7, 75.1, 55.2], np.float32
    )  # inside: beyond the map RoIAlign's samples count as 0
    jumps = {}
    for step in (0.25, 0.125):
        shifts = np.arange(-4, 4 + step / 2, step)
        moves = np.zeros((len(shifts), 4), np.float32)
        moves[:, [0, 2]] = shifts[:, None]
        found = roi_sampling.pool_boxes(trace, box[None] + moves)
        jumps[step] = [np.linalg.norm(np.diff(v.reshape(len(v), -1), axis=0), axis=1) for v in found]
    (align, pool), (fine_align, fine_pool) = jumps[0.25], jumps[0.125]
    assert fine_align.max() < 0.6 * align.max()
    assert fine_pool.max() > 0.99 * min(pool[pool > 0].min(), pool.max())
    assert fine_pool.max() > 3 * fine_align.max()
    assert (fine_pool == 0).mean() > 0.8  # constant between its jumps
    assert (fine_align > 0).mean() > 0.9  # never constant
    glide, jump = roi_sampling.step_changes(trace, box, 0)
    assert jump.max() > glide.max()
    assert roi_sampling.changes(trace, box, np.zeros(1))[0] == pytest.approx([0])


@pytest.mark.parametrize("samples", [1, 2])
def test_the_weighted_sum_of_a_bins_cells_is_the_networks_value(trace, samples):
    known = replace(trace, config=replace(trace.config, roi_samples=samples))
    one = roi_sampling.pool_box(known, roi_sampling.box_of(known, 1) + np.float32(0.3))
    for row, column in ((0, 0), (3, 4), (6, 6)):
        taps, sampled = roi_sampling.bin_weights(known, one, row, column)
        assert len(sampled) == samples**2
        values = known.levels[one.level].astype(np.float32)
        total = sum(tap.weight * values[:, tap.row, tap.column] for tap in taps)
        np.testing.assert_allclose(total, one.align[:, row, column], atol=1e-4)


def test_roi_pool_takes_exactly_the_cells_of_the_rounded_box(trace):
    known = replace(trace, levels=[np.zeros_like(level) for level in trace.levels])
    box = np.array([21.9, 30.1, 61.0, 52.2], np.float32)
    x1, y1, x2, y2 = roi_sampling.rounded_box(roi_sampling.pool_box(known, box)).astype(int)
    known.levels[0][0] = 1
    known.levels[0][0, y1:y2, x1:x2] = 0
    assert roi_sampling.pool_box(known, box).pool[0].max() == 0  # nothing outside
    known.levels[0][0, y2 - 1, x2 - 1] = 5
    assert roi_sampling.pool_box(known, box).pool[0, -1, -1] == 5  # all inside


def test_without_words_the_best_proposal_inside_the_photo_is_pooled(empty_trace):
    boxes, logits = empty_trace.boxes.copy(), empty_trace.class_logits.copy()
    boxes[-1, :2] = [[-20, 5, 30, 40], [10, 20, 50, 45]]
    logits[-1, :, 0] = -5
    logits[-1, :2, 0] = [4, 1]
    known = replace(empty_trace, boxes=boxes, class_logits=logits)
    assert roi_sampling.box_of(known, None).tolist() == [10, 20, 50, 45]
