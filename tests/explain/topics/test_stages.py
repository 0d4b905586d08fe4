"""The refinement stages: boxes and self-attention."""

from __future__ import annotations

import numpy as np
import torch

from spotter.explain.topics import stages


def test_iou_curve_ends_at_1_and_is_an_iou(trace):
    values = stages.iou_with_final(trace, np.arange(trace.boxes.shape[1]))
    np.testing.assert_allclose(values[-1], 1)
    assert (values >= 0).all()
    assert (values <= 1 + 1e-9).all()


def test_deltas_give_the_next_box(trace):
    from spotter.model.stage import apply_deltas

    before, after = trace.boxes[0], trace.boxes[1]
    predicted = np.stack([stages.deltas(a, b) for a, b in zip(before, after, strict=True)])
    again = apply_deltas(torch.from_numpy(before), torch.from_numpy(predicted)).numpy()
    np.testing.assert_allclose(again, after, atol=1e-2)


def test_attended_proposals_are_the_strongest_of_the_row(trace):
    found = stages.attended_proposals(trace, 1, 3)
    weights = trace.stage_attention[0, 3].astype(float).copy()
    weights[3] = -1
    assert [weight for _, weight in found] == sorted(weights, reverse=True)[: len(found)]
    assert 3 not in [i for i, _ in found]
