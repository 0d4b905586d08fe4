"""The assignment of proposals to true words."""

import dataclasses
import math

import pytest
import torch

from spotter.ops.matching import MatchWeights, hungarian_match, match_costs

SIZE = torch.tensor([200, 100])  # width, height


def random_boxes(*lead):
    corner = torch.rand(*lead, 2) * 50
    return torch.cat([corner, corner + 1 + torch.rand(*lead, 2) * 50], -1)


def test_every_term_by_hand():
    costs = match_costs(
        class_logits=torch.tensor([[0.0, 9.0]]),  # probability of text 0.5
        boxes=torch.tensor([[0.0, 0.0, 20.0, 10.0]]),
        mask_vectors=torch.tensor([[1.0, 0.0]]),
        target_boxes=torch.tensor([[10.0, 0.0, 30.0, 10.0], [0.0, 0.0, 20.0, 10.0]]),
        target_vectors=torch.tensor([[0.0, 3.0], [2.0, 0.0]]),
        image_size=SIZE,
    )
    half = math.log(2) / 4  # 0.5 ** gamma * -log(0.5)
    focal = 0.25 * half - 0.75 * half
    expected = {
        "classification": [focal, focal],
        "l1": [10 / 200 + 10 / 200, 0],
        "giou": [-1 / 3, -1],  # intersection 100, union 300, no blank in the hull
        "mask": [-0.5, -1],  # at a right angle, parallel
    }
    for name, values in expected.items():
        torch.testing.assert_close(getattr(costs, name), torch.tensor([values]), rtol=1e-5, atol=1e-6)
    total = [2 * focal + 5 * 0.1 - 2 / 3 - 2 * 0.5, 2 * focal - 2 - 2]
    torch.testing.assert_close(costs.total, torch.tensor([total]), rtol=1e-5, atol=1e-6)


def test_box_scale_is_width_height_width_height():
    box = torch.tensor([[0.0, 0.0, 40.0, 40.0]])
    taller = torch.tensor([[0.0, 0.0, 40.0, 50.0]])
    costs = match_costs(torch.zeros(1, 2), box, torch.ones(1, 3), taller, torch.ones(1, 3), SIZE)
    assert costs.l1.item() == pytest.approx(10 / 100)


@pytest.mark.parametrize("term", ["classification", "l1", "giou", "mask"])
def test_a_weight_scales_its_own_term(term):
    torch.manual_seed(0)
    inputs = (
        torch.randn(6, 2),
        random_boxes(6),
        torch.randn(6, 60),
        random_boxes(3),
        torch.randn(3, 60),
        SIZE,
    )
    alone = MatchWeights(**{f.name: 3.0 if f.name == term else 0.0 for f in dataclasses.fields(MatchWeights)})
    costs = match_costs(*inputs, alone)
    torch.testing.assert_close(costs.total, 3 * getattr(costs, term))


def test_stages_and_images_broadcast():
    torch.manual_seed(0)
    logits, boxes, vectors = torch.randn(3, 2, 6, 2), random_boxes(3, 2, 6), torch.randn(3, 2, 6, 60)
    true_boxes, true_vectors = random_boxes(2, 4), torch.randn(2, 4, 60)
    sizes = torch.tensor([[200, 100], [64, 320]])
    together = match_costs(logits, boxes, vectors, true_boxes, true_vectors, sizes)
    for s in range(3):
        for b in range(2):
            alone = match_costs(
                logits[s, b], boxes[s, b], vectors[s, b], true_boxes[b], true_vectors[b], sizes[b]
            )
            for name, value in vars(alone).items():
                torch.testing.assert_close(getattr(together, name)[s, b], value, msg=name)


def test_the_assignment_is_the_cheapest_not_the_greedy_one():
    # The greedy choice takes 0 and is left with 10.
    prediction, target = hungarian_match(torch.tensor([[0.0, 1.0], [1.0, 10.0]]))
    assert prediction.tolist() == [0, 1]
    assert target.tolist() == [1, 0]


@pytest.mark.parametrize(("proposals", "words"), [(5, 0), (0, 3), (0, 0), (1, 1), (6, 1), (2, 5)])
def test_sizes_of_the_assignment(proposals, words):
    prediction, target = hungarian_match(torch.randn(proposals, words))
    assert len(prediction) == len(target) == min(proposals, words)
    assert len(set(prediction.tolist())) == len(set(target.tolist())) == min(proposals, words)
    assert prediction.dtype == target.dtype == torch.int64


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_costs_that_are_not_finite_are_avoided(bad):
    prediction, target = hungarian_match(torch.tensor([[bad, bad], [3.0, 1.0], [2.0, 9.0]]))
    assert prediction.tolist() == [1, 2]
    assert target.tolist() == [1, 0]
    assert len(hungarian_match(torch.full((3, 2), bad))[0]) == 2
