"""Areas and IoUs of boxes, as tensors and as arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision

from spotter.ops.boxes import box_area, box_iou, generalized_box_iou, intersection_area


def random_boxes(count: int) -> torch.Tensor:
    corner = torch.rand(count, 2) * 50
    return torch.cat([corner, corner + 1 + torch.rand(count, 2) * 50], -1)


@pytest.mark.parametrize("make", [torch.tensor, np.array], ids=["torch", "numpy"])
@pytest.mark.parametrize(
    ("box", "other", "area", "intersection", "iou"),
    [
        ([0, 0, 10, 10], [0, 0, 10, 10], 100, 100, 1),
        ([0, 0, 10, 10], [5, 0, 15, 10], 100, 50, 1 / 3),
        ([0, 0, 10, 20], [20, 20, 30, 30], 200, 0, 0),
        ([5, 5, 5, 5], [5, 5, 5, 5], 0, 0, 0),
    ],
)
def test_boxes_by_hand(make, box, other, area, intersection, iou):
    box, other = make([float(v) for v in box]), make([float(v) for v in other])
    assert float(box_area(box)) == area
    assert float(intersection_area(box, other)) == intersection
    assert float(box_iou(box, other)) == pytest.approx(iou)
    assert type(box_iou(box[None], other[None])) is type(box)


def test_box_iou_agrees_with_torchvision():
    torch.manual_seed(0)
    boxes, others = random_boxes(40), random_boxes(30)
    ours = box_iou(boxes[:, None], others[None])
    assert ours.equal(torchvision.ops.box_iou(boxes, others))
    np.testing.assert_array_equal(box_iou(boxes.numpy()[:, None], others.numpy()[None]), ours.numpy())


def test_no_boxes():
    assert box_iou(torch.zeros(0, 1, 4), torch.zeros(3, 4)).shape == (0, 3)


def test_generalized_box_iou_agrees_with_torchvision():
    torch.manual_seed(0)
    boxes, others = random_boxes(40), random_boxes(30)
    ours = generalized_box_iou(boxes[:, None], others[None])
    torch.testing.assert_close(ours, torchvision.ops.generalized_box_iou(boxes, others), rtol=1e-5, atol=1e-6)


def test_generalized_box_iou_of_empty_boxes_is_finite():
    point = torch.full((1, 4), 5.0, requires_grad=True)
    value = generalized_box_iou(point, torch.full((1, 4), 5.0))
    value.sum().backward()
    assert value.isfinite().all()
    assert point.grad.isfinite().all()
