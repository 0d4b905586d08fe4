"""Words move with their images; masks are those of `rasterise`."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from spotter.data.targets import IGNORE, make_targets
from spotter.data.word_arrays import concatenate
from spotter.data.word_augmentation import augment_words, draw_cutouts, heights_and_areas, rasterise_batch
from spotter.ops.polygons import rasterise
from tests.data.augmentation_cases import (
    CHARSET,
    HEIGHT,
    NOTHING,
    SIZE,
    STEPS,
    WIDTH,
    augmented,
    generator,
    moved,
    rectangle,
    region,
    words_of,
)


@pytest.mark.parametrize("points", [3, 16])
def test_masks_of_no_polygons(points):
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


def test_ignored_words_are_drawn_as_those_of_the_targets():
    polygon = np.array([[-20, 33], [31, 29], [33, 51], [-20, 54]], np.float32)
    expected = make_targets([region(polygon, ignore=True)], *SIZE, CHARSET, STEPS, 28)[1]
    words = words_of(region(polygon + np.float32([30, 0])))
    assert np.array_equal(augmented(words, moved(-30, 0)).ignore_maps[0], expected == IGNORE)


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
