"""Words, images and parameters that the tests of augmentation share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from spotter.charset import Charset
from spotter.data.augmentation import AugmentationParameters, draw_parameters
from spotter.data.data_config import AugmentationConfig
from spotter.data.word_arrays import WordArrays, encode_words
from spotter.data.word_augmentation import AugmentedWords, augment_words
from spotter.types import GroundTruth

SIZE = WIDTH, HEIGHT = 160, 128
STEPS = 6
CHARSET = Charset("abcdefghijklmnopqrstuvwxyz")
NOTHING = AugmentationConfig(
    affine_probability=0,
    colour_probability=0,
    contrast_probability=0,
    gamma_probability=0,
    blur_probability=0,
    noise_probability=0,
    cutout_probability=0,
)
ONLY_AFFINE = replace(NOTHING, affine_probability=1, rotation=10)
NO_CUTOUTS = [np.zeros((0, 4), int)] * 2


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def region(polygon: np.ndarray, ignore: bool = False) -> GroundTruth:
    centres = np.linspace(polygon[[0, 3]].mean(0), polygon[[1, 2]].mean(0), 4, dtype=np.float32)[1:3]
    return GroundTruth(polygon, "" if ignore else "ab", ignore, None if ignore else centres)


def words_of(*regions: GroundTruth) -> WordArrays:
    return encode_words(list(regions), WIDTH, HEIGHT, CHARSET, STEPS)[0]


def augmented(
    words: WordArrays, matrix: list[list[float]], config: AugmentationConfig = NOTHING
) -> AugmentedWords:
    return augment_words(words, np.zeros(len(words), int), np.array([matrix], np.float32), SIZE, config)


def moved(x: float, y: float) -> list[list[float]]:
    return [[1, 0, x], [0, 1, y]]


def some_images(count: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, HEIGHT, WIDTH), generator=generator(), dtype=torch.uint8)


def parameters(count: int = 2, config: AugmentationConfig = NOTHING, seed: int = 0) -> AugmentationParameters:
    return draw_parameters(count, SIZE, config, generator(seed))
