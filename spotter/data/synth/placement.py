"""Where blocks of text go in a scene: their rotation, and a free position."""

from __future__ import annotations

import random

import cv2
import numpy as np

from spotter.data.synth.warp import Warp

CELL = 4  # pixels per cell of the map of occupied positions

# Degrees, clockwise. Most signs are nearly level, some run up or down; any other angle is rare.
MAX_STEEP = 115.0  # upright words and somewhat more
SLIGHT_SHARE, SLIGHT = 0.7, (3, 35)
UPRIGHT_SHARE, UPRIGHT_SIGMA = 0.12, 6
HALF_TURN_SHARE = 0.12  # up to 90 degrees; the rest up to 180

CUT_PROBABILITY = 0.06  # of blocks that may lie partly outside the image
MAX_CUT = 0.25  # part of such a block's width or height that may lie outside
RANDOM_TRIES = 6  # positions before the map is searched


def random_angle(rng: random.Random, steep: float = 0.0) -> float:
    """Degrees of a rotated block: mostly small angles, sometimes uniform; a `steep` fraction up to 115
    degrees.
    """
    if steep and rng.random() < steep:
        return rng.uniform(-MAX_STEEP, MAX_STEEP)
    kind = rng.random()
    if kind < SLIGHT_SHARE:
        return rng.choice((-1, 1)) * rng.uniform(*SLIGHT)
    if kind < SLIGHT_SHARE + UPRIGHT_SHARE:
        return rng.choice((-90, 90)) + rng.gauss(0, UPRIGHT_SIGMA)
    half_turn = kind < SLIGHT_SHARE + UPRIGHT_SHARE + HALF_TURN_SHARE
    return rng.uniform(-90, 90) if half_turn else rng.uniform(-180, 180)


def place_block(
    rng: random.Random, warp: Warp, outline: np.ndarray, occupied: np.ndarray, size: tuple[int, int]
) -> Warp | None:
    """The warp moved to a free position, which is marked in `occupied`; None when there is none.

    outline: (P, 2) flat points around the block; occupied: (rows, columns) uint8, one value per cell of CELL
    x CELL pixels; size: height and width of the image.
    """
    points = warp(outline)
    low = points.min(0)
    points = (points - low + (rng.uniform(0, CELL), rng.uniform(0, CELL))) / CELL  # in cells
    columns, rows = (int(v) + 1 for v in points.max(0))
    shape = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(shape, [np.floor(points).astype(np.int32)], 1)
    cut = MAX_CUT if rng.random() < CUT_PROBABILITY else 0.0
    cut_x, cut_y = int(cut * columns), int(cut * rows)
    free_x, free_y = size[1] // CELL - columns, size[0] // CELL - rows
    if free_x + cut_x < 0 or free_y + cut_y < 0:
        return None
    tries = [
        (rng.randint(-cut_x, free_x + cut_x), rng.randint(-cut_y, free_y + cut_y))
        for _ in range(RANDOM_TRIES)
    ]
    if free_x >= 0 and free_y >= 0:  # at last, for crowded scenes, any position with a free bounding box
        free = _free_boxes(occupied, rows, columns)[: free_y + 1, : free_x + 1]
        if len(positions := np.argwhere(free)):
            y, x = positions[rng.randrange(len(positions))]
            tries.append((int(x), int(y)))
    for x, y in tries:
        window = occupied[max(y, 0) : y + rows, max(x, 0) : x + columns]
        part = shape[max(-y, 0) :, max(-x, 0) :][: window.shape[0], : window.shape[1]]
        if not cv2.countNonZero(window & part):
            window |= part
            shift = (points.min(0) + np.array([x, y])) * CELL - low
            return warp.moved(*shift)
    return None


def _free_boxes(occupied: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Whether the box of rows x columns cells that begins at a cell is free, for all cells, bool."""
    sums = cv2.integral(occupied)
    return (
        sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
    ) == 0
