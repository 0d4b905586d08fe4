"""Auxiliary heads: sampling at characters' centres, and losses by hand."""

from __future__ import annotations

import math

import pytest
import torch

from spotter.data.targets import IGNORE
from spotter.training.auxiliary_heads import (
    CharacterHead,
    TextMapHead,
    guided_attention_loss,
    sample_level,
    sample_pyramid,
)


def test_samples_are_bilinear():
    level = torch.arange(12.0).reshape(1, 1, 3, 4)  # rows 0 1 2 3, 4 5 6 7, 8 9 10 11
    points = torch.tensor([[0.5, 0.5], [2.0, 0.5], [1.5, 1.0], [2.0, 2.0]])
    image = torch.zeros(4, dtype=torch.long)
    assert sample_level(level, image, points)[:, 0].tolist() == [0.0, 1.5, 3.0, 7.5]


def test_pyramid_samples_equal_those_of_single_levels():
    levels = [torch.randn(2, 5, 8 // 2**i, 12 // 2**i) for i in range(2)]
    level, image = torch.tensor([0, 1, 1, 0]), torch.tensor([0, 0, 1, 1])
    points = torch.rand(4, 2) * torch.tensor([6.0, 4.0])
    expected = [
        sample_level(levels[i], image[k : k + 1], points[k : k + 1])[0] for k, i in enumerate(level.tolist())
    ]
    torch.testing.assert_close(sample_pyramid(levels, level, image, points), torch.stack(expected))


def test_no_points():
    level, none = torch.zeros(1, 5, 4, 4), torch.zeros(0, dtype=torch.long)
    assert sample_level(level, none, torch.zeros(0, 2)).shape == (0, 5)
    assert sample_pyramid([level], none, none, torch.zeros(0, 2)).shape == (0, 5)


def test_attention_on_the_centre_has_the_lowest_loss():
    size, centres = (2, 4), torch.tensor([[2.5, 0.5]])  # the third cell of the first row
    losses = []
    for cell in range(8):
        attention = torch.full((1, 8), 0.01)
        attention[0, cell] = 0.93
        losses.append(guided_attention_loss(attention, centres, size).item())
    assert min(range(8), key=losses.__getitem__) == 2
    assert guided_attention_loss(torch.full((1, 8), 1 / 8), centres, size).item() == pytest.approx(
        math.log(8)
    )


def test_attention_without_centres_keeps_its_graph():
    attention = torch.zeros(0, 8, requires_grad=True)
    loss = guided_attention_loss(attention, torch.zeros(0, 2), (2, 4))
    loss.backward()
    assert loss.item() == 0
    assert attention.grad is not None


def test_ignored_cells_have_no_text_map_loss():
    torch.manual_seed(0)
    head, p2 = TextMapHead(3), torch.randn(1, 3, 4, 4)
    maps = torch.zeros(1, 4, 4, dtype=torch.uint8)
    maps[0, 1] = 1
    maps[0, 2:] = IGNORE
    changed = p2.clone()
    changed[:, :, 3] += 5  # seen by ignored cells only
    assert head.loss(p2, maps).item() == pytest.approx(head.loss(changed, maps).item())


def test_text_map_loss_of_an_undecided_head():
    head = TextMapHead(3)
    torch.nn.init.zeros_(head[2].weight)
    torch.nn.init.zeros_(head[2].bias)
    maps = torch.tensor([[[1, 0], [0, 0]]], dtype=torch.uint8)
    expected = math.log(2) + 1 - (2 * 0.5 + 1) / (4 * 0.5 + 1 + 1)
    assert head.loss(torch.randn(1, 3, 2, 2), maps).item() == pytest.approx(expected)


def test_character_loss_is_a_sum():
    head = CharacterHead(3, 4)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    assert head.loss(torch.randn(5, 3), torch.tensor([0, 1, 2, 3, 0])).item() == pytest.approx(
        5 * math.log(4)
    )
