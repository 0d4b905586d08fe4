"""Learnable proposals: where the search for words starts (Sparse R-CNN; paper, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotter.ops.device import constant

# A grid covers at least so much of an image's long side, in parts of the short one: on 1280 x 720 it is laid
# three times, which finds more words than two or four.
LEAST_PART = 0.58
MOST_GRIDS = 4  # whatever the image: the stages' attention costs the square of the proposals


class Proposals(nn.Module):
    """N learnable boxes and N learnable features, to which a feature of the whole image is added."""

    def __init__(self, count: int, channels: int, grid: tuple[int, int] | None) -> None:
        """`grid`: (columns, rows) the boxes start on, columns * rows = count; None: all start as the whole
        image.
        """
        super().__init__()
        self.grid = grid
        boxes = torch.tensor([0.5, 0.5, 1.0, 1.0]).repeat(count, 1)
        if grid is not None:
            columns, rows = grid
            if columns * rows != count:
                raise ValueError(f"a grid of {columns} x {rows} does not hold {count} proposals")
            y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            boxes[:, 0], boxes[:, 1] = (x.flatten() + 0.5) / columns, (y.flatten() + 0.5) / rows
            boxes[:, 2], boxes[:, 3] = 1.5 / columns, 1.5 / rows
        self.boxes = nn.Parameter(boxes)  # (N, 4) cx, cy, w, h in 0..1 of the image
        self.features = nn.Parameter(torch.randn(count, channels))

    def forward(self, levels: list[Tensor], image_sizes: Tensor) -> tuple[Tensor, Tensor]:
        """Levels P2..P5, image sizes (B, 2) as width, height in pixels -> boxes (B, N, 4) xyxy in pixels
        of the resized image, features (B, N, C).

        A grid is laid more than once over a long image: N is a multiple of the learnt count.
        """
        boxes = self.boxes_over(image_sizes, levels[0].shape[2:])
        image_feature = sum(level.float().mean((2, 3)) for level in levels)  # (B, C)
        times = boxes.shape[1] // len(self.boxes)
        return boxes, self.features.repeat(times, 1) + image_feature[:, None]

    def boxes_over(self, image_sizes: Tensor, padded: tuple[int, int]) -> Tensor:
        """Boxes (B, N, 4) xyxy in pixels, on the device of the image sizes (B, 2).

        padded: height and width of the padded batch, the same for all its images, in any unit.
        """
        height, width = padded
        times = grids(width, height) if self.grid else (1, 1)
        return laid(self.boxes.to(image_sizes.device), times) * image_sizes.repeat(1, 2)[:, None]


def grids(width: int, height: int) -> tuple[int, int]:
    """Columns and rows of grids side by side over an image, so that their proposals lie close enough."""
    columns, rows = (int(long / short / LEAST_PART) for long, short in ((width, height), (height, width)))
    return min(max(columns, 1), MOST_GRIDS), min(max(rows, 1), MOST_GRIDS)


def laid(boxes: Tensor, times: tuple[int, int]) -> Tensor:
    """Boxes (N, 4) cx, cy, w, h in 0..1 of their part -> (columns * rows * N, 4) xyxy in 0..1 of the image.

    times: (columns, rows) of parts of equal size that share the image; row after row.
    """
    columns, rows = times
    corners = tuple((x, y) for y in range(rows) for x in range(columns))
    corner = constant(corners, boxes.device, boxes.dtype)[:, None]  # (parts, 1, 2)
    count = constant(times, boxes.device, boxes.dtype)
    centre, size = (boxes[:, :2] + corner) / count, (boxes[:, 2:] / count).expand(len(corner), -1, -1)
    return torch.cat([centre - size / 2, centre + size / 2], 2).flatten(0, 1)
