"""Rotation and position of blocks."""

from __future__ import annotations

import random

import numpy as np
import pytest

from spotter.data.synth.placement import CELL, MAX_STEEP, place_block, random_angle
from spotter.data.synth.warp import Warp, sheet_outline


@pytest.mark.parametrize("steep", [0.0, 0.5, 1.0])
def test_a_share_of_the_rotated_blocks_is_steep(steep):
    """Above 40 degrees lie two thirds of such blocks, and a quarter of the others."""
    rng = random.Random(0)
    degrees = np.abs([random_angle(rng, steep) for _ in range(4000)])
    expected = steep * (1 - 40 / MAX_STEEP) + (1 - steep) * 0.233
    assert (degrees > 40).mean() == pytest.approx(expected, abs=0.03)
    if steep == 1:
        assert degrees.max() <= MAX_STEEP


@pytest.fixture
def block() -> tuple[Warp, np.ndarray]:
    """A level block of 60 x 20 pixels, and its outline."""
    warp = Warp(np.array([30.0, 10.0]), np.eye(3))
    return warp, sheet_outline((60, 20))


def test_blocks_do_not_overlap_until_there_is_no_room(block):
    occupied = np.zeros((25, 25), np.uint8)  # 100 x 100 pixels
    rng, found = random.Random(0), []
    while (warp := place_block(rng, block[0], block[1], occupied, (100, 100))) is not None:
        found.append(warp(block[1]))
    assert 2 <= len(found) <= 6
    for i, one in enumerate(found):
        for other in found[:i]:
            gaps = np.maximum(one.min(0) - other.max(0), other.min(0) - one.max(0))
            assert gaps.max() > -CELL


def test_a_block_that_is_larger_than_the_image_has_no_position(block):
    occupied = np.zeros((10, 10), np.uint8)
    assert place_block(random.Random(0), *block, occupied, (40, 40)) is None
    assert not occupied.any()


def test_an_occupied_image_has_no_position(block):
    occupied = np.ones((50, 50), np.uint8)
    assert all(place_block(random.Random(seed), *block, occupied, (200, 200)) is None for seed in range(20))
