"""From scores of proposals to words: top-k, duplicates, suppression, orientations, score rules."""

from __future__ import annotations

import math

import pytest
import torch

from spotter.model.postprocess import (
    is_duplicate,
    is_word,
    most_confident_orientations,
    orient_rois,
    reading_score,
    suppress,
    topk_proposals,
)
from spotter.types import Character, Regions


def regions_of(boxes: list[list[float]], **fields: torch.Tensor) -> Regions:
    count = len(boxes)
    tensor = torch.tensor(boxes, dtype=torch.float32).view(count, 4)
    return Regions.from_boxes(tensor, torch.rand(count, 28, 28), torch.rand(count, 8), **fields)


def test_topk_counts_both_classes():
    scores = torch.tensor([[[0.9, 0.2], [0.6, 0.8]], [[0.1, 0.3], [0.4, 0.2]]])
    best, proposals = topk_proposals(scores.logit(), 3)
    torch.testing.assert_close(best, torch.tensor([[0.9, 0.8, 0.6], [0.4, 0.3, 0.2]]))
    assert proposals[:, :2].tolist() == [[0, 1], [1, 0]]
    assert topk_proposals(scores.logit(), 100)[0].shape == (2, 4)


def test_later_entries_of_a_proposal_are_duplicates():
    found = is_duplicate(torch.tensor([[4, 2, 4, 2], [1, 2, 3, 4]]))
    assert found.tolist() == [[False, False, True, True], [False] * 4]


@pytest.mark.parametrize(
    ("max_iou", "expected"), [(1.0, [0, 1, 2, 3]), (0.6, [0, 1, 3]), (0.3, [0, 3]), (0.0, [0, 3])]
)
def test_suppress(max_iou, expected):
    """The second region overlaps the first by half, the third the second by more; the last is in another
    image.
    """
    regions = regions_of(
        [[0, 0, 30, 10], [10, 0, 40, 10], [11, 0, 41, 10], [0, 0, 30, 10]],
        image_index=torch.tensor([0, 0, 0, 1]),
        scores=torch.tensor([0.9, 0.8, 0.7, 0.6]),
    )
    assert suppress(regions, max_iou).proposal_index.tolist() == expected


def test_suppress_keeps_the_order():
    regions = regions_of([[0, 0, 9, 9], [50, 0, 59, 9]], scores=torch.tensor([0.5, 0.9]))
    assert suppress(regions, 0.5).proposal_index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("ratio", "quarters"), [(None, [0, 0, 0]), (2.0, [0, 0, 1, 3, 0]), (1e-3, [0, 1, 3] * 3)]
)
def test_vertical_rois_are_repeated_per_orientation(ratio, quarters):
    regions = regions_of([[0, 0, 9, 9], [0, 0, 9, 19], [0, 0, 9, 18]])
    found = orient_rois(regions, ratio)
    assert [round(float(angle) / (math.pi / 2)) % 4 for angle in found.rois[:, 4]] == quarters
    index = found.proposal_index
    assert index.tolist() == sorted(index.tolist())
    assert found.boxes.equal(regions.boxes[index])
    assert found.mask_k.equal(regions.mask_k[index])


def test_no_regions():
    none = regions_of([])
    assert len(orient_rois(none, 1.25)) == 0
    assert len(suppress(none, 0.5)) == 0
    assert most_confident_orientations([], []) == []


def test_most_confident_orientations_by_hand():
    assert most_confident_orientations([4], [0.0]) == [True]
    found = most_confident_orientations([4, 4, 4, 7, 2, 2, 2], [0.4, 0.9, 0, 0, 0, 0, 0.4])
    assert found == [False, True, False, True, False, False, True]


@pytest.mark.parametrize(("scores", "expected"), [([], 0), ([0.9], 0.9), ([0.9, 0.4], 0.6), ([0.5, 0], 0)])
def test_reading_score_is_the_geometric_mean(scores, expected):
    assert reading_score([Character("a", score) for score in scores]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("score", "reading", "expected"),
    [(0.3, 0.05, True), (0.3, 0.04, False), (0.45, 0.04, True), (0.44, 0.0, False), (0.9, 0.9, True)],
)
def test_is_word(score, reading, expected):
    assert is_word(score, reading, reading_threshold=0.05, confident_score=0.45) == expected


def test_published_thresholds_discard_no_region():
    assert is_word(0.4, 0.0, reading_threshold=0.0, confident_score=1.0)
