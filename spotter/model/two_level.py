"""Two-level self-attention of the reader (focal attention, Yang et al. 2021; paper, section 3.4)."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from timm.layers import Mlp
from torch import Tensor, nn

from spotter.ops.device import prefers_large_kernels

NEIGHBOURS = 3  # a window sees the 3 x 3 pooled windows around it
REGIONS_AT_ONCE = 16  # what they need together fits a processor's cache: 16 for nano, measured
REGIONS_AT_ONCE_ON_GPU = 2048  # about 6 MB each for nano in training, calculated


def relative_position(query: int, key: int) -> Tensor:
    """(query^2, key^2) int64: index of each pair's offset among (query + key - 1)^2 offsets."""
    offset = torch.arange(query)[:, None] - torch.arange(key)[None] + key - 1  # (query, key) along one axis
    both = offset[:, None, :, None] * (query + key - 1) + offset[None, :, None, :]  # (qy, qx, ky, kx)
    return both.reshape(query**2, key**2)


@lru_cache(maxsize=64)
def outside_mask(height: int, width: int, cells: int, device: torch.device) -> Tensor:
    """(height * width, cells + 9) float32: -100 for the pooled windows that lie outside of a grid of windows,
    0 for those inside and for a window's own cells.
    """
    with torch.inference_mode(False):  # it may serve training later
        grid = torch.ones(1, 1, height, width, device=device)
        inside = F.unfold(grid, NEIGHBOURS, padding=1)[0].T  # (height * width, 9)
        return F.pad((inside == 0) * -100.0, (cells, 0))


class TwoLevelAttention(nn.Module):
    """Each window's queries attend to its own fine keys and to the pooled windows around it."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.scale = (channels // heads) ** -0.5
        self.qkv = nn.Linear(channels, 3 * channels)
        self.fine_bias = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.coarse_bias = nn.Parameter(torch.zeros(heads, (window + NEIGHBOURS - 1) ** 2))
        self.register_buffer("fine_index", relative_position(window, window), persistent=False)
        self.register_buffer("coarse_index", relative_position(window, NEIGHBOURS), persistent=False)
        self.softmax = nn.Softmax(dim=-1)
        self.out = nn.Linear(channels, channels)

    def neighbours(self, pooled: Tensor) -> Tensor:
        """(R, gh, gw, C) -> (R * gh * gw, heads, 9, C/heads): what surrounds each window, zeros outside."""
        r, gh, gw, c = pooled.shape
        x = F.unfold(pooled.permute(0, 3, 1, 2), NEIGHBOURS, padding=1)  # (R, C*9, gh*gw)
        return x.view(r, self.heads, c // self.heads, 9, gh * gw).permute(0, 4, 1, 3, 2).flatten(0, 1)

    def forward(self, windows: Tensor, pooled: Tensor) -> Tensor:
        """Windows (R * gh * gw, window^2, C) and pooled windows (R, gh, gw, C) -> (R * gh * gw, window^2,
        C).
        """
        n, cells, c = windows.shape
        r, gh, gw, _ = pooled.shape
        q, k, v = self.qkv(windows).view(n, cells, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        _, coarse_k, coarse_v = self.qkv(pooled).chunk(3, dim=-1)
        k = torch.cat([k, self.neighbours(coarse_k)], 2)  # (n, heads, window^2 + 9, C/heads)
        v = torch.cat([v, self.neighbours(coarse_v)], 2)
        fine = self.fine_bias[self.fine_index].permute(2, 0, 1)  # (heads, window^2, window^2)
        bias = torch.cat([fine, self.coarse_bias[:, self.coarse_index]], 2)
        outside = outside_mask(gh, gw, cells, pooled.device)  # (gh*gw, window^2 + 9)
        energy = (q * self.scale @ k.mT).float().unflatten(0, (r, gh * gw)) + (bias + outside[:, None, None])
        weights = self.softmax(energy.flatten(0, 1)).to(v.dtype)
        return self.out((weights @ v).transpose(1, 2).reshape(n, cells, c))


class TwoLevelBlock(nn.Module):
    """Pre-norm block: two-level attention, then an MLP."""

    def __init__(self, channels: int, heads: int, window: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(channels)
        self.pool = nn.Linear(window**2, 1)
        self.attention = TwoLevelAttention(channels, heads, window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, channels * mlp_ratio)

    def forward(self, x: Tensor) -> Tensor:
        """(R, H, W, C), H and W multiples of the window -> (R, H, W, C)."""
        r, height, width, c = x.shape
        gh, gw = height // self.window, width // self.window
        tiles = (
            self.norm1(x).view(r, gh, self.window, gw, self.window, c).transpose(2, 3)
        )  # (R, gh, gw, w, w, C)
        tiles = tiles.reshape(r, gh, gw, self.window**2, c)
        pooled = self.pool(tiles.mT).squeeze(-1)  # (R, gh, gw, C)
        windows = self.attention(tiles.flatten(0, 2), pooled)
        windows = windows.view(r, gh, gw, self.window, self.window, c).transpose(2, 3).reshape(x.shape)
        x = x + windows
        return x + self.mlp(self.norm2(x))


class TwoLevelBlocks(nn.Sequential):
    """Blocks one after the other, on the CPU for a few regions at a time: regions do not see each other, and
    what many need at once would not fit a processor's cache.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(R, H, W, C) -> (R, H, W, C)."""
        count = REGIONS_AT_ONCE_ON_GPU if prefers_large_kernels(x.device) else REGIONS_AT_ONCE
        parts = [super(TwoLevelBlocks, self).forward(part) for part in x.split(count)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)
