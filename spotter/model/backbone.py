"""Swin Transformer backbone: four maps of strides 4, 8, 16 and 32 (Liu et al. 2021; paper, section 3.1)."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from timm.layers import PatchEmbed
from timm.models.swin_transformer import (
    PatchMerging,
    SwinTransformerBlock,
    WindowAttention,
    window_partition,
    window_reverse,
)
from torch import Tensor, nn

from spotter.ops.device import prefers_large_kernels

MASKED = -100.0  # added to the energy of pairs that must not attend to each other, as in Swin


def shifted_window_mask(height: int, width: int, window: int, shift: int) -> Tensor:
    """(windows, window^2, window^2) float32: MASKED where two tokens of a rolled window are not neighbours,
    else 0.

    `height` and `width` in tokens, multiples of `window`.
    """
    region = torch.zeros(height, width)
    bands = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
    for i, rows in enumerate(bands):
        for j, columns in enumerate(bands):
            region[rows, columns] = 3 * i + j
    windows = window_partition(region[None, :, :, None], (window, window)).flatten(1)
    return torch.where(windows[:, None] != windows[:, :, None], MASKED, 0.0)


@lru_cache(maxsize=64)
def masked_windows(
    height: int, width: int, window: int, shift: int, device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor]:
    """Of `shifted_window_mask`, what is not 0: the indices (K,) of the windows at the right and lower edge,
    and their masks (K, window^2, window^2).
    """
    mask = shifted_window_mask(height, width, window, shift)
    index = mask.any(2).any(1).nonzero().squeeze(1)
    return index.to(device), mask[index].to(device)


class BiasedWindowAttention(WindowAttention):
    """timm's, with bias and mask in the type of the energy and added in place, the mask to the few windows
    that it changes. timm's float32 bias makes the largest tensors of the backbone float32 even under
    autocast.
    """

    def forward(  # type: ignore[override]  # SwinBlock calls it
        self, x: Tensor, batch: int, masked: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """Windows (batch * M, N, C) -> (batch * M, N, C); `masked` as from `masked_windows`."""
        count, cells, c = x.shape
        q, k, v = self.qkv(x).view(count, cells, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        energy = q * self.scale @ k.mT  # (batch * M, heads, N, N)
        energy += self._get_rel_pos_bias().to(energy.dtype)
        if masked is not None:
            index, mask = masked
            added = mask[:, None].to(energy.dtype).expand(batch, -1, self.num_heads, -1, -1)
            energy.unflatten(0, (batch, -1)).index_add_(1, index, added)
        weights = self.softmax(energy)
        return self.proj((weights @ v).transpose(1, 2).reshape(count, cells, c))


class SwinBlock(SwinTransformerBlock):
    """timm's Swin block with the published order: the map is padded to a multiple of the window, then rolled.

    timm rolls and then pads, which differs if the map is not a multiple of the window.
    """

    def __init__(self, dim: int, size: tuple[int, int], heads: int, window_size: int, **options) -> None:
        """As timm's."""
        super().__init__(dim, size, heads, window_size=window_size, **options)
        self.attn = BiasedWindowAttention(dim, heads, window_size=window_size)

    def _attn(self, x: Tensor) -> Tensor:
        """(B, H, W, C) -> (B, H, W, C)."""
        batch, height, width, _ = x.shape
        (window, _), (shift, _) = self.window_size, self.shift_size
        x = F.pad(x, (0, 0, 0, -width % window, 0, -height % window))
        _, padded_height, padded_width, _ = x.shape
        masked = None
        if shift:
            x = torch.roll(x, (-shift, -shift), (1, 2))
            masked = masked_windows(padded_height, padded_width, window, shift, x.device)
        windows = window_partition(x, self.window_size).flatten(1, 2)
        windows = self.attn(windows, batch, masked).unflatten(1, self.window_size)
        x = window_reverse(windows, self.window_size, padded_height, padded_width)
        if shift:
            x = torch.roll(x, (shift, shift), (1, 2))
        return x[:, :height, :width].contiguous()


class ConvStem(nn.Module):
    """Two 3x3 convolutions of stride 2 instead of 4x4 patches: learns much faster from little data."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels // 2)
        self.conv2 = nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, H/4, W/4, C)."""
        if prefers_large_kernels(images.device):  # batch norm's kernel is several times as fast
            images = images.contiguous(memory_format=torch.channels_last)
        x = F.relu(self.bn1(self.conv1(images)))
        return self.bn2(self.conv2(x)).permute(0, 2, 3, 1)


class Swin(nn.Module):
    """Swin Transformer with a LayerNorm after each of its four stages."""

    def __init__(
        self,
        stem: str,
        embed_dim: int,
        depths: tuple[int, ...],
        heads: tuple[int, ...],
        window: int,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.stem: nn.Module
        if stem == "patch":
            self.stem = PatchEmbed(
                None, 4, 3, embed_dim, norm_layer=nn.LayerNorm, output_fmt="NHWC", strict_img_size=False
            )
        elif stem == "conv":
            self.stem = ConvStem(embed_dim)
        else:
            raise ValueError(f"stem must be 'patch' or 'conv', not {stem!r}")
        rates = iter(torch.linspace(0, drop_path, sum(depths)).tolist())
        self.channels = [embed_dim * 2**i for i in range(len(depths))]
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(
                    SwinBlock(
                        dim,
                        (window, window),
                        heads[i],
                        window_size=window,
                        shift_size=window // 2 if block % 2 else 0,
                        always_partition=True,
                        dynamic_mask=True,
                        drop_path=next(rates),
                    )
                    for block in range(depths[i])
                )
            )
            for i, dim in enumerate(self.channels)
        )
        self.merges = nn.ModuleList(PatchMerging(dim) for dim in self.channels[:-1])
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for dim in self.channels)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Normalised images (B, 3, H, W), H and W multiples of 32 -> four maps, of strides 4 to 32,
        (B, C * 2^i, H / 2^(i+2), W / 2^(i+2)).
        """
        x = self.stem(images)
        maps = []
        for i, (stage, norm) in enumerate(zip(self.stages, self.norms, strict=True)):
            x = stage(self.merges[i - 1](x) if i else x)
            maps.append(norm(x).permute(0, 3, 1, 2))
        return maps
