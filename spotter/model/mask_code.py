"""maskK: the shape of a word as 60 numbers (paper, section 3.2; the coding is ISTR's, arXiv 2105.00637)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Binary masks are clipped to [EPS, 1 - EPS] before the logit. The published code draws it from [0.01, 0.05]
# at every call; a fixed value gives every mask one code.
EPS = 0.03


def mask_logits(masks: Tensor) -> Tensor:
    """Binary masks (..., size, size) to flat logits (..., size*size) float32."""
    return masks.float().flatten(-2).clamp(EPS, 1 - EPS).logit()


class MaskCode(nn.Module):
    """Whitened PCA of masks in logit space. A mask covers its box, whatever the box's aspect ratio.

    Nothing here is trained by gradient: the buffers come from `training.fit_masks` or from a checkpoint.
    """

    def __init__(self, size: int = 28, coefficients: int = 60):
        super().__init__()
        self.size = size
        self.register_buffer("components", torch.zeros(coefficients, size * size))  # orthonormal rows
        self.register_buffer("explained_variance", torch.zeros(coefficients))  # falling
        self.register_buffer("mean", torch.zeros(size * size))

    @property
    def fitted(self) -> bool:
        return bool(self.components.any())

    def encode(self, masks: Tensor) -> Tensor:
        """Binary masks (..., size, size), row 0 at the top of the box, to coefficients (..., 60)."""
        projected = (mask_logits(masks) - self.mean) @ self.components.T
        return projected / self._scale()

    def decode(self, coefficients: Tensor) -> Tensor:
        """Coefficients (..., 60) to probabilities (..., size, size)."""
        logits = (coefficients * self._scale()) @ self.components + self.mean
        return logits.sigmoid().unflatten(-1, (self.size, self.size))

    def _scale(self) -> Tensor:
        return self.explained_variance.clamp(min=1e-6).sqrt()  # clamped: a code not yet fitted stays finite
