"""Multi-head self-attention whose softmax is a named submodule, so that hooks can see it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Self-attention over L tokens (Vaswani et al. 2017).

    `nn.MultiheadAttention` uses a fused kernel unless hooks are registered, so traced and untraced outputs
    would differ; here they are equal.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{channels} channels cannot be split into {heads} heads")
        self.heads = heads
        self.scale = (channels // heads) ** -0.5
        self.qkv = nn.Linear(channels, 3 * channels)
        self.softmax = nn.Softmax(dim=-1)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        b, length, c = x.shape
        q, k, v = (
            self.qkv(x).view(b, length, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        )  # (B, heads, L, C/heads)
        weights = self.softmax(q * self.scale @ k.transpose(-2, -1))
        return self.out((weights @ v).transpose(1, 2).reshape(b, length, c))


class EncoderLayer(nn.Module):
    """Transformer encoder layer, post-norm, ReLU."""

    def __init__(self, channels: int, heads: int, feedforward: int) -> None:
        super().__init__()
        self.attention = SelfAttention(channels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.linear1 = nn.Linear(channels, feedforward)
        self.linear2 = nn.Linear(feedforward, channels)
        self.norm2 = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.linear2(F.relu(self.linear1(x))))
