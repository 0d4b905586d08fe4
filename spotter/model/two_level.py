"""Two-level self-attention before the decoder (focal attention, Yang et al. 2021; paper, section 3.4)."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from timm.layers import Mlp
from torch import Tensor, nn

from spotter.ops.device import prefers_large_kernels

NEIGHBOURS = 3  # a window attends to the 3 x 3 pooled windows around it
CHUNK = 16  # regions at a time, so that activations fit the CPU's cache; measured with nano
GPU_CHUNK = 2048  # regions at a time; about 6 MB each for nano in training
MASKED = -100.0  # added to the energy of keys outside the grid, as in Swin


def relative_position(query: int, key: int) -> Tensor:
    """(query^2, key^2) int64: index of each pair's offset among (query + key - 1)^2 offsets.

    query, key: side lengths of the square windows that queries and keys come from.
    """
    offset = torch.arange(query)[:, None] - torch.arange(key)[None] + key - 1  # (query, key) along one axis
    both = offset[:, None, :, None] * (query + key - 1) + offset[None, :, None, :]  # (qy, qx, ky, kx)
    return both.reshape(query**2, key**2)


@lru_cache(maxsize=64)
def outside_mask(height: int, width: int, cells: int, device: torch.device) -> Tensor:
    """(height * width, cells + 9) float32: `MASKED` for pooled windows outside the grid of windows (height,
    width), 0 for those inside and for a window's own cells.
    """
    with torch.inference_mode(False):  # cached, so training may use it too
        grid = torch.ones(1, 1, height, width, device=device)
        inside = F.unfold(grid, NEIGHBOURS, padding=1)[0].T  # (height * width, 9)
        return F.pad((inside == 0) * MASKED, (cells, 0))


@lru_cache(maxsize=64)
def neighbour_index(height: int, width: int, device: torch.device) -> Tensor:
    """(height * width * 9,) int64: for each window of a grid, its 3 x 3 neighbours in the flattened grid that
    is padded by one window on each side.
    """
    with torch.inference_mode(False):  # cached, so training may use it too
        padded = torch.arange((height + 2) * (width + 2), device=device).view(height + 2, width + 2)
        return padded.unfold(0, NEIGHBOURS, 1).unfold(1, NEIGHBOURS, 1).flatten()


class TwoLevelAttention(nn.Module):
    """Queries of a window attend to its own cells (fine) and to the pooled windows around it (coarse)."""

    fine_index: Tensor  # (window^2, window^2) int64, into `fine_bias`
    coarse_index: Tensor  # (window^2, 9) int64, into `coarse_bias`

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
        """(R, gh, gw, C) -> (R * gh * gw, heads, 9, C/heads): each window's neighbours, zeros outside."""
        r, gh, gw, c = pooled.shape
        padded = F.pad(pooled, (0, 0, 1, 1, 1, 1)).flatten(1, 2)
        # Not F.unfold, which launches a kernel per region on a GPU and is slower on a CPU.
        x = padded.index_select(1, neighbour_index(gh, gw, pooled.device))  # (R, gh * gw * 9, C)
        return x.view(r * gh * gw, 9, self.heads, c // self.heads).transpose(1, 2)

    def forward(self, windows: Tensor, pooled: Tensor) -> Tensor:
        """Windows (R * gh * gw, window^2, C) and pooled windows (R, gh, gw, C) -> as the windows."""
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
        """(R, H, W, C) -> (R, H, W, C); H and W are multiples of the window."""
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
    """Consecutive blocks, run on chunks of regions: regions are independent, and many at once would not fit
    a CPU's cache.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(R, H, W, C) -> (R, H, W, C)."""
        count = GPU_CHUNK if prefers_large_kernels(x.device) else CHUNK
        chunks = [super(TwoLevelBlocks, self).forward(chunk) for chunk in x.split(count)]
        return chunks[0] if len(chunks) == 1 else torch.cat(chunks)
