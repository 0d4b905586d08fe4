"""Images and text maps move together with their words."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from spotter.data.data_config import AugmentationConfig
from spotter.data.image_augmentation import augment_images, augment_text_maps, gaussian_blur, warp
from spotter.data.targets import GRAY, IGNORE, MAP_STRIDE, make_targets
from spotter.data.word_arrays import WordArrays, concatenate, encode_words
from spotter.data.word_augmentation import augment_words, draw_cutouts, rasterise_batch
from spotter.ops.polygons import rasterise
from spotter.types import GroundTruth
from tests.data.augmentation_cases import (
    CHARSET,
    HEIGHT,
    NO_CUTOUTS,
    NOTHING,
    ONLY_AFFINE,
    SIZE,
    STEPS,
    WIDTH,
    augmented,
    generator,
    moved,
    parameters,
    rectangle,
    region,
    some_images,
    words_of,
)


def scene_of_dots(colour: int = 255) -> tuple[torch.Tensor, torch.Tensor, WordArrays, np.ndarray]:
    """Black with filled polygons, one per word: the image, its text map, its words, and their polygons."""
    rng = np.random.default_rng(1)
    polygons = [
        (rectangle(x, y, 34, 16) + rng.uniform(-4, 4, (4, 2))).astype(np.float32)
        for x in (12, 62, 112)
        for y in (15, 55, 95)
    ]
    words, text_map = encode_words([region(p) for p in polygons], WIDTH, HEIGHT, CHARSET, STEPS)
    image = fill(polygons, SIZE) * colour
    return torch.from_numpy(image).expand(3, -1, -1), torch.from_numpy(text_map), words, np.stack(polygons)


def fill(polygons: list[np.ndarray] | np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8, 1 in the polygons."""
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        bounds = np.array([0, 0, max(size), max(size)], np.float32)
        mask |= rasterise(polygon, bounds, max(size))[:height, :width]
    return mask


def rim(mask: np.ndarray) -> np.ndarray:
    """What lies within a pixel of an outline."""
    return cv2.dilate(mask, np.ones((3, 3))) != cv2.erode(mask, np.ones((3, 3)))


