"""Random parameters of augmentation."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from spotter.data.data_config import AugmentationConfig
from tests.data.augmentation_cases import ONLY_AFFINE, SIZE, parameters


def test_parameters_depend_on_the_generator_alone():
    config = AugmentationConfig()
    first, same, other = (parameters(50, config, seed) for seed in (1, 1, 2))
    for name in ("matrices", "gamma", "gain", "offset", "blur", "noise"):
        values = [getattr(p, name) for p in (first, same, other)]
        assert torch.equal(values[0], values[1]), name
        assert not torch.equal(values[0], values[2]), name
        assert len(values[0].flatten(1).unique(dim=0) if values[0].ndim > 1 else values[0].unique()) > 5, name


def test_scales_are_in_their_range_and_small_scenes_inside_the_image():
    p = parameters(500, replace(ONLY_AFFINE, rotation=0))
    scale = p.matrices[:, 0, 0]
    assert 0.7 <= scale.min() < 0.72
    assert 1.38 < scale.max() <= 1.4
    assert (scale < 1).float().mean() == pytest.approx(0.51, abs=0.08)  # log-uniform
    size = torch.tensor(SIZE)
    low, high = p.matrices[:, :, 2], p.matrices[:, :, 2] + scale[:, None] * size
    small = scale < 1
    assert (low[small] > -0.01).all()
    assert (high[small] < size + 0.01).all()
    assert (low[~small] < 0.01).all()
    assert (high[~small] > size - 0.01).all()
    assert low[small].std() > 5


def test_reductions_are_blurred_against_aliasing():
    p = parameters(200, replace(ONLY_AFFINE, rotation=0))
    scale = p.matrices[:, 0, 0]
    assert (p.blur[scale < 0.85] > 0.25).all()
    assert (p.blur[scale > 1] == 0).all()
