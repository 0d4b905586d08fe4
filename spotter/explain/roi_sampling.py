"""A box cut out of a level by RoIAlign and by RoIPool: the features, what a shift changes, the sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotter.explain.topics.levels import rule, stride_of
from spotter.tracing.trace_cache import once

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

STEP = 0.25  # pixels of the network's input, one nudge
MIN_SIDE = 4.0  # pixels; a box of nothing has no bins to look at


@dataclass(frozen=True)
class Cut:
    """One box, cut out of its level both ways. C channels, N bins a side."""

    box: np.ndarray  # (4,) float32 xyxy, pixels of the trace's image, after the shift
    level: int  # 0..3, P2..P5
    align: np.ndarray  # (C, N, N) float32
    pool: np.ndarray  # (C, N, N) float32


@dataclass(frozen=True)
class Tap:
    """One cell under the samples of a bin."""

    row: int
    column: int
    weight: float  # of the bin's mean


def box_of(trace: Trace, word: int | None) -> np.ndarray:
    """(4,) float32 xyxy of the word's box; on a photo without words, of the surest proposal that lies inside
    the photo, if one does.
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


def cut(trace: Trace, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (M, 4), all of one level -> what RoIAlign and RoIPool give, both (M, C, N, N) float32.

    RoIAlign is the network's own (`spotter/ops/roi_align.py`), with the bins and samples of its stages.
    """
    import torch
    from torchvision.ops import roi_pool

    from spotter.ops.roi_align import pyramid_roi_align

    config, count = trace.config, len(boxes)
    levels = [torch.from_numpy(level[None].astype(np.float32)) for level in trace.levels]
    tensor, first = torch.from_numpy(boxes.astype(np.float32)), torch.zeros(count, dtype=torch.long)
    level, size = rule(boxes[0])[1], (config.roi_size, config.roi_size)
    with torch.inference_mode():
        aligned = pyramid_roi_align(levels, tensor, first, size, config.roi_samples)
        pooled = roi_pool(levels[level], [tensor], size, 1 / stride_of(level))
    return aligned.numpy(), pooled.numpy()


def cut_one(trace: Trace, box: np.ndarray) -> Cut:
    aligned, pooled = cut(trace, box[None])
    return Cut(box, rule(box)[1], aligned[0], pooled[0])


def shifts_of(level: int, step: float = STEP) -> np.ndarray:
    """Shifts that the curve shows, pixels: a cell of the level to either side."""
    reach = max(4, stride_of(level))
    return np.arange(-reach, reach + step / 2, step)


def fine_shifts(level: int) -> np.ndarray:
    """The same, close enough together that a jump looks like one; always 129."""
    ends = shifts_of(level)[[0, -1]]
    return np.linspace(*ends, 129)


def changes(
    trace: Trace, box: np.ndarray, shifts: np.ndarray, axis: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """How far RoIAlign and RoIPool have moved from the unshifted box, both (len(shifts),): the length of the
    difference by that of the unshifted features.
    """
    moves = np.zeros((len(shifts) + 1, 4), np.float32)
    moves[1:, axis] = moves[1:, axis + 2] = shifts
    found = []
    for values in cut(trace, box[None] + moves):
        flat = values.reshape(len(values), -1)
        found.append(np.linalg.norm(flat[1:] - flat[0], axis=1) / max(float(np.linalg.norm(flat[0])), 1e-9))
    return found[0], found[1]


def kept_changes(trace: Trace, box: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    key = ("changes", tuple(float(v) for v in box), axis)
    return once(trace, key, lambda: changes(trace, box, fine_shifts(rule(box)[1]), axis))


def steps_between(trace: Trace, box: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Change of each nudge against the one before, relative to the unshifted features; (nudges,) both."""
    shifts = shifts_of(rule(box)[1])
    moves = np.zeros((len(shifts), 4), np.float32)
    moves[:, axis] = moves[:, axis + 2] = shifts
    found = []
    for values in cut(trace, box[None] + moves):
        flat = values.reshape(len(values), -1)
        middle = float(np.linalg.norm(flat[len(flat) // 2]))
        found.append(np.linalg.norm(np.diff(flat, axis=0), axis=1) / max(middle, 1e-9))
    return found[0], found[1]


def kept_steps(trace: Trace, box: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    key = ("nudges", tuple(float(v) for v in box), axis)
    return once(trace, key, lambda: steps_between(trace, box, axis))


def taps_of(trace: Trace, one: Cut, row: int, column: int) -> tuple[list[Tap], np.ndarray]:
    """The cells under the samples of a bin with their weights, and the samples' places (S, 2), x and y in
    cells, 0 the middle of the first cell. The weights are those the network uses.
    """
    import torch

    from spotter.ops.roi_align import bilinear_weights

    config, stride = trace.config, stride_of(one.level)
    bins, samples = config.roi_size, config.roi_samples
    places, index, weight = [], [], []
    for axis, bin_ in ((0, column), (1, row)):
        ends = [torch.tensor([float(one.box[axis + side]) / stride - 0.5]) for side in (0, 2)]
        limit = torch.tensor([trace.levels[one.level].shape[2 - axis]])
        cells, weights = bilinear_weights(*ends, bins, samples, limit)
        index.append(cells[0, bin_].tolist())
        weight.append((weights[0, bin_] / samples).tolist())
        width = float(ends[1] - ends[0]) / bins
        places.append(float(ends[0]) + width * (bin_ + (np.arange(samples) + 0.5) / samples))
    together: dict[tuple[int, int], float] = {}
    for r, wr in zip(index[1], weight[1], strict=True):
        for c, wc in zip(index[0], weight[0], strict=True):
            together[r, c] = together.get((r, c), 0.0) + wr * wc
    grid = np.stack(np.meshgrid(places[0], places[1]), -1).reshape(-1, 2)
    return [Tap(r, c, w) for (r, c), w in together.items() if w > 0], grid


def pooled_box(one: Cut) -> np.ndarray:
    """(4,) xyxy in cells, the whole cells RoIPool rounds the box to (its last cell belongs to it)."""
    corners = np.floor(one.box / stride_of(one.level) + 0.5)  # C's round, for positive numbers
    return np.array(
        [corners[0], corners[1], max(corners[2], corners[0]) + 1, max(corners[3], corners[1]) + 1]
    )


def strongest_channel(one: Cut) -> int:
    """The channel that differs most between the bins: the one with most to see."""
    return int(one.align.reshape(len(one.align), -1).std(1).argmax())
