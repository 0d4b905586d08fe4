"""Learnable proposals: where the search for words starts (Sparse R-CNN; paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from spotter.ops.device import constant

INITIAL_BOX_SIZE = 1.5  # cells of the grid, so that neighbouring boxes overlap


class Proposals(nn.Module):
    """N learnable boxes and N learnable features, to which a feature of the whole image is added.

    On long images the grid of boxes is repeated, so that it is as dense there as on others.
    """

    def __init__(
        self,
        count: int,
        channels: int,
        grid: tuple[int, int] | None,
        min_grid_coverage: float,
        max_grid_repeats: int,
    ) -> None:
        """Arguments as in `SpotterConfig`; columns * rows of the grid = count."""
        super().__init__()
        self.grid, self.min_coverage, self.max_repeats = grid, min_grid_coverage, max_grid_repeats
        self.boxes = nn.Parameter(initial_boxes(count, grid))  # (N, 4) cx, cy, w, h in 0..1 of the image
        self.features = nn.Parameter(torch.randn(count, channels))

    def forward(self, levels: list[Tensor], image_sizes: Tensor) -> tuple[Tensor, Tensor]:
        """Levels P2..P5, image sizes (B, 2) as width, height in pixels -> boxes (B, M, 4) xyxy in pixels of
        the resized image, features (B, M, C); M is a multiple of N.
        """
        boxes = self.boxes_in_pixels(image_sizes, levels[0].shape[2:])
        image_feature = reduce(torch.add, [level.float().mean((2, 3)) for level in levels])  # (B, C)
        repeats = boxes.shape[1] // len(self.boxes)
        return boxes, self.features.repeat(repeats, 1) + image_feature[:, None]

    def boxes_in_pixels(self, image_sizes: Tensor, padded: Sequence[int]) -> Tensor:
        """Boxes (B, M, 4) xyxy in pixels, on the device of the image sizes (B, 2).

        padded: height and width of the padded batch, the same for all its images, in any unit.
        """
        height, width = padded
        repeats = grid_repeats(width, height, self.min_coverage, self.max_repeats) if self.grid else (1, 1)
        return tile_boxes(self.boxes.to(image_sizes.device), repeats) * image_sizes.repeat(1, 2)[:, None]


def initial_boxes(count: int, grid: tuple[int, int] | None) -> Tensor:
    """(count, 4) cx, cy, w, h in 0..1 of the image: on a grid of (columns, rows), or the whole image."""
    boxes = torch.tensor([0.5, 0.5, 1.0, 1.0]).repeat(count, 1)
    if grid is not None:
        columns, rows = grid
        if columns * rows != count:
            raise ValueError(f"a grid of {columns} x {rows} does not hold {count} proposals")
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        boxes[:, 0], boxes[:, 1] = (x.flatten() + 0.5) / columns, (y.flatten() + 0.5) / rows
        boxes[:, 2], boxes[:, 3] = INITIAL_BOX_SIZE / columns, INITIAL_BOX_SIZE / rows
    return boxes


def grid_repeats(width: int, height: int, min_coverage: float, max_repeats: int) -> tuple[int, int]:
    """How many times the grid is repeated along x and y: one tile covers at least `min_coverage` short sides
    of the long side.
    """
    columns, rows = (int(long / short / min_coverage) for long, short in ((width, height), (height, width)))
    return min(max(columns, 1), max_repeats), min(max(rows, 1), max_repeats)


def tile_boxes(boxes: Tensor, repeats: tuple[int, int]) -> Tensor:
    """Boxes (N, 4) cx, cy, w, h in 0..1 of a tile -> (columns * rows * N, 4) xyxy in 0..1 of the image.

    repeats: (columns, rows) of equal tiles; tiles row by row.
    """
    columns, rows = repeats
    corners = tuple((x, y) for y in range(rows) for x in range(columns))
    corner = constant(corners, boxes.device, boxes.dtype)[:, None]  # (tiles, 1, 2)
    count = constant(repeats, boxes.device, boxes.dtype)
    centre, size = (boxes[:, :2] + corner) / count, (boxes[:, 2:] / count).expand(len(corner), -1, -1)
    return torch.cat([centre - size / 2, centre + size / 2], 2).flatten(0, 1)
