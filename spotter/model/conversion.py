"""Recognition Conversion: the proposal feature of a region gates the features the reader gets.

Paper, section 3.3. The recognition loss reaches the proposal features through the gates M1..M3.
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
    """(length, channels) float32, sines and cosines (Vaswani et al. 2017, section 3.5)."""
    position = torch.arange(length)[:, None]
    frequency = torch.exp(torch.arange(0, channels, 2) * (-math.log(10_000.0) / channels))
    return torch.stack([torch.sin(position * frequency), torch.cos(position * frequency)], 2).flatten(1)


class UpBlock(nn.Module):
    """E_u of the paper: nearest up-sampling, convolution block; in the detection path a last convolution."""

    def __init__(self, channels: int, last_conv: bool) -> None:
        super().__init__()
        self.block = conv_block(channels)
        self.last = nn.Conv2d(channels, channels, 3, padding=1) if last_conv else nn.Identity()

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """(R, C, h, w) -> (R, C, *size)."""
        return self.last(self.block(F.interpolate(x, size, mode="nearest")))


class Gate(nn.Module):
    """M_i of the paper: a sigmoid that multiplies features. Hooks on `sigmoid` can replace the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.sigmoid = nn.Sigmoid()

    def forward(self, features: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Both (R, C, h, w) -> gated features and gate (0..1), same shape."""
        gate = self.sigmoid(logits)
        return features * gate, gate


class MaskGate(nn.Module):
    """Multiplies features (R, C, H, W) by maskK (R, H, W), 0..1."""

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        return features * mask[:, None].to(features)


class RecognitionConversion(nn.Module):
    """The detection path d1..d3 gates the recognition path r1..r3 (paper, section 3.3)."""

    position_code: Tensor  # (H * W / 16, C)

    def __init__(
        self,
        channels: int,
        attention_heads: int,
        dynamic_dim: int,
        feedforward: int,
        encoder_layers: int,
        encoder_heads: int,
        roi: tuple[int, int],
    ) -> None:
        """`roi`: (height, width) of the RoI features, multiples of 4."""
        super().__init__()
        self.attention = SelfAttention(channels, attention_heads)
        self.norm1 = nn.LayerNorm(channels)
        self.stem = nn.Sequential(conv_block(channels), conv_block(channels))
        self.down1 = conv_block(channels, stride=2)
        self.down2 = conv_block(channels, stride=2)
        self.dynamic_conv = DynamicConv(channels, dynamic_dim)
        self.norm2 = nn.LayerNorm(channels)
        self.linear1 = nn.Linear(channels, feedforward)
        self.linear2 = nn.Linear(feedforward, channels)
        self.norm3 = nn.LayerNorm(channels)
        code = position_code(roi[0] * roi[1] // 16, channels)
        self.register_buffer("position_code", code, persistent=False)
        self.encoder = nn.ModuleList(
            EncoderLayer(channels, encoder_heads, feedforward) for _ in range(encoder_layers)
        )
        self.up_detection1, self.up_detection2 = UpBlock(channels, True), UpBlock(channels, True)
        self.up_recognition1, self.up_recognition2 = UpBlock(channels, False), UpBlock(channels, False)
        self.output_block = UpBlock(channels, False)
        self.gate1, self.gate2, self.gate3 = Gate(), Gate(), Gate()

    def attend(self, proposal_features: Tensor) -> Tensor:
        """Self-attention among the top K proposals of each image, (B, K, C) -> (B, K, C).

        Not part of `forward`, since proposals below the score threshold take part too.
        """
        return self.norm1(proposal_features + self.attention(proposal_features))

    def detection_features(self, a3: Tensor, attended_features: Tensor) -> Tensor:
        """d1 of the paper, from a3 (R, C, h, w) and proposal features (R, C) -> (R, C, h, w)."""
        cells = a3.flatten(2).mT  # (R, h*w, C)
        x = self.norm2(cells + self.dynamic_conv(attended_features, cells))
        x = self.norm3(x + self.linear2(elu(self.linear1(x))))
        x = x + self.position_code
        for layer in self.encoder:
            x = layer(x)
        return x.mT.unflatten(2, a3.shape[2:])

    def forward(self, roi_features: Tensor, attended_features: Tensor) -> Conversion:
        """RoI features (R, C, H, W) and proposal features from `attend` (R, C) -> gates and features."""
        a1 = self.stem(roi_features)
        a2 = self.down1(a1)
        a3 = self.down2(a2)
        d1 = self.detection_features(a3, attended_features)
        r1, m1 = self.gate1(a3, d1)
        d2 = self.up_detection1(d1, a2.shape[2:]) + a2
        r2, m2 = self.gate2(self.up_recognition1(r1, a2.shape[2:]) + a2, d2)
        d3 = self.up_detection2(d2, a1.shape[2:]) + a1
        r3, m3 = self.gate3(self.up_recognition2(r2, a1.shape[2:]) + a1, d3)
        return Conversion(m1=m1, m2=m2, m3=m3, features=self.output_block(r3, a1.shape[2:]))


class PlainFeatures(nn.Module):
    """Replaces Recognition Conversion in the paper's baseline: nothing from the detector, all gates open."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_block(channels), conv_block(channels))

    def attend(self, proposal_features: Tensor) -> Tensor:
        """Returns the proposal features unchanged."""
        return proposal_features

    def forward(self, roi_features: Tensor, attended_features: Tensor) -> Conversion:
        """RoI features (R, C, H, W) -> open gates and features; `attended_features` is not used."""
        features = self.stem(roi_features)
        count, channels, height, width = features.shape
        m1, m2, m3 = (features.new_ones(count, channels, height // k, width // k) for k in (4, 2, 1))
        return Conversion(m1=m1, m2=m2, m3=m3, features=features)
