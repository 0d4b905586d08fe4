"""RoIAlign over the feature pyramid (He et al. 2017; the level rule is that of FPN, equation 1)."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import roi_align

FINEST_STRIDE = 4
SAMPLING_RATIO = 2


def level_of(boxes: Tensor, levels: int = 4) -> Tensor:
    """(M, 4) xyxy pixels -> (M,) int64, 0 for P2: floor(4 + log2(sqrt(area) / 224)), clamped to P2..P5."""
    size = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).clamp(min=0).sqrt()
    level = torch.floor(4 + torch.log2(size / 224 + 1e-8))
    return (level - 2).clamp(0, levels - 1).long()


def pyramid_roi_align(levels: list[Tensor], boxes: Tensor, image_index: Tensor, size: tuple[int, int]) -> Tensor:
    """What each box sees, on the level that fits its size.

    `levels`: P2..P5, (B, C, H/stride, W/stride); `boxes`: (M, 4) xyxy, pixels of the resized image; `image_index`:
    (M,). Returns (M, C, *size), float32 (torchvision has no bfloat16 kernel on the CPU).
    """
    rois = torch.cat([image_index[:, None].to(boxes), boxes], 1).float()
    chosen = level_of(boxes, len(levels))
    out = rois.new_zeros(len(boxes), levels[0].shape[1], *size)
    for i, level in enumerate(levels):
        mine = torch.nonzero(chosen == i).squeeze(1)
        if len(mine):
            scale = 1 / (FINEST_STRIDE * 2**i)
            picked = roi_align(level.float(), rois[mine], size, scale, SAMPLING_RATIO, aligned=True)
            out = out.index_copy(0, mine, picked)
    return out
