"""Learnable proposals: where the search for words starts (Sparse R-CNN; paper, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Proposals(nn.Module):
    """N learnable boxes and N learnable features, to which a feature of the whole image is added."""

    def __init__(self, count: int, channels: int, grid: tuple[int, int] | None) -> None:
        """`grid`: (columns, rows) the boxes start on, columns * rows = count; None: all start as the whole
        image.
        """
        super().__init__()
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
        of the resized image, features (B, N, C)."""
        centre, size = self.boxes.split(2, dim=1)
        boxes = torch.cat([centre - size / 2, centre + size / 2], 1) * image_sizes.repeat(1, 2)[:, None]
        image_feature = sum(level.float().mean((2, 3)) for level in levels)  # (B, C)
        return boxes, self.features + image_feature[:, None]
