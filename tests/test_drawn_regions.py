"""Reading of regions drawn by a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from spotter.drawn_regions import drawn_features


def test_drawn_words_are_read(tiny_spotter, photographs):
    """Polygons of detected words: each takes the feature of its proposal."""
    words = tiny_spotter.spot(photographs[0])
    assert words
    readings = tiny_spotter.read(photographs[0], [word.polygon for word in words])
    assert len(readings) == len(words)
    for reading in readings:
        assert "".join(c.text for c in reading.characters) == reading.text
        assert 0 <= reading.reading_score <= 1
        assert 0 <= reading.overlap <= 1
    together = [r.text for r in readings]
    alone = [tiny_spotter.read(photographs[0], [word.polygon])[0].text for word in words]
    assert sum(a == b for a, b in zip(together, alone, strict=True)) >= len(words) / 2  # attention differs


def test_a_drawn_box_takes_the_feature_of_the_nearest_proposal(tiny_spotter, photographs):
    """Compared with a box far from all proposals."""
    tensor = tiny_spotter.resize(photographs[0])
    with torch.no_grad():
        detection = tiny_spotter.model.detect([tensor])
        box = detection.stages[-1].boxes[0, 3:4]
        _, attended, overlap = drawn_features(tiny_spotter.model, tensor, box)
        far, _, none = drawn_features(tiny_spotter.model, tensor, torch.tensor([[1.0, 1.0, 2.0, 2.0]]))
    assert overlap[0] == pytest.approx(1, abs=1e-4)
    assert none[0] < 0.5
    assert attended.shape == (1, tiny_spotter.model.config.channels)
    assert len(far.stages) == tiny_spotter.model.config.stages


def test_a_box_far_from_all_proposals_gets_a_feature_of_its_own(tiny_spotter, photographs, monkeypatch):
    """Not that of the nearest proposal, which it would get without a minimum IoU."""
    tensor, box = tiny_spotter.resize(photographs[0]), torch.tensor([[1.0, 1.0, 2.0, 2.0]])
    with torch.no_grad():
        _, own, _ = drawn_features(tiny_spotter.model, tensor, box)
        monkeypatch.setattr(
            tiny_spotter.model, "config", replace(tiny_spotter.model.config, min_drawn_iou=0.0)
        )
        _, nearest, _ = drawn_features(tiny_spotter.model, tensor, box)
    assert not torch.allclose(own, nearest)


def test_no_polygons(tiny_spotter, photographs):
    assert tiny_spotter.read(photographs[0], []) == []


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        ([], "is not a polygon"),
        ([[1, 1], [5, 5]], "is not a polygon"),
        ([[1, 1], [5, 5], [9, np.nan]], "is not a polygon"),
        ([[1, 1], [5, 5], ["a", "b"]], "is not a polygon"),
        ([[1, 1, 1], [5, 5, 1], [9, 1, 1]], "is not a polygon"),
        ([[1e6, 1], [1e6 + 9, 1], [1e6, 9]], "lies outside the image"),
        ([[5, 5], [50, 5], [5, 5.1]], "too thin"),
    ],
)
def test_invalid_polygons_raise_one_sentence(tiny_spotter, photographs, polygon, message):
    valid = [[2, 2], [30, 2], [30, 20], [2, 20]]
    with pytest.raises(ValueError, match=f"Region 2 .*{message}"):
        tiny_spotter.read(photographs[0], [valid, polygon])
