"""Backgrounds: photographs of a split, or procedural."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from spotter.data.synth.backgrounds import Backgrounds, is_held_out, noise_crop
from spotter.data.synth.showing_text import BSDS500, HOUSES, SHOWING_TEXT


def test_splits_share_no_photograph(tmp_path):
    for number in range(60):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((40, 60, 3), number * 4, np.uint8))
    paths = [set(Backgrounds(tmp_path, split).paths) for split in ("train", "held_out")]
    assert all(paths)
    assert not paths[0] & paths[1]
    assert len(paths[0] | paths[1]) == 60
    assert set(Backgrounds(tmp_path, None).paths) == paths[0] | paths[1]


def test_photographs_that_show_text_are_no_backgrounds_in_training(tmp_path):
    for name in ("10081.png", "98_bedroom.png", "10082.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((40, 60, 3), np.uint8))
    assert [path.name for path in Backgrounds(tmp_path, "train").paths] == ["10082.png"]
    assert len(Backgrounds(tmp_path, None).paths) == 3


def test_all_of_the_list_would_train():
    """Of the held-out split, none is on it: the rendered scenes of the evaluation stay the same."""
    names = [f"{name}.jpg" for name in BSDS500.split()] + [f"{name}.webp" for name in HOUSES.split()]
    assert len(SHOWING_TEXT) == len(names) == 106
    assert not any(map(is_held_out, names))


@pytest.mark.parametrize("size", [(48, 64), (320, 320), (720, 1280)])
def test_backgrounds_have_the_requested_size(tmp_path, size):
    cv2.imwrite(str(tmp_path / "a.png"), np.random.default_rng(0).integers(0, 256, (80, 120, 3), np.uint8))
    for source in (Backgrounds(), Backgrounds(tmp_path, None)):
        for seed in range(4):
            image = source.sample(random.Random(seed), *size)
            assert image.shape == (*size, 3)
            assert image.dtype == np.uint8
            assert np.array_equal(image, source.sample(random.Random(seed), *size))


def test_a_damaged_photograph_is_reported_and_left_out(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"not an image")
    source = Backgrounds(tmp_path, None)
    rng = random.Random(1)  # draws a photograph, not a procedural background
    with pytest.raises(ValueError, match="None of the background photographs can be read"):
        source.sample(rng, 32, 32)
    assert capsys.readouterr().err.count("a.png is left out") == 1


def test_a_folder_without_photographs_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no photograph"):
        Backgrounds(tmp_path)


@pytest.mark.parametrize("size", [(10, 20), (1024, 1024), (1500, 1100)])
def test_crops_of_noise_are_standard_normal(size):
    noise = noise_crop(random.Random(0), *size)
    assert noise.shape == size
    assert noise.mean() == pytest.approx(0, abs=0.3)
    assert noise.std() == pytest.approx(1, abs=0.1)
