"""Boxes, pyramids and reference results for the tests of RoIAlign."""

from __future__ import annotations

import torch
from torchvision.ops import roi_align

from spotter.ops.roi_align import assign_levels

BOXES = torch.tensor(
    [
        [10.0, 20.0, 60.0, 40.0],
        [0.0, 0.0, 256.0, 192.0],
        [30.5, 7.25, 180.0, 150.0],
        [-40.0, -30.0, 50.0, 60.0],  # partly outside, left and above
        [200.0, 150.0, 330.0, 260.0],  # right and below
        [-300.0, 20.0, 600.0, 90.0],  # wider than the image
        [400.0, 400.0, 480.0, 480.0],  # wholly outside
        [-90.0, 20.0, -20.0, 90.0],
        [50.0, 50.0, 50.0, 50.0],  # no area
        [100.0, 100.0, 101.0, 180.0],
    ]
)
IMAGE = torch.arange(len(BOXES)) % 2
SIZES = [(7, 7), (4, 8)]
NAN_BOX = torch.tensor([[torch.nan, 10.0, 50.0, 60.0]])
INFINITE_BOX = torch.tensor([[-torch.inf, 0.0, torch.inf, 10.0]])
CASES = {
    "all kinds": BOXES,
    "one": BOXES[2:3],
    "none": BOXES[:0],
    "outside the image": BOXES[6:8],
    "not finite": torch.cat([BOXES[:2], NAN_BOX, INFINITE_BOX, BOXES[2:4]]),
}


def gradient_of(out: torch.Tensor, levels: list[torch.Tensor]) -> list[torch.Tensor]:
    """Gradients of a weighted sum of the output; zeros for levels that it does not depend on."""
    seed = torch.linspace(-1, 1, out.numel()).view_as(out)
    found = torch.autograd.grad(out, levels, seed, allow_unused=True)
    return [torch.zeros_like(a) if b is None else b for a, b in zip(levels, found, strict=True)]


def pyramid(height: int = 192, width: int = 256, channels: int = 3) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(2, channels, height // s, width // s, requires_grad=True) for s in (4, 8, 16, 32)]


def torchvision_features(levels: list[torch.Tensor], size: tuple[int, int], samples: int) -> torch.Tensor:
    """torchvision's features of BOXES, each from the level of its size."""
    rois = torch.cat([IMAGE[:, None].float(), BOXES], 1)
    return torch.cat(
        [
            roi_align(levels[level], roi[None], size, 1 / (4 * 2**level), samples, aligned=True)
            for roi, level in zip(rois, assign_levels(BOXES).tolist(), strict=True)
        ]
    )
