"""Pictures of RoIAlign and RoIPool."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.explain import canvas, roi_sampling
from spotter.explain.topics import roi_align


def test_a_bin_is_linked_to_its_part_of_the_box(trace):
    one = roi_sampling.pool_box(trace, np.array([30, 20, 58, 48], np.float32))
    bins = canvas.panels_of(roi_align.draw_bins(trace, one, one, 0, 3, 3)[0])
    assert [panel.link for panel in bins] == ["bins"] * 4
    (box,) = canvas.panels_of(roi_align.draw_map(trace, one, 0, 3, 3)[0])
    x1, y1, x2, y2 = box.box
    assert x2 - x1 == pytest.approx(y2 - y1)  # of a square box
    assert box.cell == bins[0].cell == (1 / 7, 1 / 7)


def test_boxes_outside_and_empty_ones_are_drawn(trace, empty_trace):
    assert roi_sampling.box_of(empty_trace, None).shape == (4,)
    for box in ([-50, -50, -20, -20], [500, 500, 600, 600], [10, 10, 14, 14], [-30, 20, 300, 60]):
        one = roi_sampling.pool_box(trace, np.array(box, np.float32))
        assert roi_align.draw_map(trace, one, 0, 3, 3)[0].size[0] > 0
        assert roi_align.draw_bins(trace, one, one, 0, 3, 3)[0].size[0] > 0
