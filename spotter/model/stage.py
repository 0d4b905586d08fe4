"""One refinement stage of the query detector (Sparse R-CNN, ISTR; paper, section 3.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from spotter.model.attention import SelfAttention
from spotter.model.dynamic_conv import InstanceInteraction
from spotter.model.elu import ELU, elu
from spotter.ops.device import constant
from spotter.ops.roi_align import pyramid_roi_align
from spotter.types import StageOutput

DELTA_WEIGHTS = (2.0, 2.0, 1.0, 1.0)  # of dx, dy, dw, dh, as published
MAX_LOG_SCALE = math.log(100_000 / 16)  # keeps exp finite; detectron2's `scale_clamp`


def apply_deltas(boxes: Tensor, deltas: Tensor) -> Tensor:
    """Boxes (M, 4) xyxy, moved and scaled by deltas (M, 4) dx, dy, dw, dh relative to their size; float32."""
    boxes, deltas = boxes.float(), deltas.float() / constant(DELTA_WEIGHTS, deltas.device)
    size = boxes[:, 2:] - boxes[:, :2]
    centre = boxes[:, :2] + size / 2 + deltas[:, :2] * size
    size = size * deltas[:, 2:].clamp(max=MAX_LOG_SCALE).exp()
    return torch.cat([centre - size / 2, centre + size / 2], 1)


class PredictionHead(nn.Sequential):
    """`depth` times Linear without bias, LayerNorm, ELU; then a Linear to the output."""

    def __init__(self, channels: int, out: int, depth: int = 3) -> None:
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(channels, channels, bias=False), nn.LayerNorm(channels), ELU()]
        super().__init__(*layers, nn.Linear(channels, out))

    def forward(self, x: Tensor) -> Tensor:
        """(M, C) -> (M, out), float32 even under autocast: a bfloat16 delta would be pixels off."""
        *hidden, last = self
        for layer in hidden:
            x = layer(x)
        with torch.autocast(x.device.type, enabled=False):
            return last(x.float())


class Stage(nn.Module):
    """Self-attention among proposals, dynamic convolution over each one's RoI features, three heads."""

    def __init__(
        self,
        channels: int,
        heads: int,
        dynamic_dim: int,
        feedforward: int,
        roi_size: int,
        roi_samples: int,
        mask_coefficients: int,
    ) -> None:
        super().__init__()
        self.roi_size, self.roi_samples = (roi_size, roi_size), roi_samples
        self.attention = SelfAttention(channels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.interaction = InstanceInteraction(channels, dynamic_dim, roi_size**2)
        self.norm2 = nn.LayerNorm(channels)
        self.linear1 = nn.Linear(channels, feedforward)
        self.linear2 = nn.Linear(feedforward, channels)
        self.norm3 = nn.LayerNorm(channels)
        self.classify = PredictionHead(channels, 2)
        self.regress = PredictionHead(channels, 4)
        self.encode_mask = PredictionHead(channels, mask_coefficients)

    def forward(self, levels: list[Tensor], boxes: Tensor, features: Tensor) -> StageOutput:
        """Levels P2..P5, boxes (B, N, 4) xyxy in pixels of the resized image, proposal features (B, N, C)."""
        b, n, c = features.shape
        image_index = torch.arange(b, device=boxes.device)[:, None].expand(b, n).flatten()
        cells = pyramid_roi_align(levels, boxes.flatten(0, 1), image_index, self.roi_size, self.roi_samples)
        cells = cells.flatten(2).mT  # (B*N, roi_size^2, C)
        x = self.norm1(features + self.attention(features)).view(b * n, c)
        x = self.norm2(x + self.interaction(x, cells))
        x = self.norm3(x + self.linear2(elu(self.linear1(x))))
        moved = apply_deltas(boxes.flatten(0, 1), self.regress(x))
        return StageOutput(
            class_logits=self.classify(x).view(b, n, -1),
            boxes=moved.view(b, n, 4),
            mask_vector=self.encode_mask(x).view(b, n, -1),
            proposal_features=x.view(b, n, c),
        )
