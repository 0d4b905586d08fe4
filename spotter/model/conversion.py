"""Recognition Conversion: the detector's knowledge of a region becomes masks on what the reader sees.

Paper, section 3.3. The recognition loss flows through M1..M3 into the proposal features: reading teaches
detecting.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.model.attention import EncoderLayer, SelfAttention
from spotter.model.dynamic_conv import DynamicConv
from spotter.model.elu import elu
from spotter.types import Conversion


def conv_block(channels: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, BatchNorm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, stride=stride, padding=1), nn.BatchNorm2d(channels), nn.ReLU()
    )


def position_code(length: int, channels: int) -> Tensor:
    """(length, channels) sines and cosines (Vaswani et al. 2017, section 3.5)."""
    position = torch.arange(length)[:, None]
    frequency = torch.exp(torch.arange(0, channels, 2) * (-math.log(10_000.0) / channels))
    return torch.stack([torch.sin(position * frequency), torch.cos(position * frequency)], 2).flatten(1)


class UpBlock(nn.Module):
    """E_u of the paper: nearest up-sampling to a size, convolution block; the detection path adds a last
    convolution.
    """

    def __init__(self, channels: int, last_conv: bool) -> None:
        super().__init__()
        self.block = conv_block(channels)
        self.last = nn.Conv2d(channels, channels, 3, padding=1) if last_conv else nn.Identity()

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """(R, C, h, w) -> (R, C, *size)."""
        return self.last(self.block(F.interpolate(x, size, mode="nearest")))


class RecognitionConversion(nn.Module):
    def __init__(
        self,
        channels: int,
        relation_heads: int,
        dynamic_dim: int,
        feedforward: int,
        layers: int,
        heads: int,
        roi: tuple[int, int],
    ) -> None:
        """`roi`: (height, width) of a1, multiples of 4."""
        super().__init__()
        self.attention = SelfAttention(channels, relation_heads)
        self.norm1 = nn.LayerNorm(channels)
        self.enter = nn.Sequential(conv_block(channels), conv_block(channels))
        self.down1 = conv_block(channels, stride=2)
        self.down2 = conv_block(channels, stride=2)
        self.dynamic_conv = DynamicConv(channels, dynamic_dim)
        self.norm2 = nn.LayerNorm(channels)
        self.linear1 = nn.Linear(channels, feedforward)
        self.linear2 = nn.Linear(feedforward, channels)
        self.norm3 = nn.LayerNorm(channels)
        code = position_code(roi[0] * roi[1] // 16, channels)
        self.register_buffer("position_code", code, persistent=False)
        self.encoder = nn.ModuleList(EncoderLayer(channels, heads, feedforward) for _ in range(layers))
        self.up_detection1, self.up_detection2 = UpBlock(channels, True), UpBlock(channels, True)
        self.up_recognition1, self.up_recognition2 = UpBlock(channels, False), UpBlock(channels, False)
        self.leave = UpBlock(channels, False)

    def relate(self, proposal_features: Tensor) -> Tensor:
        """Self-attention among the kept proposals of each image, (B, K, C) -> (B, K, C).

        Apart from `forward`, so that regions below the threshold take part in it without being read.
        """
        return self.norm1(proposal_features + self.attention(proposal_features))

    def detection_feature(self, a3: Tensor, related: Tensor) -> Tensor:
        """d1 of the paper: a3 (R, C, h, w) looked at with the proposal feature (R, C) -> (R, C, h, w)."""
        cells = a3.flatten(2).mT  # (R, h*w, C)
        x = self.norm2(cells + self.dynamic_conv(related, cells))
        x = self.norm3(x + self.linear2(elu(self.linear1(x))))
        x = x + self.position_code
        for layer in self.encoder:
            x = layer(x)
        return x.mT.unflatten(2, a3.shape[2:])

    def forward(self, roi_features: Tensor, related: Tensor) -> Conversion:
        """RoI features (R, C, H, W) and related proposal features (R, C) -> gates and recognition
        features.
        """
        a1 = self.enter(roi_features)
        a2 = self.down1(a1)
        a3 = self.down2(a2)
        d1 = self.detection_feature(a3, related)
        m1 = d1.sigmoid()
        r1 = a3 * m1
        d2 = self.up_detection1(d1, a2.shape[2:]) + a2
        m2 = d2.sigmoid()
        r2 = (self.up_recognition1(r1, a2.shape[2:]) + a2) * m2
        d3 = self.up_detection2(d2, a1.shape[2:]) + a1
        m3 = d3.sigmoid()
        r3 = (self.up_recognition2(r2, a1.shape[2:]) + a1) * m3
        return Conversion(m1=m1, m2=m2, m3=m3, features=self.leave(r3, a1.shape[2:]))


class PlainFeatures(nn.Module):
    """In place of Recognition Conversion in the paper's baseline: the detector's knowledge does not reach
    the features; all gates are open.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(conv_block(channels), conv_block(channels))

    def relate(self, proposal_features: Tensor) -> Tensor:
        """The proposal features as they are."""
        return proposal_features

    def forward(self, roi_features: Tensor, related: Tensor) -> Conversion:
        """RoI features (R, C, H, W) -> open gates and recognition features; `related` is not used."""
        features = self.enter(roi_features)
        count, channels, height, width = features.shape
        gates = [features.new_ones(count, channels, height // k, width // k) for k in (4, 2, 1)]
        return Conversion(*gates, features=features)
