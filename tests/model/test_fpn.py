"""The pyramid, and the receptive field of a dilated block."""

import pytest
import torch
from torch import nn

from spotter.model.fpn import FPN, DilatedBlock


@pytest.mark.parametrize(("dilations", "span"), [((2, 4, 1), 15), ((1, 1, 1), 7)])
def test_span_of_a_dilated_block(dilations, span):
    block = DilatedBlock(4, 3, dilations).eval()
    for layer in block.layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 0.1)  # nothing cancels out and no ReLU closes
            nn.init.zeros_(layer.bias)
    x = torch.ones(1, 4, 33, 33, requires_grad=True)
    block(x)[0, 0, 16, 16].backward()
    for axis in (0, 1):
        field = torch.nonzero(x.grad[0, 0].any(axis)).squeeze(1)
        assert (field.min().item(), field.max().item()) == (16 - span // 2, 16 + span // 2)


@pytest.mark.parametrize("size", [(1, 1), (10, 14)])
def test_dilated_block_keeps_the_shape(size):
    assert DilatedBlock(6, 3, (2, 4, 1)).eval()(torch.zeros(2, 6, *size)).shape == (2, 6, *size)


@torch.no_grad()
def test_coarse_levels_reach_the_fine_ones():
    fpn = FPN([1, 1, 1, 1], 1)
    for conv in [*fpn.lateral, *fpn.output]:
        nn.init.zeros_(conv.weight)
        nn.init.zeros_(conv.bias)
        conv.weight[:, :, conv.kernel_size[0] // 2, conv.kernel_size[0] // 2] = 1  # identity
    maps = [torch.full((1, 1, 2**i, 2 ** (i + 1)), 10.0**i) for i in (3, 2, 1, 0)]
    levels = fpn(maps)
    assert [level.shape for level in levels] == [m.shape for m in maps]
    assert [level.unique().tolist() for level in levels] == [[1111.0], [111.0], [11.0], [1.0]]
    maps[3][..., 1] = 2  # the right half of the coarsest map
    assert fpn(maps)[0][0, 0, 0].tolist() == [1111.0] * 8 + [1112.0] * 8
