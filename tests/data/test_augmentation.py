"""Augmentation: images, text maps and words move together; masks are those of `rasterise`."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from spotter.charset import Charset
from spotter.data.augmentation import (
    GRAY,
    Parameters,
    WordArrays,
    augment_images,
    augment_text_maps,
    augment_words,
    concatenate,
    draw_cutouts,
    draw_parameters,
    gaussian_blur,
    heights_and_areas,
    rasterise_batch,
    warp,
)
from spotter.data.data_config import AugmentationConfig
from spotter.data.renderers import encode_words
from spotter.data.targets import IGNORE, MAP_STRIDE, make_targets
from spotter.ops.polygons import rasterise
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


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def region(polygon: np.ndarray, ignore: bool = False) -> GroundTruth:
    centres = np.linspace(polygon[[0, 3]].mean(0), polygon[[1, 2]].mean(0), 4, dtype=np.float32)[1:3]
    return GroundTruth(polygon, "" if ignore else "ab", ignore, None if ignore else centres)


def words_of(*regions: GroundTruth) -> WordArrays:
    return encode_words(list(regions), WIDTH, HEIGHT, CHARSET, STEPS)[0]


def augmented(words: WordArrays, matrix: list[list[float]], config: AugmentationConfig = NOTHING):
    return augment_words(words, np.zeros(len(words), int), np.array([matrix], np.float32), SIZE, config)


def moved(x: float, y: float) -> list[list[float]]:
    return [[1, 0, x], [0, 1, y]]


def some_images(count: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, HEIGHT, WIDTH), generator=generator(), dtype=torch.uint8)


def parameters(count: int = 2, config: AugmentationConfig = NOTHING, seed: int = 0) -> Parameters:
    return draw_parameters(count, SIZE, config, generator(seed))


NO_CUTOUTS = [np.zeros((0, 4), int)] * 2


# Masks


@pytest.mark.parametrize("points", [3, 16])
def test_no_polygon_has_no_mask(points):
    assert rasterise_batch(torch.zeros(0, points, 2), torch.zeros(0, 4), 28).shape == (0, 28, 28)


def test_mask_of_one_polygon():
    polygon, box = torch.tensor([[[2.0, 0], [4, 0], [4, 4], [2, 4]]]), torch.tensor([[0.0, 0, 4, 4]])
    found = rasterise_batch(polygon, box, 4)
    assert found.dtype == torch.uint8
    assert found.tolist() == [[[0, 0, 1, 1]] * 4]


def test_masks_are_those_of_rasterise():
    rng = np.random.default_rng(0)
    polygons = rng.uniform(-10, 60, (300, 16, 2)).astype(np.float32)  # most cross themselves
    polygons[50:100] = polygons[50:100].round()  # with points and edges on the centres of cells
    polygons[100:150, 4:] = polygons[100:150, 3:4]  # quadrilaterals, padded
    polygons[150:160] = polygons[150:160, :1]  # a single point
    polygons[160:170, :, 1] = 20.5  # a horizontal line
    polygons[170:180, :, 0] = 20.5  # a vertical line
    polygons[180:190] += 1000  # far outside
    low = rng.uniform(0, 30, (300, 2))
    boxes = np.concatenate([low, low + rng.uniform(0, 40, (300, 2))], 1).astype(np.float32)
    boxes[50:100] = 0, 0, 28, 28
    boxes[190:195, 2:] = boxes[190:195, :2]  # without an area
    found = rasterise_batch(torch.from_numpy(polygons), torch.from_numpy(boxes), 28).numpy()
    expected = np.stack([rasterise(p, b, 28) for p, b in zip(polygons, boxes, strict=True)])
    assert 0.05 < expected.mean() < 0.95
    assert np.array_equal(found, expected)


def test_repeated_points_do_not_change_a_mask():
    polygon = np.array([[3, 1], [25, 6], [20, 22], [1, 18]], np.float32)
    padded = np.concatenate([polygon, np.repeat(polygon[-1:], 12, 0)])
    box = torch.tensor([[0.0, 0, 28, 28]])
    found = rasterise_batch(torch.from_numpy(padded)[None], box, 28)[0].numpy()
    assert np.array_equal(found, rasterise(polygon, box[0].numpy(), 28))


# WordArrays


def test_no_words():
    found = augmented(words_of(), moved(0, 0))
    assert found.boxes.shape == (0, 4)
    assert found.ignore_boxes.shape == (0, 4)
    assert found.words.polygons.shape == (0, 16, 2)
    assert found.words.centres.shape == (0, STEPS, 2)
    assert not found.ignore_maps.any()


def test_one_word_that_does_not_move():
    words = words_of(region(rectangle(20, 30, 40, 20)))
    found = augmented(words, moved(0, 0))
    assert found.boxes.tolist() == [[20, 30, 60, 50]]
    assert found.words.polygons.tolist() == words.polygons.tolist()
    assert found.words.text.tolist() == [[1, 2, 0, -1, -1, -1]]
    assert np.array_equal(found.words.centres, words.centres, equal_nan=True)
    assert found.heights == pytest.approx([20])
    assert found.areas == pytest.approx([800])


def test_words_move_with_their_own_images():
    words, image = concatenate([words_of(region(rectangle(20, 30, 40, 20))), words_of(), words_of()])
    assert image.tolist() == [0]
    first = words_of(region(rectangle(20, 30, 40, 20)), region(rectangle(100, 30, 40, 20)))
    words, image = concatenate([first, words_of(), words_of(region(rectangle(20, 30, 40, 20)))])
    assert image.tolist() == [0, 0, 2]
    matrices = np.array([moved(0, 0), moved(0, 0), [[0, -1, 100], [1, 0, 5]]], np.float32)
    found = augment_words(words, image, matrices, SIZE, NOTHING)
    assert found.image.tolist() == [0, 0, 2]
    assert found.boxes.tolist() == [[20, 30, 60, 50], [100, 30, 140, 50], [50, 25, 70, 65]]
    assert found.words.centres[2, 0] == pytest.approx([100 - 40, 20 + 40 / 3 + 5])


@pytest.mark.parametrize(
    ("matrix", "trained", "ignored"),
    [
        (moved(-21, 0), [[0, 30, 39, 50]], []),  # one pixel is cut off
        (moved(-30, 0), [], [[0, 30, 30, 50]]),
        (moved(0, 90), [], [[20, 120, 60, 128]]),
        (moved(-57, 0), [], []),  # three pixels are left
        (moved(-70, 0), [], []),
        (moved(-23, 0), [], [[0, 30, 37, 50]]),
        (moved(103, 0), [], [[123, 30, 160, 50]]),
        (moved(500, 500), [], []),
        ([[0.35, 0, 0], [0, 0.35, 0]], [[7, 10.5, 21, 17.5]], []),  # 7 pixels high
        ([[0.25, 0, 0], [0, 0.25, 0]], [], [[5, 7.5, 15, 12.5]]),  # 5 pixels high
    ],
)
def test_words_cut_off_or_too_small_are_ignored_and_slivers_dropped(matrix, trained, ignored):
    found = augmented(words_of(region(rectangle(20, 30, 40, 20))), matrix)
    assert found.boxes.tolist() == [pytest.approx(box) for box in trained]
    assert found.ignore_boxes.tolist() == [pytest.approx(box) for box in ignored]


def test_ignored_regions_stay_ignored():
    words = words_of(region(rectangle(20, 30, 40, 20)), region(rectangle(90, 30, 40, 20), ignore=True))
    found = augmented(words, moved(5, 0))
    assert found.boxes.tolist() == [[25, 30, 65, 50]]
    assert found.ignore_boxes.tolist() == [[95, 30, 135, 50]]
    assert not found.ignore_maps.any()  # the scene's own text map says so already


def test_polygons_end_at_the_border_of_the_scene():
    """Beyond it an augmented image is gray."""
    found = augmented(words_of(region(rectangle(-40, 30, 80, 20), ignore=True)), moved(50, 0))
    assert found.ignore_boxes.tolist() == [[50, 30, 90, 50]]


@pytest.mark.parametrize("angle", [0, 30, 90])
def test_height_of_tilted_words(angle):
    matrix = cv2.getRotationMatrix2D((0, 0), angle, 1)[:, :2]
    polygon = rectangle(0, 0, 60, 14) @ matrix.T
    heights, areas = heights_and_areas(np.concatenate([polygon, polygon[-1:]])[None])
    assert heights == pytest.approx([14], rel=1e-3)
    assert areas == pytest.approx([60 * 14], rel=1e-3)


def test_height_of_curved_words():
    angles = np.linspace(0, np.pi, 8)
    arc = np.stack([np.cos(angles), np.sin(angles)], 1)
    heights, _ = heights_and_areas(np.concatenate([60 * arc, 45 * arc[::-1]])[None])
    assert heights == pytest.approx([15], rel=0.05)


# Parameters


def test_nothing_is_changed_with_probability_0():
    images = some_images()
    found = augment_images(images, parameters(), NO_CUTOUTS)
    assert torch.equal(found, images)
    maps = torch.randint(0, 2, (2, HEIGHT // 4, WIDTH // 4), dtype=torch.uint8)
    unchanged = augment_text_maps(maps, parameters().matrices, np.zeros(maps.shape, np.uint8))
    assert torch.equal(unchanged, maps)


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


# Images


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


def test_ignored_words_are_drawn_as_those_of_the_targets():
    polygon = np.array([[-20, 33], [31, 29], [33, 51], [-20, 54]], np.float32)
    expected = make_targets([region(polygon, ignore=True)], *SIZE, CHARSET, STEPS, 28)[1]
    words = words_of(region(polygon + np.float32([30, 0])))
    assert np.array_equal(augmented(words, moved(-30, 0)).ignore_maps[0], expected == IGNORE)


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


# Cut-outs


def test_images_without_words_have_no_cutouts():
    found = draw_cutouts(
        augmented(words_of(), moved(0, 0)), 1, SIZE, replace(NOTHING, cutout_probability=1), generator()
    )
    assert [len(r) for r in found] == [0]


@pytest.mark.parametrize(
    "limits", [{}, {"max_covered": 1.0, "max_hidden": 0.1}, {"max_covered": 0.005, "max_hidden": 9.0}]
)
def test_cutouts_hide_little_of_words_and_of_the_image(limits):
    config = replace(NOTHING, cutout_probability=1, max_cutouts=20, **limits)
    words = words_of(*(region(rectangle(10, y, w, 12)) for y, w in ((10, 60), (24, 8), (38, 60), (80, 20))))
    found = augmented(words, moved(0, 0))
    some = 0
    for seed in range(40):
        (rectangles,) = draw_cutouts(found, 1, SIZE, config, generator(seed))
        hidden = np.zeros((HEIGHT, WIDTH), bool)
        for x1, y1, x2, y2 in rectangles:
            hidden[y1:y2, x1:x2] = True
        assert hidden.mean() <= config.max_covered
        for x1, y1, x2, y2 in found.boxes.astype(int):
            assert hidden[y1:y2, x1:x2].mean() <= config.max_hidden
        some += hidden.any()
    assert some > 20


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
