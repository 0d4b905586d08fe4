"""ELU that is fast on CPUs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.ops.device import prefers_large_kernels


class _ELU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        y = x.relu() + (x.clamp(max=0).exp() - 1)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return gradient * (y.clamp(max=0) + 1)  # exp(x) = y + 1 where x < 0


def elu(x: Tensor) -> Tensor:
    """ELU (Clevert et al. 2016) of a tensor of any shape.

    On CPUs `F.elu` is seven times slower in bfloat16 (expm1), so exp is used, and the gradient is computed
    from the output.
    """
    return F.elu(x) if prefers_large_kernels(x.device) else _ELU.apply(x)


class ELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return elu(x)