def test_nothing_is_changed_with_probability_0():
    images = some_images()
    found = augment_images(images, parameters(), NO_CUTOUTS)
    assert torch.equal(found, images)
    maps = torch.randint(0, 2, (2, HEIGHT // 4, WIDTH // 4), dtype=torch.uint8)
    unchanged = augment_text_maps(maps, parameters().matrices, np.zeros(maps.shape, np.uint8))
    assert torch.equal(unchanged, maps)


@pytest.mark.parametrize("seed", range(6))
def test_images_and_polygons_agree_within_a_pixel(seed):
    image, _, words, _ = scene_of_dots()
    p = parameters(1, ONLY_AFFINE, seed)
    found = augment_images(image[None], p, NO_CUTOUTS)[0, 0].numpy()
    is_text = (found > 190).astype(np.uint8)  # halfway between the gray outside and white
    moved_words = augmented(words, p.matrices[0].tolist(), replace(NOTHING, max_cut=1e6))
    expected = fill(moved_words.words.polygons, SIZE)
    wrong = (is_text != expected) & ~rim(expected)
    assert expected.any()
    assert not wrong[4:-4, 4:-4].any()  # at the border are parts of words that were dropped


def test_character_centres_stay_on_their_characters():
    image = torch.zeros(3, HEIGHT, WIDTH, dtype=torch.uint8)
    centre = np.array([[70.5, 60.5], [90.5, 66.5]], np.float32)
    for x, y in centre:
        image[:, int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 255
    words = words_of(GroundTruth(rectangle(60, 50, 40, 30), "ab", centres=centre))
    for seed in range(5):
        p = parameters(1, ONLY_AFFINE, seed)
        found = augment_images(image[None], p, NO_CUTOUTS)[0, 0].numpy()
        _, _, _, blobs = cv2.connectedComponentsWithStats((found > 190).astype(np.uint8))
        expected = augmented(words, p.matrices[0].tolist()).words.centres[0, :2]
        distances = np.linalg.norm(blobs[1:, None] + 0.5 - expected, axis=-1)
        assert (distances.min(0) < 0.6).all(), seed


@pytest.mark.parametrize("seed", range(6))
def test_text_maps_agree_with_those_of_the_moved_polygons(seed):
    _, text_map, words, polygons = scene_of_dots()
    p = parameters(1, ONLY_AFFINE, seed)
    linear, shift = p.matrices[0, :, :2].numpy(), p.matrices[0, :, 2].numpy()
    regions = [region((polygon @ linear.T + shift).astype(np.float32)) for polygon in polygons]
    expected = make_targets(regions, *SIZE, CHARSET, STEPS, 28)[1]
    everything_counts = replace(NOTHING, max_cut=1e6, min_word_height=0)
    unchanged = augmented(words, p.matrices[0].tolist(), everything_counts).ignore_maps
    found = augment_text_maps(text_map[None], p.matrices, np.zeros_like(unchanged))[0].numpy()
    assert expected.any()
    assert not (found != expected)[~rim(expected)].any()


def test_text_maps_ignore_words_that_are_cut_off():
    words, text_map = encode_words(
        [region(rectangle(20, 32, 40, 16)), region(rectangle(100, 32, 40, 16))], *SIZE, CHARSET, STEPS
    )
    matrix = moved(-32, 0)
    found = augment_text_maps(
        torch.from_numpy(text_map)[None],
        torch.tensor([matrix], dtype=torch.float32),
        augmented(words, matrix).ignore_maps,
    )[0]
    assert (found[9:11, 0:6] == IGNORE).all()
    assert (found[9:11, 18:26] == 1).all()
    assert (found[20:] == 0).all()


def test_the_image_is_gray_outside_of_the_scene():
    p = parameters()
    p.matrices[:, 0, 2] = 40
    found = augment_images(some_images(), p, NO_CUTOUTS)
    assert (found[..., :40] == GRAY).all()
    assert torch.equal(found[..., 40:], some_images()[..., :-40])


def test_warp_of_an_integer_shift_is_exact():
    image = torch.arange(30.0).view(1, 1, 5, 6)
    found = warp(image, torch.tensor([moved(2, -1)], dtype=torch.float32), "bilinear")[0, 0]
    expected = torch.zeros(5, 6)
    expected[:-1, 2:] = image[0, 0, 1:, :-2]
    assert torch.allclose(found, expected, atol=1e-3)


def test_each_image_is_blurred_as_opencv_blurs():
    images = some_images(3).float()
    sigmas = torch.tensor([0.4, 1.0, 2.2])
    found = gaussian_blur(images, sigmas)
    inside = slice(10, -10)
    for image, blurred, sigma in zip(images, found, sigmas.tolist(), strict=True):
        expected = cv2.GaussianBlur(image.permute(1, 2, 0).numpy(), (15, 15), sigma)
        difference = blurred.permute(1, 2, 0).numpy() - expected
        assert np.abs(difference[inside, inside]).max() < 0.5


def test_only_chosen_images_are_blurred():
    p = parameters()
    p.blur[1] = 1.5
    found = augment_images(some_images(), p, NO_CUTOUTS)
    assert torch.equal(found[0], some_images()[0])
    assert found[1].float().std() < 0.5 * some_images()[1].float().std()


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("gain", 0.5, [50, 100]),
        ("offset", -30.0, [70, 170]),
        ("gain", 3.0, [255, 255]),
        ("gamma", 2.0, [39, 157]),  # 255 * (100 / 255) ** 2
    ],
)
def test_colours(field, value, expected):
    images = torch.tensor([100, 200], dtype=torch.uint8)[:, None, None, None].expand(2, 3, HEIGHT, WIDTH)
    p = parameters()
    setattr(p, field, torch.full_like(getattr(p, field), value))
    found = augment_images(images, p, NO_CUTOUTS)
    assert found[:, 0, 5, 5].tolist() == expected
    assert (found == found[:, :1, :1, :1]).all()


def test_contrast_is_reduced_towards_a_level():
    p = parameters(300, replace(NOTHING, contrast_probability=0.5))
    changed = p.gain[:, 0] < 1
    assert 0.35 < changed.float().mean() < 0.65
    assert (p.offset[~changed] == 0).all()
    level = p.offset[changed, 0] / (1 - p.gain[changed, 0])
    assert level.min() > 59
    assert level.max() < 191
    assert p.gain.min() >= 0.35


def test_noise_repeats_with_its_seed_and_has_its_strength():
    images = torch.full((2, 3, HEIGHT, WIDTH), 100, dtype=torch.uint8)
    p = parameters()
    p.noise[1] = 8.0
    found, again = (augment_images(images, p, NO_CUTOUTS) for _ in range(2))
    assert torch.equal(found, again)
    assert torch.equal(found[0], images[0])
    assert found[1].float().std() == pytest.approx(8, abs=0.3)
    p.noise_seed += 1
    assert not torch.equal(augment_images(images, p, NO_CUTOUTS), found)


def test_cutouts_are_painted_where_they_are():
    cutouts = [np.zeros((0, 4), int), np.array([[10, 20, 14, 23], [50, 60, 51, 61]])]
    found = augment_images(some_images(), parameters(), cutouts)
    changed = (found != some_images()).any(1)
    expected = torch.zeros(2, HEIGHT, WIDTH, dtype=torch.bool)
    expected[1, 20:23, 10:14] = expected[1, 60, 50] = True
    assert torch.equal(changed, expected)
    assert (found[1, :, 20:23, 10:14].flatten(1) == found[1, :, 20, 10, None]).all()


def test_the_host_never_reads_from_the_device():
    """The device "meta" has no values that could be read; noise, whose generator it lacks, is left out."""
    config = replace(AugmentationConfig(), noise_probability=0, cutout_probability=1)
    p = parameters(8, config)
    words = words_of(region(rectangle(20, 30, 40, 20)), region(rectangle(-20, 30, 40, 20)))
    words, image = concatenate([words] * 8)
    found = augment_words(words, image, p.matrices.numpy(), SIZE, config)
    cutouts = draw_cutouts(found, 8, SIZE, config, generator())
    assert any(len(rectangles) for rectangles in cutouts)
    assert p.blur.any()
    images = torch.zeros(8, 3, HEIGHT, WIDTH, dtype=torch.uint8, device="meta")
    assert augment_images(images, p, cutouts).shape == images.shape
    maps = images[:, 0, ::MAP_STRIDE, ::MAP_STRIDE]
    assert augment_text_maps(maps, p.matrices, found.ignore_maps).shape == maps.shape
    polygons = torch.from_numpy(found.words.polygons).to("meta")
    masks = rasterise_batch(polygons, torch.from_numpy(found.boxes).to("meta"), 28)
    assert masks.shape == (len(found.words), 28, 28)
