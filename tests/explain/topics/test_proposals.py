"""The learnable boxes before and after training."""

from __future__ import annotations

import numpy as np

from spotter.explain.topics import proposals


def test_learned_boxes_are_the_parameter(tiny_spotter, trace):
    times = proposals.grids(trace)
    assert times == (2, 1)  # the photo is 4:3
    boxes = tiny_spotter.model.proposals.boxes.detach().numpy()
    parts = [(boxes + np.float32([x, 0, 0, 0])) / [2, 1, 2, 1] for x in (0, 1)]
    expected = np.concatenate(parts)
    np.testing.assert_allclose(proposals.learned_boxes(trace), expected, atol=1e-5)
    start = proposals.starting_boxes(trace, trace.config.proposal_grid)
    np.testing.assert_allclose(start, expected, atol=1e-6)  # nothing was trained
    whole = proposals.starting_boxes(trace, None)
    np.testing.assert_array_equal(whole, np.tile(np.float32([0.5, 0.5, 1, 1]), (len(expected), 1)))


def test_the_way_leads_from_the_published_start_to_the_learned_boxes(trace):
    np.testing.assert_array_equal(proposals.on_the_way(trace, 0.0), proposals.starting_boxes(trace, None))
    np.testing.assert_allclose(proposals.on_the_way(trace, 1.0), proposals.learned_boxes(trace))
    _, alt = proposals.draw_proposals(trace, proposals.on_the_way(trace, 0.5), 0, "published")
    assert "on the way from the published start" in alt
