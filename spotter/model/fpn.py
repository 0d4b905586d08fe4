"""Feature pyramid P2..P5, and dilated blocks for a larger receptive field (paper, section 3.1)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class FPN(nn.Module):
    """Feature Pyramid Network (Lin et al. 2017), without the unused P6."""

    def __init__(self, in_channels: list[int], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, channels, 1) for c in in_channels)
        self.output = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in in_channels)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Four maps, fine to coarse -> P2..P5, (B, C, H/4, W/4) .. (B, C, H/32, W/32)."""
        sums = [lateral(x) for lateral, x in zip(self.lateral, maps, strict=True)]
        for i in range(len(sums) - 2, -1, -1):
            sums[i] = sums[i] + F.interpolate(sums[i + 1], scale_factor=2.0, mode="nearest")
        return [output(x) for output, x in zip(self.output, sums, strict=True)]


class DilatedBlock(nn.Module):
    """3x3 convolutions; with dilations 2, 4 and 1 they span 15 cells of the level instead of 7."""

    def __init__(self, channels: int, inner: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        widths = [channels, *[inner] * (len(dilations) - 1), channels]
        self.layers = nn.Sequential()
        for before, after, dilation in zip(widths[:-1], widths[1:], dilations, strict=True):
            self.layers.extend(
                [
                    nn.Conv2d(before, after, 3, padding=dilation, dilation=dilation),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                ]
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w), to be added to the level."""
        return self.layers(x)
