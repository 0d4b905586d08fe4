"""Vertical regions are read in three orientations, of which the most confident one is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from spotter.model.spotter import SwinTextSpotter
from spotter.ops.rois import rotate_quarter_turns
from spotter.predictor import Spotter


@pytest.fixture
def all_orientations(tiny_model) -> Spotter:
    """Reads every region in all orientations."""
    model = SwinTextSpotter(replace(tiny_model.config, vertical_aspect_ratio=1e-3)).eval()
    model.load_state_dict(tiny_model.state_dict())
    return Spotter(model, {})


def read_in_one_orientation(spotter: Spotter, quarters: int, monkeypatch) -> None:
    """The spotter reads every region only after these quarter turns."""

    def turned(regions):
        count = torch.full_like(regions.proposal_index, quarters)
        return replace(regions, rois=rotate_quarter_turns(regions.rois, count))

    monkeypatch.setattr(spotter.model, "orient_rois", turned)


def test_the_most_confident_orientation_is_kept(all_orientations, photographs, monkeypatch):
    quads = [[[40, 40], [120, 40], [120, 150], [40, 150]], [[130, 20], [160, 20], [160, 150], [130, 150]]]
    found = (
        all_orientations.spot(photographs[0], threshold=0.0),
        all_orientations.read(photographs[0], quads),
    )
    trace = all_orientations.trace(photographs[0], threshold=0.0)
    results = {}
    for quarters in (0, 1, 3):
        read_in_one_orientation(all_orientations, quarters, monkeypatch)
        results[quarters] = (
            all_orientations.spot(photographs[0], threshold=0.0),
            all_orientations.read(photographs[0], quads),
        )
    for kind in zip(*results.values(), strict=True):
        assert len({tuple(one.reading_score for one in several) for several in kind}) == 3
    best = [
        [max(several, key=lambda one: one.reading_score) for several in zip(*kind, strict=True)]
        for kind in zip(*results.values(), strict=True)
    ]
    assert [word.text for word in found[0]] == [word.text for word in best[0]]
    assert found[1] == best[1]
    assert len({word.id for word in found[0]}) == len(found[0])
    # A trace has the RoI of that orientation.
    quarters = (np.degrees(trace.rois[:, 4]) / 90).round().astype(int) % 4
    assert len(set(quarters.tolist())) > 1
    for i, word in enumerate(trace.words):
        assert word.text == found[0][i].text == results[int(quarters[i])][0][i].text
