"""Regions of interest of any angle, so that a tilted or upright word runs from left to right when it is read.

The published spotter cuts boxes. An RoI here is (centre x, centre y, width, height, angle): pixels of the
resized image, and radians from the image's x axis, with the clock, to the direction in which it is read
(Ma et al. 2018, rotated RoI pooling; sampled as RoIAlign samples).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from spotter.ops.device import constant
from spotter.ops.roi_align import (
    CANONICAL_SIZE,
    FINEST_STRIDE,
    assign_levels_by_size,
    roi_align_backend,
    sample_levels,
    flatten_pyramid,
)

ANGLES = tuple(range(-45, 46))  # degrees that a word's RoI may have; steeper words are a quarter turn further


def boxes_to_rois(boxes: Tensor) -> Tensor:
    """(R, 4) xyxy -> (R, 5) level RoIs."""
    corner, other = boxes.float().unflatten(1, (2, 2)).unbind(1)
    return torch.cat([(corner + other) / 2, other - corner, torch.zeros_like(corner[:, :1])], 1)


def min_area_rois(boxes: Tensor, masks: Tensor, smaller: float | None) -> Tensor:
    """RoIs (R, 5) along the words in boxes (R, 4) xyxy, whose masks (R, s, s) bool lie over their boxes.

    Where the smallest rectangle around a mask, of ANGLES, has less than `smaller` times the area of the level
    one, the RoI is that rectangle; elsewhere, and with None, it is the box.
    """
    rois = boxes_to_rois(boxes)
    if smaller is None or not len(boxes):
        return rois
    boxes, size = boxes.detach().float(), masks.shape[2]
    cell = ((boxes[:, 2:] - boxes[:, :2]) / size)[:, None]  # (R, 1, 2) pixels
    points = mask_extreme_points(masks) * cell
    angles = torch.deg2rad(constant(ANGLES, boxes.device))
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]  # (A, 1)
    x, y = points[:, None, :, 0], points[:, None, :, 1]  # (R, 1, 2s)
    low, high = zip(*((v.amin(2), v.amax(2)) for v in (x * cos + y * sin, y * cos - x * sin)), strict=True)
    # The points are centres of cells: of what lies outside them, half is the word's.
    axes = torch.stack([torch.cat([cos, sin], 1), torch.cat([sin, cos], 1)]).abs()  # (2, A, 2)
    sides = (
        torch.stack(high, 2)
        - torch.stack(low, 2)
        + (cell @ axes.flatten(0, 1).T / 2).unflatten(2, (2, -1)).squeeze(1).mT
    )
    area = sides.prod(2)  # (R, A)
    best = area.argmin(1)
    row = torch.arange(len(boxes), device=boxes.device)
    along, across = ((b + a)[row, best] / 2 for a, b in zip(low, high, strict=True))
    angle, level = angles[best], area[:, ANGLES.index(0)]
    tilted = torch.stack(
        [
            along * angle.cos() - across * angle.sin() + boxes[:, 0],
            along * angle.sin() + across * angle.cos() + boxes[:, 1],
            *sides[row, best].unbind(1),
            angle,
        ],
        1,
    )
    return torch.where((area[row, best] < smaller * level)[:, None], tilted, rois)


def mask_extreme_points(masks: Tensor) -> Tensor:
    """The centres of each row's first and last cell of masks (R, s, s), (R, 2s, 2) x, y in cells: their
    convex hull is the mask's. For rows without a cell a middle stands in; an empty mask has one point.
    """
    size = masks.shape[2]
    centres = torch.arange(size, device=masks.device) + 0.5
    first = torch.where(masks, centres, torch.inf).amin(2)
    last = torch.where(masks, centres, -torch.inf).amax(2)
    points = torch.stack([torch.cat([first, last], 1), centres.repeat(2).expand(len(masks), -1)], 2)
    some = masks.any(2).repeat(1, 2)[..., None]  # (R, 2s, 1)
    middle = (points.masked_fill(~some, 0).sum(1) / some.sum(1).clamp(min=1))[:, None]
    return torch.where(some, points, middle)


def rotate_quarter_turns(rois: Tensor, quarters: Tensor) -> Tensor:
    """The same rectangles, read in a direction so many quarter turns further with the clock, (R,) int."""
    x, y, width, height, angle = rois.unbind(1)
    odd = quarters % 2 == 1
    width, height = torch.where(odd, height, width), torch.where(odd, width, height)
    angle = angle + quarters * (math.pi / 2)
    return torch.stack([x, y, width, height, torch.atan2(angle.sin(), angle.cos())], 1)


def is_vertical(rois: Tensor, times: float | None) -> Tensor:
    """(R, 5) -> (R,) bool, RoIs more than so many times as tall as wide; None: none is."""
    if times is None:
        return torch.zeros(len(rois), dtype=torch.bool, device=rois.device)
    return rois[:, 3] > times * rois[:, 2]


def image_to_roi(points: Tensor, rois: Tensor) -> Tensor:
    """Points (R, K, 2) x, y of the image to where they lie over their RoI (R, 5): 0..1 along its width and
    height.
    """
    offset = points - rois[:, None, :2]
    cos, sin = rois[:, None, 4].cos(), rois[:, None, 4].sin()
    x, y = offset.unbind(2)
    turned = torch.stack([x * cos + y * sin, y * cos - x * sin], 2)
    return turned / rois[:, None, 2:4].clamp(min=1) + 0.5


def roi_grid(rois: Tensor, rows: int, columns: int) -> Tensor:
    """The centres of a grid of cells over each RoI (R, 5), (R, rows, columns, 2) x, y of the image."""
    u = (torch.arange(columns, device=rois.device) + 0.5) / columns - 0.5
    v = (torch.arange(rows, device=rois.device) + 0.5) / rows - 0.5
    x, y, width, height, angle = (each[:, None, None] for each in rois.unbind(1))
    along, down = width * u, height * v[:, None]
    return torch.stack(
        [x + along * angle.cos() - down * angle.sin(), y + along * angle.sin() + down * angle.cos()], 3
    )


def rotated_roi_align(
    levels: list[Tensor],
    rois: Tensor,
    image_index: Tensor,
    size: tuple[int, int],
    samples: int = 2,
    canonical: float = CANONICAL_SIZE,
) -> Tensor:
    """What each RoI (M, 5) sees, on the level that fits its own size; all else as in `pyramid_roi_align`,
    which this is for level RoIs. Returns (M, C, *size). `set_roi_align_backend` chooses the implementation.
    """
    c, (rows, columns) = levels[0].shape[1], size
    rois = rois.detach().float()
    chosen = assign_levels_by_size(rois[:, 2], rois[:, 3], len(levels), canonical)
    stride = (FINEST_STRIDE * 2.0**chosen)[:, None, None, None]
    place = roi_grid(rois, rows * samples, columns * samples) / stride - 0.5
    if roi_align_backend() == "grid_sample":
        return sample_levels(levels, chosen, image_index, *place.unbind(3), samples)
    table, cells, first = flatten_pyramid(levels)
    place = place.nan_to_num(-2)  # outside
    height, width = (each[:, None, None] for each in cells[chosen].unbind(1))
    x, y = place.unbind(3)
    inside = (x >= -1) & (x <= width) & (y >= -1) & (y <= height)
    x, y = torch.minimum(x.clamp(min=0), width - 1.0), torch.minimum(y.clamp(min=0), height - 1.0)
    left, top = x.long(), y.long()
    right, bottom = torch.minimum(left + 1, width - 1), torch.minimum(top + 1, height - 1)
    x, y = x - left, y - top
    start = (first[chosen] + image_index * cells.prod(1)[chosen])[:, None, None]
    upper, lower = start + top * width, start + bottom * width
    index = torch.stack([upper + left, upper + right, lower + left, lower + right], 3)
    weight = torch.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], 3)
    weight = weight * (inside / samples**2)[..., None]
    bags = [
        each.view(-1, rows, samples, columns, samples, 4).transpose(2, 3).reshape(-1, 4 * samples**2)
        for each in (index, weight)
    ]
    out = F.embedding_bag(bags[0], table, per_sample_weights=bags[1].to(table.dtype), mode="sum")
    return out.view(len(rois), rows, columns, c).permute(0, 3, 1, 2)


def resample_masks(rois: Tensor, boxes: Tensor, masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Masks (R, s, s) that lie over boxes (R, 4), as they lie over RoIs (R, 5): (R, *size), bilinear, 0 where
    an RoI reaches out of its box.
    """
    rois, boxes = rois.detach().float(), boxes.detach().float()  # reading moves no box
    points = roi_grid(rois, *size)
    corner, extent = boxes[:, None, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None, None]
    place = (points - corner) / extent.clamp(min=1e-6) * 2 - 1
    over = F.grid_sample(
        masks[:, None].float(), place, mode="bilinear", padding_mode="border", align_corners=False
    )[:, 0]
    outside = (place.abs() > 1 + 1 / masks.shape[2]).any(3)
    return over.masked_fill(outside, 0)
