"""Spatial-attention decoder: reads a region's masked features one character a step (Mask TextSpotter's SAM)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.types import Reading

END = 0  # starts and ends a word


class SpatialAttention(nn.Module):
    """Where to look next: energy = v . tanh(W [hidden; features]), softmax over the positions."""

    def __init__(self, hidden: int, features: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(features, hidden, bias=False)
        self.v = nn.Parameter(torch.randn(hidden) * hidden**-0.5)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, hidden: Tensor, keys: Tensor) -> Tensor:
        """Hidden (R, H) and projected keys (R, P, H) -> attention (R, P), float32."""
        energy = torch.tanh(self.query(hidden)[:, None] + keys) @ self.v.to(keys.dtype)
        return self.softmax(energy.float())


class Reader(nn.Module):
    def __init__(
        self, channels: int, size: tuple[int, int], hidden: int, embedding: int, classes: int, max_steps: int
    ) -> None:
        """`size`: (height, width) of the map the decoder attends to; `classes` with the end sign."""
        super().__init__()
        self.size, self.hidden, self.max_steps, self.classes = size, hidden, max_steps, classes
        height, width = size
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        features = channels + width + height
        self.attention = SpatialAttention(hidden, features)
        self.embedding = nn.Linear(classes, embedding)  # of the one-hot previous character
        self.gru = nn.GRUCell(embedding + features, hidden)
        self.classify = nn.Linear(hidden, classes)
        x = torch.eye(width).repeat(height, 1)
        y = torch.eye(height).repeat_interleave(width, 0)
        self.register_buffer("position", torch.cat([x, y], 1), persistent=False)  # (P, width + height) one-hot

    def encode(self, features: Tensor) -> Tensor:
        """(R, C, H, W) -> (R, P, C + width + height): twice the reader's size, convolution, max-pool, position."""
        height, width = self.size
        x = F.interpolate(features.float(), (2 * height, 2 * width), mode="bilinear", align_corners=False)
        x = F.max_pool2d(F.relu(self.conv(x)), 2).flatten(2).mT.float()
        return torch.cat([x, self.position.expand(len(x), -1, -1)], 2)

    def forward(self, features: Tensor, given: Tensor | None = None, stop_early: bool = True) -> Reading:
        """Masked features (R, C, H, W) -> Reading of S steps.

        `given`: (R, S) ids that are fed instead of those read (the truth in training, a forced character in a
        lesson; -1 counts as the end sign); the decoder then takes exactly S steps. Else it takes up to `max_steps`,
        and stops when every word has ended unless `stop_early` is False.
        """
        encoded = self.encode(features)
        count = len(encoded)
        steps = self.max_steps if given is None else given.shape[1]
        probabilities, attentions, ids = [], [], []
        if count:
            with torch.autocast(encoded.device.type, enabled=False):
                keys = self.attention.key(encoded)
                hidden = encoded.new_zeros(count, self.hidden)
                previous = torch.full((count,), END, device=encoded.device)
                ended = torch.zeros(count, dtype=torch.bool, device=encoded.device)
                for step in range(steps):
                    attention = self.attention(hidden, keys)
                    context = torch.bmm(attention[:, None], encoded).squeeze(1)
                    embedded = F.embedding(previous, self.embedding.weight.T) + self.embedding.bias
                    hidden = self.gru(torch.cat([embedded, context], 1), hidden)
                    probability = self.classify(hidden).softmax(-1)
                    best = probability.argmax(-1).masked_fill(ended, END)
                    previous = best if given is None else given[:, step].clamp(min=0)
                    ended = ended | (best == END)
                    probabilities.append(probability)
                    attentions.append(attention)
                    ids.append(best)
                    if given is None and stop_early and ended.all():
                        break
        if not probabilities:
            return Reading(
                ids=encoded.new_zeros(count, 0, dtype=torch.long),
                probabilities=encoded.new_zeros(count, 0, self.classes),
                attention=encoded.new_zeros(count, 0, encoded.shape[1]),
            )
        return Reading(torch.stack(ids, 1), torch.stack(probabilities, 1), torch.stack(attentions, 1))
