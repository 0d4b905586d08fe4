"""Augmentation of the words of a batch: their geometry on the host (`augmentation` has the conventions)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spotter.data.data_config import AugmentationConfig
from spotter.data.targets import MAP_STRIDE, MIN_SIDE, fill_text_map
from spotter.data.word_arrays import WordArrays
from spotter.ops.polygons import signed_area


@dataclass
class AugmentedWords:
    """The words of B augmented images, image after image: G to be trained and I ignored ones."""

    image: np.ndarray  # (G,) int64, the image of each
    boxes: np.ndarray  # (G, 4) float32 xyxy, clipped to the image
    words: WordArrays  # G, in pixels of the augmented image, not clipped
    heights: np.ndarray  # (G,) pixels
    areas: np.ndarray  # (G,) square pixels
    ignore_image: np.ndarray  # (I,) int64
    ignore_boxes: np.ndarray  # (I, 4) float32 xyxy, clipped to the image
    ignore_maps: np.ndarray  # (B, H/4, W/4) uint8, 1 where a word of the scene is no longer trained on


def augment_words(
    words: WordArrays,
    image: np.ndarray,
    matrices: np.ndarray,
    size: tuple[int, int],
    config: AugmentationConfig,
) -> AugmentedWords:
    """Moves words (G) with their images; image: (G,) the image of each, ascending; matrices: (B, 2, 3).

    size: width and height in pixels. Words that are cut off or too low become ignored; those outside the
    image and those with a side under `MIN_SIDE` are dropped.
    """
    linear, shift = matrices[image, :, :2].transpose(0, 2, 1), matrices[image, None, :, 2]
    polygons, centres = words.polygons @ linear + shift, words.centres @ linear + shift
    low, high = polygons.min(1), polygons.max(1)
    heights, areas = heights_and_areas(polygons)
    is_cut = (low < -config.max_cut).any(1) | (high > np.array(size) + config.max_cut).any(1)
    ignore = words.ignore | is_cut | (heights < config.min_word_height)
    boxes = np.concatenate([low.clip(0, size), high.clip(0, size)], 1).astype(np.float32)
    is_large = (boxes[:, 2:] - boxes[:, :2]).min(1) >= MIN_SIDE
    trained, ignored = ~ignore & is_large, ignore & is_large
    maps = np.zeros((len(matrices), size[1] // MAP_STRIDE, size[0] // MAP_STRIDE), np.uint8)
    for g in np.flatnonzero(~trained & ~words.ignore):
        fill_text_map(maps[image[g]], polygons[g], 1)
    return AugmentedWords(
        image=image[trained],
        boxes=boxes[trained],
        words=WordArrays(polygons[trained], words.text[trained], centres[trained], words.ignore[trained]),
        heights=heights[trained],
        areas=areas[trained],
        ignore_image=image[ignored],
        ignore_boxes=boxes[ignored],
        ignore_maps=maps,
    )


def heights_and_areas(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G,) height and (G,) area of polygons (G, P, 2).

    The height is the shorter side of the rectangle with the same area and perimeter, so that it is also
    right for a curved word.
    """
    following = np.roll(polygons, -1, 1)
    areas = np.abs(signed_area(polygons))
    quarter = np.hypot(*np.moveaxis(following - polygons, -1, 0)).sum(1) / 4  # of the perimeter
    return quarter - np.sqrt(np.maximum(quarter**2 - areas, 0)), areas


def draw_cutouts(
    words: AugmentedWords,
    count: int,
    size: tuple[int, int],
    config: AugmentationConfig,
    generator: torch.Generator,
) -> list[np.ndarray]:
    """Rectangles that hide parts of words: for each of `count` images (N, 4) int64 xyxy in pixels.

    size: width and height of the images in pixels.
    """
    chosen = torch.rand(count, generator=generator) < config.cutout_probability
    rectangles = [np.zeros((0, 4), np.int64)] * count
    for b in np.flatnonzero(chosen.numpy()):
        here = words.image == b
        if not here.any():
            continue
        boxes, areas = words.boxes[here], words.areas[here]
        number = int(torch.randint(1, config.max_cutouts + 1, (), generator=generator))
        on = torch.randint(len(boxes), (number,), generator=generator).numpy()  # the word of each rectangle
        position, extent = torch.rand(2, number, 2, generator=generator).numpy()
        share = config.min_cutout_side + (config.max_cutout_side - config.min_cutout_side) * extent
        sides = share * words.heights[here][on, None]
        corner = boxes[on, :2] + position * (boxes[on, 2:] - boxes[on, :2]) - sides / 2
        found = np.concatenate([corner.clip(0, size), (corner + sides).clip(0, size)], 1).round().astype(int)
        low, high = np.maximum(found[:, None, :2], boxes[:, :2]), np.minimum(found[:, None, 2:], boxes[:, 2:])
        hidden = ((high - low).clip(0).prod(-1) / areas).cumsum(0).max(1)  # (N,) of the word hidden most
        covered = (found[:, 2:] - found[:, :2]).prod(1).cumsum() / (size[0] * size[1])
        rectangles[b] = found[(hidden <= config.max_hidden) & (covered <= config.max_covered)]
    return rectangles


def rasterise_batch(polygons: Tensor, boxes: Tensor, size: int) -> Tensor:
    """The masks of polygons (M, P, 2) inside boxes (M, 4) xyxy: (M, size, size) uint8.

    The same masks as those of `polygons.rasterise`. Repeated points change nothing.
    """
    polygons, boxes = polygons.double(), boxes.double()
    corner, extent = boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]
    start = (polygons - corner) / extent.clamp(min=1e-6) * size
    end = start.roll(-1, 1)
    (x1, y1), (x2, y2) = start[:, None].unbind(-1), end[:, None].unbind(-1)  # (M, 1, P)
    y = (torch.arange(size, device=polygons.device) + 0.5)[:, None]
    crosses = (y1 <= y) != (y2 <= y)  # (M, rows, P)
    x = x1 + (y - y1) / torch.where(crosses, y2 - y1, 1.0) * (x2 - x1)
    # A crossing turns inside to outside, and back, in all columns from the first with its centre beyond it.
    column = (x - 0.5).ceil().clamp(0, size).long()
    turns = torch.zeros(*crosses.shape[:2], size + 1, dtype=torch.int32, device=polygons.device)
    turns.scatter_add_(2, column, crosses.int())
    return (turns[..., :size].cumsum(2) % 2).to(torch.uint8)
