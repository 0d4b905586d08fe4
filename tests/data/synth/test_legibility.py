"""Which words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.synth.camera import Shot
from spotter.data.synth.layout import FlatWord
from spotter.data.synth.legibility import MIN_HEIGHT, ink_height, is_legible, region_of
from spotter.data.synth.warp import Warp


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def striped(contrast: int) -> np.ndarray:
    """(60, 100) uint8 with vertical stripes, like letters."""
    return np.tile(np.repeat([128 - contrast, 128 + contrast], 4), (60, 13))[:, :100].astype(np.uint8)


def test_height_of_ink():
    assert ink_height(rectangle(5, 5, 40, 12)) == 12


@pytest.mark.parametrize(
    ("height", "blur", "noise", "contrast", "legible"),
    [
        (20, 0, 0, 60, True),
        (MIN_HEIGHT - 1, 0, 0, 60, False),
        (20, 2.5, 0, 60, True),
        (20, 3.5, 0, 60, False),  # lower than 6.5 times the blur
        (20, 0, 0, 5, False),  # hardly any contrast
        (20, 0, 14, 60, True),
        (20, 0, 14, 12, False),  # hidden in the noise
    ],
)
def test_words_stand_out_from_blur_and_noise(height, blur, noise, contrast, legible):
    gray = striped(contrast)
    shot = Shot(np.repeat(gray[..., None], 3, 2), blur, noise)
    assert is_legible(rectangle(10, 10, 70, height), shot, gray) == legible


@pytest.mark.parametrize(
    ("x", "text"),
    [(20, "ab"), (0.5, "ab"), (-12, ""), (-57, ""), (-61, None)],
    ids=["inside", "only the margin is cut", "cut", "almost outside", "outside"],
)
def test_ground_truth_of_words_at_the_border(x, text):
    """A word of 60 x 20 pixels in an image of 100 x 50."""
    word = FlatWord("ab", np.array([0, 0, 60, 20], np.float32), np.array([[15, 10], [45, 10]], np.float32))
    shift = np.array([[1, 0, x], [0, 1, 15], [0, 0, 1.0]])
    found = region_of(Warp(np.zeros(2), shift), word, (50, 100))
    assert (None if found is None else found.text) == text
    if found is not None:
        assert found.ignore == (text == "")
        assert found.polygon.min() >= 0
        assert (found.polygon <= [100, 50]).all()
