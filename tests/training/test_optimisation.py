"""Optimiser, schedule and moving average."""

import math

import pytest
import torch

from spotter.training.optimisation import (
    MovingAverage,
    build_optimizer,
    learning_rate_factor,
    moving_average_decay,
    parameter_groups,
    step_if_finite,
)
from spotter.training.train_config import OptimiserConfig


@pytest.mark.parametrize(
    ("progress", "factor"), [(0.0, 0.01), (0.05, 0.5), (0.1, 1.0), (0.55, 0.505), (1.0, 0.01), (1.5, 0.01)]
)
def test_learning_rate(progress, factor):
    assert learning_rate_factor(progress, OptimiserConfig(warmup=0.1)) == pytest.approx(factor)


def test_weight_decay_groups(tiny_model):
    decayed, others = (group["params"] for group in parameter_groups(tiny_model, 0.05))
    names = {id(p): name for name, p in tiny_model.named_parameters()}
    assert len(decayed) + len(others) == len(names)
    assert {"reader.conv.weight", "stages.0.attention.qkv.weight"} <= {names[id(p)] for p in decayed}
    not_decayed = {names[id(p)] for p in others}
    assert {"proposals.boxes", "two_level.0.attention.fine_bias", "stages.0.norm1.weight"} <= not_decayed


@pytest.mark.parametrize(("norm", "changes"), [(1.0, True), (math.inf, False), (math.nan, False)])
def test_infinite_gradient_takes_no_step(norm, changes):
    layer = torch.nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    optimizer = build_optimizer(layer, OptimiserConfig(0.1))
    layer(torch.ones(1, 2)).sum().backward()
    step_if_finite(optimizer, torch.tensor(norm))
    assert (not layer.weight.equal(before)) == changes


@pytest.mark.parametrize(("step", "decay"), [(0, 0.1), (8, 0.5), (10**6, 0.998)])
def test_moving_average_decay(step, decay):
    assert moving_average_decay(step, 0.998) == pytest.approx(decay)


def test_moving_average_of_parameters_and_current_buffers():
    model = torch.nn.BatchNorm1d(1)
    average = MovingAverage(model)
    torch.nn.init.constant_(model.weight, 5.0)
    model.running_mean.fill_(3.0)
    average.update(0.75)
    assert average.module.weight.tolist() == [0.75 * 1 + 0.25 * 5]
    assert average.module.running_mean.tolist() == [3.0]
    assert not average.module.weight.requires_grad
    assert set(average.state_dict()) == {f"module.{name}" for name in model.state_dict()}
