"""Where proposals start: on a grid, repeated over long images, or as the whole image."""

from __future__ import annotations

import pytest
import torch

from spotter.model.proposals import Proposals, grid_repeats, initial_boxes, tile_boxes


def test_boxes_on_a_grid():
    boxes = initial_boxes(6, (3, 2))
    torch.testing.assert_close(boxes[0], torch.tensor([1 / 6, 1 / 4, 1 / 2, 3 / 4]))
    torch.testing.assert_close(boxes[5], torch.tensor([5 / 6, 3 / 4, 1 / 2, 3 / 4]))


def test_without_a_grid_all_boxes_are_the_whole_image():
    assert initial_boxes(3, None).tolist() == [[0.5, 0.5, 1, 1]] * 3


def test_a_grid_must_hold_all_proposals():
    with pytest.raises(ValueError, match="a grid of 3 x 2 does not hold 7 proposals"):
        initial_boxes(7, (3, 2))


@pytest.mark.parametrize(
    ("width", "height", "repeats"),
    [
        (1280, 720, (3, 1)),
        (720, 1280, (1, 3)),
        (640, 640, (1, 1)),
        (1000, 860, (2, 1)),
        (1000, 870, (1, 1)),
        (5000, 100, (4, 1)),  # the maximum
    ],
)
def test_grid_repeats_by_hand(width, height, repeats):
    assert grid_repeats(width, height, 0.58, 4) == repeats


def test_tile_boxes_by_hand():
    boxes = torch.tensor([[0.5, 0.5, 1.0, 0.5]])
    assert tile_boxes(boxes, (1, 1)).tolist() == [[0, 0.25, 1, 0.75]]
    assert tile_boxes(boxes, (2, 1)).tolist() == [[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75]]
    assert tile_boxes(boxes, (1, 2)).tolist() == [[0, 0.125, 1, 0.375], [0, 0.625, 1, 0.875]]


def proposals_of(count: int, channels: int, grid: tuple[int, int] | None) -> Proposals:
    return Proposals(count, channels, grid, 0.58, 4)


def test_boxes_are_in_pixels_of_each_image():
    sizes = torch.tensor([[200.0, 100.0], [80.0, 40.0]])
    levels = [torch.zeros(2, 4, 2, 2)]  # square: one tile
    boxes, _ = proposals_of(3, 4, None)(levels, sizes)
    assert boxes[0].tolist() == [[0, 0, 200, 100]] * 3
    assert boxes[1].tolist() == [[0, 0, 80, 40]] * 3
    boxes, _ = proposals_of(4, 4, (2, 2))(levels, sizes)
    assert boxes[0].tolist() == [
        [-25, -12.5, 125, 62.5],
        [75, -12.5, 225, 62.5],
        [-25, 37.5, 125, 112.5],
        [75, 37.5, 225, 112.5],
    ]


@pytest.mark.parametrize(
    ("shape", "repeats"),
    [
        ((2, 2), (1, 1)),
        ((12, 13), (1, 1)),
        ((6, 8), (2, 1)),
        ((18, 32), (3, 1)),
        ((32, 18), (1, 3)),
        ((1, 40), (4, 1)),
    ],
)
def test_the_grid_is_repeated_on_a_long_image(shape, repeats):
    columns, rows = repeats
    levels, sizes = [torch.ones(1, 4, *shape)], torch.tensor([[240.0, 120.0]])
    proposals = proposals_of(4, 4, (2, 2))
    boxes, features = proposals(levels, sizes)
    assert boxes.shape == (1, 4 * columns * rows, 4)
    width, height = 240 / columns, 120 / rows  # of a tile
    for k in range(columns * rows):
        x, y = k % columns * width, k // columns * height
        first = boxes[0, 4 * k].tolist()  # centred on a quarter of its tile, three quarters of it wide
        expected = [x - width / 8, y - height / 8, x + width * 5 / 8, y + height * 5 / 8]
        assert first == pytest.approx(expected, abs=1e-3)
        torch.testing.assert_close(features[0, 4 * k : 4 * k + 4], proposals.features + 1)


def test_without_a_grid_nothing_is_repeated():
    boxes, _ = proposals_of(4, 4, None)([torch.ones(1, 4, 1, 40)], torch.tensor([[240.0, 120.0]]))
    assert boxes.shape == (1, 4, 4)


def test_the_image_is_added_to_the_features():
    proposals = proposals_of(3, 2, None)
    levels = [torch.full((1, 2, 4, 4), 1.0), torch.full((1, 2, 2, 2), 10.0)]
    _, features = proposals(levels, torch.tensor([[64.0, 64.0]]))
    torch.testing.assert_close(features[0], proposals.features + 11)
