"""Where blocks of text are put on a scene: how they are turned, and a place where nothing is yet."""

from __future__ import annotations

import random

import cv2
import numpy as np

from spotter.data.synth.layout import Warp

CELL = 4  # pixels of a cell of the map of what is taken
STEEPEST = 115.0  # degrees


def random_angle(rng: random.Random, steep: float = 0.0) -> float:
    """Degrees of a rotated block: mostly small, now and then any; a share of them as steep as words get."""
    if steep and rng.random() < steep:
        return rng.uniform(-STEEPEST, STEEPEST)
    kind = rng.random()
    if kind < 0.7:
        return rng.choice((-1, 1)) * rng.uniform(3, 35)
    if kind < 0.82:
        return rng.choice((-90, 90)) + rng.gauss(0, 6)
    return rng.uniform(-90, 90) if kind < 0.94 else rng.uniform(-180, 180)


def free_place(
    rng: random.Random, warp: Warp, outline: np.ndarray, taken: np.ndarray, size: tuple[int, int]
) -> Warp | None:
    """The warp moved to a free place, which it marks in `taken`; None when there is none.

    outline: (P, 2) flat points around the block; size: height and width of the image.
    """
    points = warp(outline)
    low = points.min(0)
    points = (points - low + (rng.uniform(0, CELL), rng.uniform(0, CELL))) / CELL  # in cells
    columns, rows = (int(v) + 1 for v in points.max(0))
    shape = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(shape, [np.floor(points).astype(np.int32)], 1)
    over = 0.25 if rng.random() < 0.06 else 0.0  # of its size, outside of the image
    over_x, over_y = int(over * columns), int(over * rows)
    free_x, free_y = size[1] // CELL - columns, size[0] // CELL - rows
    if free_x + over_x < 0 or free_y + over_y < 0:
        return None
    tries = [(rng.randint(-over_x, free_x + over_x), rng.randint(-over_y, free_y + over_y)) for _ in range(6)]
    if (
        free_x >= 0 and free_y >= 0
    ):  # crowded: any place where the bounding box is free, found by sums over the map
        sums = cv2.integral(taken)
        inside = (
            sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
        )
        free = np.argwhere(inside[: free_y + 1, : free_x + 1] == 0)
        if len(free):
            y, x = free[rng.randrange(len(free))]
            tries.append((int(x), int(y)))
    for x, y in tries:
        window = taken[max(y, 0) : y + rows, max(x, 0) : x + columns]
        part = shape[max(-y, 0) :, max(-x, 0) :][: window.shape[0], : window.shape[1]]
        if not cv2.countNonZero(window & part):
            window |= part
            shift = (points.min(0) + np.array([x, y])) * CELL - low
            return warp.moved(*shift)
    return None
