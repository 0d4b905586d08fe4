"""Dynamic convolution: filters made from a proposal feature, applied to its RoI (Sparse R-CNN)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotter.model.elu import elu


class DynamicConv(nn.Module):
    """Two 1x1 convolutions, channels -> dynamic_dim -> channels, with weights from the proposal feature."""

    def __init__(self, channels: int, dynamic_dim: int) -> None:
        super().__init__()
        self.channels, self.dynamic_dim = channels, dynamic_dim
        self.filters = nn.Linear(channels, 2 * channels * dynamic_dim)
        self.norm1 = nn.LayerNorm(dynamic_dim)
        self.norm2 = nn.LayerNorm(channels)

    def forward(self, proposal_features: Tensor, cells: Tensor) -> Tensor:
        """Proposal features (M, C) and RoI features (M, cells, C) -> (M, cells, C)."""
        first, second = self.filters(proposal_features).chunk(2, dim=1)
        x = torch.bmm(cells.to(first.dtype), first.view(-1, self.channels, self.dynamic_dim))
        x = elu(self.norm1(x))
        x = torch.bmm(x.to(second.dtype), second.view(-1, self.dynamic_dim, self.channels))
        return elu(self.norm2(x))


class InstanceInteraction(nn.Module):
    """Dynamic convolution, then a projection of all cells to one object feature."""

    def __init__(self, channels: int, dynamic_dim: int, cells: int) -> None:
        super().__init__()
        self.dynamic_conv = DynamicConv(channels, dynamic_dim)
        self.project = nn.Linear(cells * channels, channels)
        self.norm = nn.LayerNorm(channels)

    def forward(self, proposal_features: Tensor, cells: Tensor) -> Tensor:
        """Proposal features (M, C) and RoI features (M, cells, C) -> (M, C)."""
        return elu(self.norm(self.project(self.dynamic_conv(proposal_features, cells).flatten(1))))
