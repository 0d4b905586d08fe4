"""Auxiliary heads and losses that serve training only; they are not part of exported weights.

They give the pyramid, the reader's feature map and the decoder's attention a direct training signal at the
characters' centres, which are known for rendered words.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.data.targets import IGNORE
from spotter.ops.roi_align import flatten_pyramid

ATTENTION_SPREAD = 0.8  # cells; standard deviation of the target of guided attention


class TextMapHead(nn.Sequential):
    """Predicts for every cell of P2 whether it shows text."""

    def __init__(self, channels: int) -> None:
        super().__init__(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, 1, 1))

    def loss(self, p2: Tensor, text_maps: Tensor) -> Tensor:
        """Binary cross entropy and dice loss. p2: (B, C, H, W); text_maps: (B, h, w), see `Batch`."""
        text_maps = text_maps.to(p2.device)
        logits = self(p2).float().squeeze(1)[:, : text_maps.shape[1], : text_maps.shape[2]]
        care = (text_maps != IGNORE).float()
        truth = (text_maps == 1).float()
        entropy = F.binary_cross_entropy_with_logits(logits, truth, care, reduction="sum")
        entropy = entropy / care.sum().clamp(min=1)
        probabilities = logits.sigmoid() * care
        dice = 1 - (2 * (probabilities * truth).sum() + 1) / (probabilities.sum() + truth.sum() + 1)
        return entropy + dice


class CharacterHead(nn.Linear):
    """Classifies characters from the features (K, C) at their centres."""

    def loss(self, features: Tensor, ids: Tensor) -> Tensor:
        """Sum of the cross entropies of K characters."""
        return F.cross_entropy(self(features).float(), ids, reduction="sum")


def guided_attention_loss(attention: Tensor, centres: Tensor, size: tuple[int, int]) -> Tensor:
    """Mean cross entropy of attention (K, h * w) with a Gaussian around each character's centre (K, 2) x, y,
    in cells of the map; size: its height and width.
    """
    if not len(centres):
        return attention.sum() * 0.0
    height, width = size
    x = torch.arange(width, device=centres.device) + 0.5
    y = torch.arange(height, device=centres.device) + 0.5
    to_x, to_y = x - centres[:, 0, None], y - centres[:, 1, None]  # (K, w), (K, h)
    distance = to_x[:, None] ** 2 + to_y[:, :, None] ** 2
    target = torch.softmax(-distance.flatten(1) / (2 * ATTENTION_SPREAD**2), 1)
    return -(target * attention.clamp(min=1e-8).log()).sum(1).mean()


def sample_level(level: Tensor, image: Tensor, points: Tensor) -> Tensor:
    """Bilinear samples (K, C) of a level (B, C, h, w) at points (K, 2) x, y in cells (0.5 is the first cell's
    centre) of images (K,).
    """
    b, c, h, w = level.shape
    x = (points[:, 0] - 0.5).clamp(0, w - 1.001)
    y = (points[:, 1] - 0.5).clamp(0, h - 1.001)
    x0, y0 = x.floor().long(), y.floor().long()
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    table = level.permute(0, 2, 3, 1).reshape(b * h * w, c)
    at = (image * h + y0) * w + x0
    upper = table[at] * (1 - fx) + table[at + 1] * fx
    lower = table[at + w] * (1 - fx) + table[at + w + 1] * fx
    return upper * (1 - fy) + lower * fy


def sample_pyramid(levels: list[Tensor], level: Tensor, image: Tensor, points: Tensor) -> Tensor:
    """`sample_level` on a level (K,) of its own for each point (K, 2), in cells of that level -> (K, C), with
    few kernels and one gradient for all levels.
    """
    table, sizes, first = flatten_pyramid(levels)
    height, width = sizes[level].unbind(1)
    x = torch.minimum((points[:, 0] - 0.5).clamp(min=0), width - 1.001)
    y = torch.minimum((points[:, 1] - 0.5).clamp(min=0), height - 1.001)
    left, top = x.long(), y.long()
    x, y = x - left, y - top
    upper = first[level] + (image * height + top) * width + left
    index = torch.stack([upper, upper + 1, upper + width, upper + width + 1], 1)
    weight = torch.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], 1)
    return F.embedding_bag(index, table, per_sample_weights=weight.to(table.dtype), mode="sum")
