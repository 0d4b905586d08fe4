"""Optimiser, learning rate schedule and average of the weights."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from spotter.training.train_config import OptimiserConfig


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Weight decay for matrices and filters, none for norms, biases, position tables and proposal boxes.
    Frozen parameters are left out.
    """
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    decayed = [p for n, p in trained if p.ndim > 1 and "bias" not in n and "proposals" not in n]
    ids = {id(p) for p in decayed}
    others = [p for _, p in trained if id(p) not in ids]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def build_optimizer(model: nn.Module, config: OptimiserConfig) -> torch.optim.AdamW:
    groups = parameter_groups(model, config.weight_decay)
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, fused=True)


def learning_rate_factor(progress: float, config: OptimiserConfig) -> float:
    """Linear warm-up, then a cosine from 1 to `config.final`; progress: of the run, 0..1."""
    warmup, final = config.warmup, config.final
    if progress < warmup:
        return max(final, progress / warmup)
    done = min(1.0, (progress - warmup) / (1 - warmup))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))


def step_if_finite(optimizer: torch.optim.Optimizer, gradient_norm: Tensor) -> None:
    """An optimiser step that changes nothing if the gradient is not finite; does not wait for a GPU."""
    # As GradScaler does: the fused optimiser then leaves parameters and moments as they are.
    optimizer.found_inf = (~gradient_norm.isfinite()).float()  # type: ignore[attr-defined]  # GradScaler's own
    optimizer.step()


class MovingAverage(nn.Module):
    """A copy of a model with the exponential moving average of its parameters; its buffers are the model's.

    Unlike `torch.optim.swa_utils.AveragedModel`, it collects the tensors once: on a GPU, that took a tenth of
    a step.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(model).requires_grad_(False)
        self._averaged: list[Tensor] = list(self.module.parameters())
        self._current: list[Tensor] = list(model.parameters())
        self._copied = list(self.module.buffers()), list(model.buffers())

    @torch.no_grad()
    def update(self, decay: float) -> None:
        """decay: of what was averaged so far, 0..1."""
        torch._foreach_lerp_(self._averaged, self._current, 1 - decay)
        torch._foreach_copy_(*self._copied)


def moving_average_decay(step: int, maximum: float) -> float:
    """Decay of the average of the weights: small at first, so that untrained weights are soon forgotten."""
    return min(maximum, (1 + step) / (10 + step))
