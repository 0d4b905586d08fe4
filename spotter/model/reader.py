"""Spatial-attention decoder: reads one character per step (SAM of Mask TextSpotter, Liao et al.)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.ops.device import prefers_large_kernels
from spotter.types import Reading

END = 0  # class that starts and ends a word


class SpatialAttention(nn.Module):
    """Additive attention (Bahdanau et al. 2015): softmax over positions of v . tanh(W [hidden; features])."""

    def __init__(self, hidden: int, features: int, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, width)
        self.key = nn.Linear(features, width, bias=False)  # W is stored in two parts
        self.v = nn.Parameter(torch.randn(width) * width**-0.5)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, hidden: Tensor, keys: Tensor) -> Tensor:
        """Hidden (R, H) and projected keys (R, P, width) -> attention (R, P), float32."""
        energy = torch.tanh(self.query(hidden).to(keys.dtype)[:, None] + keys) @ self.v.to(keys.dtype)
        return self.softmax(energy.float())


class Argmax(nn.Module):
    """The character of a step; a hook can choose another."""

    def forward(self, probabilities: Tensor) -> Tensor:
        """(..., classes) -> (...) int64."""
        return probabilities.argmax(-1)


class Reader(nn.Module):
    """Encoder of the region's features, and a GRU decoder that attends to them."""

    def __init__(
        self,
        channels: int,
        size: tuple[int, int],
        hidden: int,
        attention: int,
        embedding: int,
        classes: int,
        max_steps: int,
    ) -> None:
        """`size`: (height, width) of the feature map the decoder attends to; `attention`: width of the
        energy; `classes` includes the end sign.

        The position and character embeddings start as one-hot codes; published checkpoints hold others.
        """
        super().__init__()
        self.size, self.hidden, self.max_steps, self.classes = size, hidden, max_steps, classes
        height, width = size
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        features = channels + width + height
        self.attention = SpatialAttention(hidden, features, attention)
        self.character_code = nn.Parameter(torch.eye(classes))  # (classes, classes)
        self.embedding = nn.Linear(classes, embedding)
        self.gru = nn.GRUCell(embedding + features, hidden)
        self.classify = nn.Linear(hidden, classes)
        self.softmax = nn.Softmax(dim=-1)
        self.argmax = Argmax()
        self.x_code = nn.Parameter(torch.eye(width))
        self.y_code = nn.Parameter(torch.eye(height))

    def encode(self, features: Tensor) -> Tensor:
        """(R, C, H, W) -> (R, P, C + width + height) float32; P = height * width, row by row."""
        height, width = self.size
        x = F.interpolate(features, (2 * height, 2 * width), mode="bilinear", align_corners=False)
        x = F.relu(F.max_pool2d(self.conv(x), 2)).flatten(2).mT.float()
        position = torch.cat([self.x_code.repeat(height, 1), self.y_code.repeat_interleave(width, 0)], 1)
        return torch.cat([x, position.expand(len(x), -1, -1)], 2)

    def step(self, hidden: Tensor, embedding: Tensor, keys: Tensor, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden state (R, H), embedding of the previous character (R, E) -> next state, attention (R, P)."""
        attention = self.attention(hidden, keys)
        context = torch.bmm(attention[:, None], encoded).squeeze(1)
        return self.gru(torch.cat([embedding, context], 1), hidden), attention

    def forward(self, features: Tensor, given: Tensor | None = None, stop_early: bool = True) -> Reading:
        """Masked features (R, C, H, W) -> Reading of S steps.

        Args:
            given: (R, S) ids to feed instead of the decoder's own (teacher forcing; -1 counts as the end
                sign). The decoder then takes exactly S steps, otherwise at most `max_steps`.
            stop_early: without `given`, stop when all words have ended.
        """
        encoded = self.encode(features)
        count = len(encoded)
        steps = self.max_steps if given is None else given.shape[1]
        if not count or not steps:
            return Reading(
                ids=encoded.new_zeros(count, 0, dtype=torch.long),
                probabilities=encoded.new_zeros(count, 0, self.classes),
                attention=encoded.new_zeros(count, 0, encoded.shape[1]),
                encoded=encoded,
            )
        if given is not None and prefers_large_kernels(encoded.device):
            return self.read_given(encoded, given)
        probabilities, attentions, ids = [], [], []
        keys = self.attention.key(encoded)  # once, not at every step; bfloat16 under autocast
        with torch.autocast(encoded.device.type, enabled=False):
            embeddings = self.embedding(self.character_code)  # (classes, embedding)
            hidden = encoded.new_zeros(count, self.hidden)
            previous = torch.full((count,), END, device=encoded.device)
            ended = torch.zeros(count, dtype=torch.bool, device=encoded.device)
            for step in range(steps):
                hidden, attention = self.step(hidden, embeddings[previous], keys, encoded)
                probability = self.softmax(self.classify(hidden))
                best = self.argmax(probability).masked_fill(ended, END)
                previous = best if given is None else given[:, step].clamp(min=0)
                ended = ended | (best == END)
                probabilities.append(probability)
                attentions.append(attention)
                ids.append(best)
                if given is None and stop_early and ended.all():
                    break
        return Reading(
            torch.stack(ids, 1), torch.stack(probabilities, 1), torch.stack(attentions, 1), encoded
        )

    def read_given(self, encoded: Tensor, given: Tensor) -> Reading:
        """`forward` for given ids (R, S) with fewer kernels: all steps are classified at once."""
        keys = self.attention.key(encoded)
        with torch.autocast(encoded.device.type, enabled=False):
            previous = F.pad(given[:, :-1].clamp(min=0), (1, 0), value=END)
            embeddings = F.embedding(previous, self.embedding(self.character_code))  # (R, S, embedding)
            hidden = encoded.new_zeros(len(encoded), self.hidden)
            attentions, states = [], []
            for embedding in embeddings.unbind(1):
                hidden, attention = self.step(hidden, embedding, keys, encoded)
                attentions.append(attention)
                states.append(hidden)
            probabilities = self.softmax(self.classify(torch.stack(states, 1)))
        best = self.argmax(probabilities)
        ends = best == END
        ids = best.masked_fill(ends.cumsum(1) > ends.long(), END)
        return Reading(ids, probabilities, torch.stack(attentions, 1), encoded)
