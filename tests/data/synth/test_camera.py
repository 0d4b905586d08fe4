"""What a camera does to a scene."""

from __future__ import annotations

import random

import numpy as np
import pytest

from spotter.data.synth.camera import photograph


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(40, 200, (60, 80, 3), np.uint8)


def test_strength_0_changes_nothing(image):
    shot = photograph(random.Random(0), image, 0.0, 20.0)
    assert np.array_equal(shot.image, image)
    assert shot.blur == shot.noise == 0


def test_shots_vary_and_repeat(image):
    shots = [photograph(random.Random(seed), image, 1.0, 20.0) for seed in range(40)]
    again = photograph(random.Random(3), image, 1.0, 20.0)
    assert np.array_equal(shots[3].image, again.image)
    assert all(shot.image.shape == image.shape and shot.image.dtype == np.uint8 for shot in shots)
    assert len({shot.image.tobytes() for shot in shots}) > 30
    assert {shot.blur > 0 for shot in shots} == {shot.noise > 0 for shot in shots} == {True, False}


def test_small_words_are_blurred_less(image):
    low, high = (
        [photograph(random.Random(seed), image, 1.0, height).blur for seed in range(60)]
        for height in (8.0, 40.0)
    )
    assert max(low) <= 1.0  # or what a lower resolution amounts to
    assert max(high) > 1.5


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_blur_and_noise_are_bounded(image, strength):
    shots = [photograph(random.Random(seed), image, strength, 80.0) for seed in range(60)]
    assert max(shot.blur for shot in shots) <= 3.2
    assert max(shot.noise for shot in shots) <= 1 + 13 * strength
