"""Refinement stages and the proposals they start from."""

import math

import pytest
import torch

from spotter.model.elu import elu
from spotter.model.proposals import Proposals
from spotter.model.stage import LARGEST_LOG_SCALE, Stage, apply_deltas


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ([0, 0, 0, 0], [10, 20, 50, 40]),
        ([1, 0, 0, 0], [30, 20, 70, 40]),  # half a width: the weight of dx is 2
        ([0, -2, 0, 0], [10, 0, 50, 20]),
        ([0, 0, math.log(2), 0], [-10, 20, 70, 40]),
        ([0, 0, 0, math.log(0.5)], [10, 25, 50, 35]),
        ([1, 1, math.log(0.5), math.log(3)], [40, 10, 60, 70]),
    ],
)
def test_deltas_by_hand(deltas, expected):
    moved = apply_deltas(
        torch.tensor([[10.0, 20.0, 50.0, 40.0]]), torch.tensor([deltas], dtype=torch.float32)
    )
    torch.testing.assert_close(moved, torch.tensor([expected], dtype=torch.float32), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("delta", [LARGEST_LOG_SCALE, 50.0, 1e4])
def test_growth_is_clamped(delta):
    moved = apply_deltas(torch.tensor([[0.0, 0.0, 16.0, 16.0]]), torch.tensor([[0.0, 0.0, delta, delta]]))
    torch.testing.assert_close(moved[:, 2:] - moved[:, :2], torch.full((1, 2), 1e5))


def test_deltas_are_applied_in_float32():
    moved = apply_deltas(
        torch.tensor([[1000.0, 1000.0, 1003.0, 1003.0]]), torch.zeros(1, 4, dtype=torch.bfloat16)
    )
    assert moved.tolist() == [[1000.0, 1000.0, 1003.0, 1003.0]]


@pytest.mark.parametrize(("batch", "count"), [(1, 1), (2, 5)])
@torch.no_grad()
def test_shapes(batch, count):
    levels = [torch.randn(batch, 8, 64 // s, 96 // s) for s in (4, 8, 16, 32)]
    boxes = torch.tensor([8.0, 8.0, 40.0, 24.0]).repeat(batch, count, 1)
    out = Stage(8, 2, 4, 16, 7, 1, 12).eval()(levels, boxes, torch.randn(batch, count, 8))
    assert out.class_logits.shape == (batch, count, 2)
    assert out.boxes.shape == (batch, count, 4)
    assert out.mask_vector.shape == (batch, count, 12)
    assert out.proposal_features.shape == (batch, count, 8)


def test_proposals_start_on_a_grid_or_as_the_whole_image():
    sizes = torch.tensor([[200.0, 100.0], [80.0, 40.0]])
    levels = [torch.zeros(2, 4, 2, 2)]  # square: the grid once
    boxes, _ = Proposals(3, 4, None)(levels, sizes)
    assert boxes[0].tolist() == [[0, 0, 200, 100]] * 3
    assert boxes[1].tolist() == [[0, 0, 80, 40]] * 3
    boxes, _ = Proposals(4, 4, (2, 2))(levels, sizes)
    assert boxes[0].tolist() == [
        [-25, -12.5, 125, 62.5],
        [75, -12.5, 225, 62.5],
        [-25, 37.5, 125, 112.5],
        [75, 37.5, 225, 112.5],
    ]
    with pytest.raises(ValueError, match="2 x 2 does not hold 5"):
        Proposals(5, 4, (2, 2))


@pytest.mark.parametrize(
    ("shape", "times"),
    [
        ((2, 2), (1, 1)),
        ((12, 13), (1, 1)),
        ((6, 8), (2, 1)),
        ((18, 32), (3, 1)),
        ((32, 18), (1, 3)),
        ((1, 40), (4, 1)),
    ],
)
def test_a_grid_is_laid_side_by_side_over_a_long_image(shape, times):
    columns, rows = times
    levels, sizes = [torch.ones(1, 4, *shape)], torch.tensor([[240.0, 120.0]])
    proposals = Proposals(4, 4, (2, 2))
    boxes, features = proposals(levels, sizes)
    assert boxes.shape == (1, 4 * columns * rows, 4)
    width, height = 240 / columns, 120 / rows  # of a part
    for k in range(columns * rows):
        x, y = k % columns * width, k // columns * height
        first = boxes[0, 4 * k].tolist()  # centred on a quarter of its part, three quarters of it wide
        expected = [x - width / 8, y - height / 8, x + width * 5 / 8, y + height * 5 / 8]
        assert first == pytest.approx(expected, abs=1e-3)
        torch.testing.assert_close(features[0, 4 * k : 4 * k + 4], proposals.features + 1)
    assert Proposals(4, 4, None)(levels, sizes)[0].shape == (
        1,
        4,
        4,
    )  # the published ones: once, on any image


def test_the_image_is_added_to_the_proposal_features():
    proposals = Proposals(3, 2, None)
    levels = [torch.full((1, 2, 4, 4), 1.0), torch.full((1, 2, 2, 2), 10.0)]
    _, features = proposals(levels, torch.tensor([[64.0, 64.0]]))
    torch.testing.assert_close(features[0], proposals.features + 11)


def test_elu_is_torchs():
    x = torch.linspace(-20, 20, 401)
    torch.testing.assert_close(elu(x), torch.nn.functional.elu(x), atol=1e-6, rtol=1e-6)
