"""maskK: the shape of a word as 60 numbers (paper, section 3.2; the coding is ISTR's, arXiv 2105.00637)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Binary masks are clipped to [EPSILON, 1 - EPSILON] before the logit. The published code draws it from
# [0.01, 0.05] at every call; a fixed value gives every mask one code.
EPSILON = 0.03
MIN_VARIANCE = 1e-6  # a code that is not fitted yet stays finite


def mask_logits(masks: Tensor) -> Tensor:
    """Binary masks (..., size, size) -> flat logits (..., size * size) float32."""
    return masks.float().flatten(-2).clamp(EPSILON, 1 - EPSILON).logit()


class MaskCode(nn.Module):
    """Whitened PCA of masks in logit space. A mask covers its box, whatever the box's aspect ratio.

    Not trained by gradient: the buffers come from `model.mask_fitting` or from a checkpoint.
    """

    components: Tensor  # (coefficients, size * size), orthonormal rows
    explained_variance: Tensor  # (coefficients,), descending
    mean: Tensor  # (size * size,)

    def __init__(self, size: int = 28, coefficients: int = 60) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("components", torch.zeros(coefficients, size * size))
        self.register_buffer("explained_variance", torch.zeros(coefficients))
        self.register_buffer("mean", torch.zeros(size * size))

    @property
    def fitted(self) -> bool:
        """Whether the components have been set."""
        return bool(self.components.any())

    def encode(self, masks: Tensor) -> Tensor:
        """Binary masks (..., size, size), row 0 at the top of the box -> coefficients (..., 60)."""
        projected = (mask_logits(masks) - self.mean) @ self.components.T
        return projected / self._scale()

    def decode(self, coefficients: Tensor) -> Tensor:
        """Coefficients (..., 60) -> probabilities (..., size, size)."""
        logits = (coefficients * self._scale()) @ self.components + self.mean
        return logits.sigmoid().unflatten(-1, (self.size, self.size))

    def _scale(self) -> Tensor:
        return self.explained_variance.clamp(min=MIN_VARIANCE).sqrt()
