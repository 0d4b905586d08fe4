"""A box pooled from a level by RoIAlign and by RoIPool: features, effect of a shift, sampling points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotter.explain.topics.levels import level_rule, stride_of
from spotter.tracing.trace_cache import cached

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

STEP = 0.25  # pixels of the network's input per nudge
MIN_SIDE = 4.0  # pixels; an empty box has no bins


@dataclass(frozen=True)
class PooledBox:
    """One box, pooled from its level by both operators. C channels, N bins per side."""

    box: np.ndarray  # (4,) float32 xyxy, pixels of the trace's image, after the shift
    level: int  # 0..3, P2..P5
    align: np.ndarray  # (C, N, N) float32
    pool: np.ndarray  # (C, N, N) float32


@dataclass(frozen=True)
class CellWeight:
    """The weight of one cell in a bin."""

    row: int
    column: int
    weight: float  # of the bin's mean


def box_of(trace: Trace, word: int | None) -> np.ndarray:
    """(4,) float32 xyxy, the box of the word; on a photo without words, of the most confident proposal,
    preferably one inside the photo.
    """
    if word is None:
        height, width = trace.image.shape[:2]
        boxes, scores = trace.boxes[-1], trace.scores[-1]
        inside = (boxes[:, :2] >= 0).all(1) & (boxes[:, 2:] <= [width, height]).all(1)
        best = boxes[int(np.where(inside, scores, scores - 1).argmax())]
    else:
        best = trace.box(word)
    x1, y1, x2, y2 = np.nan_to_num(best)
    return np.array([x1, y1, max(x2, x1 + MIN_SIDE), max(y2, y1 + MIN_SIDE)], np.float32)


def pool_boxes(trace: Trace, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """RoIAlign and RoIPool of boxes (M, 4), all of one level, both (M, C, N, N) float32.

    RoIAlign is the network's own (`spotter/ops/roi_align.py`), with the bins and samples of its stages.
    """
    import torch
    from torchvision.ops import roi_pool

    from spotter.ops.roi_align import pyramid_roi_align

    config, count = trace.config, len(boxes)
    levels = [torch.from_numpy(level[None].astype(np.float32)) for level in trace.levels]
    tensor, first = torch.from_numpy(boxes.astype(np.float32)), torch.zeros(count, dtype=torch.long)
    level, size = level_rule(boxes[0])[1], (config.roi_size, config.roi_size)
    with torch.inference_mode():
        aligned = pyramid_roi_align(levels, tensor, first, size, config.roi_samples)
        pooled = roi_pool(levels[level], [tensor], size, 1 / stride_of(level))
    return aligned.numpy(), pooled.numpy()


def pool_box(trace: Trace, box: np.ndarray) -> PooledBox:
    aligned, pooled = pool_boxes(trace, box[None])
    return PooledBox(box, level_rule(box)[1], aligned[0], pooled[0])


def curve_shifts(level: int, step: float = STEP) -> np.ndarray:
    """Shifts of the curve, in pixels: up to one cell of the level to either side."""
    reach = max(4, stride_of(level))
    return np.arange(-reach, reach + step / 2, step)


def fine_shifts(level: int) -> np.ndarray:
    """129 shifts over the same range, dense enough to show a jump as a jump."""
    ends = curve_shifts(level)[[0, -1]]
    return np.linspace(float(ends[0]), float(ends[1]), 129)


def changes(
    trace: Trace, box: np.ndarray, shifts: np.ndarray, axis: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Relative change of RoIAlign and RoIPool against the unshifted box, both (len(shifts),): norm of the
    difference over norm of the unshifted features.
    """
    moves = np.zeros((len(shifts) + 1, 4), np.float32)
    moves[1:, axis] = moves[1:, axis + 2] = shifts
    found = []
    for values in pool_boxes(trace, box[None] + moves):
        flat = values.reshape(len(values), -1)
        found.append(np.linalg.norm(flat[1:] - flat[0], axis=1) / max(float(np.linalg.norm(flat[0])), 1e-9))
    return found[0], found[1]


def cached_changes(trace: Trace, box: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    key = ("changes", tuple(float(v) for v in box), axis)
    return cached(trace, key, lambda: changes(trace, box, fine_shifts(level_rule(box)[1]), axis))


def step_changes(trace: Trace, box: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Change from each nudge to the next, relative to the unshifted features, both (nudges,)."""
    shifts = curve_shifts(level_rule(box)[1])
    moves = np.zeros((len(shifts), 4), np.float32)
    moves[:, axis] = moves[:, axis + 2] = shifts
    found = []
    for values in pool_boxes(trace, box[None] + moves):
        flat = values.reshape(len(values), -1)
        middle = float(np.linalg.norm(flat[len(flat) // 2]))
        found.append(np.linalg.norm(np.diff(flat, axis=0), axis=1) / max(middle, 1e-9))
    return found[0], found[1]


def cached_step_changes(trace: Trace, box: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    key = ("nudges", tuple(float(v) for v in box), axis)
    return cached(trace, key, lambda: step_changes(trace, box, axis))


def bin_weights(trace: Trace, one: PooledBox, row: int, column: int) -> tuple[list[CellWeight], np.ndarray]:
    """The cells of a bin with the weights that the network uses, and its sampling points (S, 2), x and y in
    cells, 0 the centre of the first cell.
    """
    import torch

    from spotter.ops.roi_align import bilinear_weights

    config, stride = trace.config, stride_of(one.level)
    bins, samples = config.roi_size, config.roi_samples
    places, index, weight = [], [], []
    for axis, bin_ in ((0, column), (1, row)):
        start, end = (torch.tensor([float(one.box[axis + side]) / stride - 0.5]) for side in (0, 2))
        limit = torch.tensor([trace.levels[one.level].shape[2 - axis]])
        cells, weights = bilinear_weights(start, end, bins, samples, limit)
        index.append(cells[0, bin_].tolist())
        weight.append((weights[0, bin_] / samples).tolist())
        width = float(end - start) / bins
        places.append(float(start) + width * (bin_ + (np.arange(samples) + 0.5) / samples))
    together: dict[tuple[int, int], float] = {}
    for r, wr in zip(index[1], weight[1], strict=True):
        for c, wc in zip(index[0], weight[0], strict=True):
            together[r, c] = together.get((r, c), 0.0) + wr * wc
    grid = np.stack(np.meshgrid(places[0], places[1]), -1).reshape(-1, 2)
    return [CellWeight(r, c, w) for (r, c), w in together.items() if w > 0], grid


def rounded_box(one: PooledBox) -> np.ndarray:
    """(4,) xyxy in cells, the box as RoIPool rounds it to whole cells (the last one included)."""
    corners = np.floor(one.box / stride_of(one.level) + 0.5)  # C's round, for positive numbers
    return np.array(
        [corners[0], corners[1], max(corners[2], corners[0]) + 1, max(corners[3], corners[1]) + 1]
    )


def strongest_channel(one: PooledBox) -> int:
    """The channel with the largest standard deviation over the bins."""
    return int(one.align.reshape(len(one.align), -1).std(1).argmax())
