"""One refinement stage."""

import math

import pytest
import torch

from spotter.model.stage import MAX_LOG_SCALE, PredictionHead, Stage, apply_deltas


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


@pytest.mark.parametrize("delta", [MAX_LOG_SCALE, 50.0, 1e4])
def test_scale_is_clamped(delta):
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


@torch.no_grad()
def test_prediction_heads_return_float32_under_autocast():
    head, x = PredictionHead(8, 4).eval(), torch.randn(3, 8)
    with torch.autocast("cpu", torch.bfloat16):
        out = head(x)
    assert out.dtype == torch.float32
    assert out.shape == (3, 4)
    torch.testing.assert_close(out, head(x), atol=0.05, rtol=0.05)
