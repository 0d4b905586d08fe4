"""Rotated regions of interest, so that a tilted or vertical word runs from left to right when it is read.

The published spotter reads axis-aligned boxes. An RoI here is (centre x, centre y, width, height, angle) in
pixels of the resized image and radians, clockwise from the image's x axis to the reading direction (Ma et al.
2018, rotated RoI pooling).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from spotter.ops.device import constant

# Degrees tried for a word's RoI. A steeper word gets a vertical RoI, which is read after a quarter turn.
ANGLES = tuple(range(-45, 46))


def boxes_to_rois(boxes: Tensor) -> Tensor:
    """Boxes (R, 4) xyxy -> the same rectangles as RoIs (R, 5) with angle 0."""
    corner, other = boxes.float().unflatten(1, (2, 2)).unbind(1)
    return torch.cat([(corner + other) / 2, other - corner, torch.zeros_like(corner[:, :1])], 1)


def rois_around(points: Tensor, angles: Tensor) -> Tensor:
    """The smallest RoIs (R, A, 5) of given angles (A,) around sets of points (R, K, 2) x, y."""
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]  # (A, 1)
    x, y = points[:, None, :, 0], points[:, None, :, 1]  # (R, 1, K)
    (left, right), (top, bottom) = (
        (v.amin(2), v.amax(2)) for v in (x * cos + y * sin, y * cos - x * sin)
    )  # (R, A) each, along the axes of the RoI
    along, across = (right + left) / 2, (bottom + top) / 2
    cos, sin = cos[:, 0], sin[:, 0]
    return torch.stack(
        [
            along * cos - across * sin,
            along * sin + across * cos,
            right - left,
            bottom - top,
            angles.expand_as(along),
        ],
        2,
    )


def min_area_rois(boxes: Tensor, masks: Tensor, min_rect_area_ratio: float | None) -> Tensor:
    """RoIs (R, 5) along the words whose masks (R, s, s) bool lie over boxes (R, 4) xyxy.

    An RoI is the smallest rectangle around the mask, at any of ANGLES, if its area is below
    `min_rect_area_ratio` times that of the axis-aligned rectangle around the mask; otherwise, and with None,
    it is the box.
    """
    rois = boxes_to_rois(boxes)
    if min_rect_area_ratio is None or not len(boxes):
        return rois
    boxes, size = boxes.detach().float(), masks.shape[2]
    cell = ((boxes[:, 2:] - boxes[:, :2]) / size)[:, None]  # (R, 1, 2) pixels
    angles = torch.deg2rad(constant(ANGLES, boxes.device))
    around = rois_around(mask_extreme_points(masks) * cell, angles)  # (R, A, 5), from the box's upper left
    # The points are centres of cells: half a cell on either side belongs to the word too.
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    axes = torch.stack([torch.cat([cos, sin], 1), torch.cat([sin, cos], 1)]).abs()  # (2, A, 2)
    sides = around[..., 2:4] + (cell @ axes.flatten(0, 1).T / 2).unflatten(2, (2, -1)).squeeze(1).mT
    area = sides.prod(2)  # (R, A)
    row, best = torch.arange(len(boxes), device=boxes.device), area.argmin(1)
    tilted = torch.cat(
        [around[row, best, :2] + boxes[:, :2], sides[row, best], around[row, best, 4:]],
        1,
    )
    smaller = area[row, best] < min_rect_area_ratio * area[:, ANGLES.index(0)]
    return torch.where(smaller[:, None], tilted, rois)


def mask_extreme_points(masks: Tensor) -> Tensor:
    """Centres of each row's first and last cell of masks (R, s, s), (R, 2s, 2) x, y in cells; their convex
    hull is the mask's. Rows without a cell repeat the mean of the others; all points of an empty mask are 0.
    """
    size = masks.shape[2]
    centres = torch.arange(size, device=masks.device) + 0.5
    first = torch.where(masks, centres, torch.inf).amin(2)
    last = torch.where(masks, centres, -torch.inf).amax(2)
    points = torch.stack([torch.cat([first, last], 1), centres.repeat(2).expand(len(masks), -1)], 2)
    filled = masks.any(2).repeat(1, 2)[..., None]  # (R, 2s, 1)
    mean = (points.masked_fill(~filled, 0).sum(1) / filled.sum(1).clamp(min=1))[:, None]
    return torch.where(filled, points, mean)


def rotate_quarter_turns(rois: Tensor, quarters: Tensor) -> Tensor:
    """The same rectangles (R, 5), read in a direction `quarters` (R,) int clockwise quarter turns further."""
    x, y, width, height, angle = rois.unbind(1)
    odd = quarters % 2 == 1
    width, height = torch.where(odd, height, width), torch.where(odd, width, height)
    angle = angle + quarters * (math.pi / 2)
    return torch.stack([x, y, width, height, torch.atan2(angle.sin(), angle.cos())], 1)


def is_vertical(rois: Tensor, aspect_ratio: float | None) -> Tensor:
    """Whether height / width of RoIs (R, 5) exceeds a ratio, (R,) bool; None disables the check."""
    if aspect_ratio is None:
        return torch.zeros(len(rois), dtype=torch.bool, device=rois.device)
    return rois[:, 3] > aspect_ratio * rois[:, 2]


def image_to_roi(points: Tensor, rois: Tensor) -> Tensor:
    """Points (R, K, 2) x, y of the image -> their place in their RoI (R, 5), 0..1 along its width and height;
    NaN stays NaN.
    """
    offset = points - rois[:, None, :2]
    cos, sin = rois[:, None, 4].cos(), rois[:, None, 4].sin()
    x, y = offset.unbind(2)
    turned = torch.stack([x * cos + y * sin, y * cos - x * sin], 2)
    return turned / rois[:, None, 2:4].clamp(min=1) + 0.5


def roi_grid(rois: Tensor, rows: int, columns: int) -> Tensor:
    """Centres of a grid of cells over each RoI (R, 5), (R, rows, columns, 2) x, y of the image."""
    u = (torch.arange(columns, device=rois.device) + 0.5) / columns - 0.5
    v = (torch.arange(rows, device=rois.device) + 0.5) / rows - 0.5
    x, y, width, height, angle = (each[:, None, None] for each in rois.unbind(1))
    along, across = width * u, height * v[:, None]
    return torch.stack(
        [x + along * angle.cos() - across * angle.sin(), y + along * angle.sin() + across * angle.cos()], 3
    )


def resample_masks(rois: Tensor, boxes: Tensor, masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Masks (R, s, s) over boxes (R, 4) xyxy, resampled over RoIs (R, 5): (R, *size), bilinear, 0 where an
    RoI leaves its box.
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
