"""Convolutions whose weights are made from proposal features."""

from __future__ import annotations

import pytest
import torch

from spotter.model.dynamic_conv import DynamicConv, InstanceInteraction
from spotter.model.elu import elu


@torch.no_grad()
def test_dynamic_conv_by_loops():
    torch.manual_seed(0)
    conv, features, cells = DynamicConv(6, 3).eval(), torch.randn(2, 6), torch.randn(2, 5, 6)
    first, second = conv.filters(features).view(2, 2, 18).unbind(1)
    for i in range(2):
        hidden = elu(conv.norm1(cells[i] @ first[i].view(6, 3)))
        expected = elu(conv.norm2(hidden @ second[i].view(3, 6)))
        torch.testing.assert_close(conv(features, cells)[i], expected)


@pytest.mark.parametrize("proposals", [0, 1, 4])
@torch.no_grad()
def test_instance_interaction_gives_one_vector_per_proposal(proposals):
    interaction = InstanceInteraction(6, 3, 5).eval()
    features, cells = torch.randn(proposals, 6), torch.randn(proposals, 5, 6)
    out = interaction(features, cells)
    assert out.shape == (proposals, 6)
    for i in range(proposals):
        torch.testing.assert_close(out[i : i + 1], interaction(features[i : i + 1], cells[i : i + 1]))
