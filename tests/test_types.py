"""Regions: made from boxes, and selected."""

from __future__ import annotations

import json

import pytest
import torch

from spotter.ops.rois import boxes_to_rois
from spotter.types import Character, Regions, Word

BOXES = torch.tensor([[0.0, 0, 10, 20], [5, 5, 25, 15], [1, 2, 3, 4]])


@pytest.fixture
def regions() -> Regions:
    return Regions.from_boxes(BOXES, torch.rand(3, 28, 28), torch.rand(3, 8))


def test_from_boxes_has_defaults(regions):
    assert len(regions) == 3
    assert regions.image_index.tolist() == [0, 0, 0]
    assert regions.proposal_index.tolist() == [0, 1, 2]
    assert regions.scores.tolist() == [1, 1, 1]
    assert regions.rois.equal(boxes_to_rois(BOXES))


def test_from_boxes_takes_given_fields():
    rois = torch.rand(3, 5)
    index, scores = torch.tensor([1, 0, 1]), torch.rand(3)
    regions = Regions.from_boxes(
        BOXES,
        torch.rand(3, 28, 28),
        torch.rand(3, 8),
        image_index=index,
        proposal_index=index + 4,
        scores=scores,
        rois=rois,
    )
    assert regions.image_index is index
    assert regions.proposal_index.tolist() == [5, 4, 5]
    assert regions.scores is scores
    assert regions.rois is rois


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (torch.tensor([True, False, True]), [0, 2]),
        (torch.tensor([2, 0, 0]), [2, 0, 0]),
        (slice(1, None), [1, 2]),
        (torch.tensor([], dtype=torch.long), []),
    ],
    ids=["mask", "indices", "slice", "empty"],
)
def test_selection_applies_to_all_fields(regions, index, rows):
    chosen = regions[index]
    assert len(chosen) == len(rows)
    for name, value in vars(regions).items():
        assert getattr(chosen, name).equal(value[rows]), name


@pytest.mark.parametrize("characters", [[], [Character("a", 0.5)]])
def test_a_word_as_a_dictionary(characters):
    word = Word("w0", [[0.0, 0], [1, 0], [1, 1]], [0.0, 0, 1, 1], "a", 0.5, 0.5, characters)
    assert Word.from_dict(json.loads(json.dumps(word.to_dict()))) == word
    assert "network_text" not in word.to_dict()


def test_a_word_that_known_words_changed():
    word = Word("w0", [[0.0, 0], [1, 0], [1, 1]], [0.0, 0, 1, 1], "a", 0.5, 0.5, network_text="")
    assert word.to_dict()["network_text"] == ""
    assert Word.from_dict(word.to_dict()) == word
