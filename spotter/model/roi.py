"""RoIAlign over the feature pyramid (He et al. 2017; the level rule is that of FPN, equation 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import roi_align

FINEST_STRIDE = 4
CANONICAL_SIZE = 224.0  # pixels of the resized image; a box of this side belongs to P4


def level_of(boxes: Tensor, levels: int = 4, canonical: float = CANONICAL_SIZE) -> Tensor:
    """(M, 4) xyxy pixels -> (M,) int64, 0 for P2: floor(4 + log2(sqrt(area) / canonical)), clamped to
    P2..P5.
    """
    return level_of_size(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1], levels, canonical)


def level_of_size(
    width: Tensor, height: Tensor, levels: int = 4, canonical: float = CANONICAL_SIZE
) -> Tensor:
    """`level_of` for widths and heights (M,)."""
    size = (width * height).clamp(min=0).sqrt()
    level = torch.floor(4 + torch.log2(size / canonical + 1e-8))
    return (level - 2).nan_to_num(0).clamp(0, levels - 1).long()  # boxes of a run that diverges are NaN


def pyramid_roi_align(
    levels: list[Tensor],
    boxes: Tensor,
    image_index: Tensor,
    size: tuple[int, int],
    samples: int = 2,
    canonical: float = CANONICAL_SIZE,
) -> Tensor:
    """What each box sees, on the level that fits its size. A bin is the mean of samples x samples bilinear
    samples.

    `levels`: P2..P5, (B, C, H/stride, W/stride); `boxes`: (M, 4) xyxy, pixels of the resized image;
    `image_index`: (M,); `canonical`: see `level_of`. Returns (M, C, *size). On the CPU `table_roi_align`
    takes the place of torchvision's kernel, which has no bfloat16, copies every level at each call, and takes
    5 to 10 times as long.
    """
    align = table_roi_align if levels[0].device.type == "cpu" else kernel_roi_align
    return align(levels, boxes, image_index, size, samples, canonical)


def kernel_roi_align(
    levels: list[Tensor],
    boxes: Tensor,
    image_index: Tensor,
    size: tuple[int, int],
    samples: int = 2,
    canonical: float = CANONICAL_SIZE,
) -> Tensor:
    """`pyramid_roi_align` by torchvision's kernel."""
    rois = torch.cat([image_index[:, None].to(boxes), boxes], 1).float()
    chosen = level_of(boxes, len(levels), canonical)
    out = rois.new_zeros(len(boxes), levels[0].shape[1], *size)
    for i, level in enumerate(levels):
        scale = 1 / (FINEST_STRIDE * 2**i)
        mine = torch.nonzero(chosen == i).squeeze(1)
        if len(mine):
            out[mine] = roi_align(level.float(), rois[mine], size, scale, samples, aligned=True)
    return out


def bilinear_taps(
    start: Tensor, end: Tensor, bins: int, samples: int, limit: Tensor
) -> tuple[Tensor, Tensor]:
    """Along one axis: the two cells under each sample of each bin, and their weights.

    `start`, `end` (M,) in cells, 0 the centre of the first cell; `limit` (M,) cells of the level. Returns
    index and weight, both (M, bins, 2 * samples). A sample more than a cell outside weighs nothing, as in
    torchvision.
    """
    offset = (torch.arange(bins * samples, device=start.device) + 0.5) / samples
    place = start[:, None] + offset * ((end - start) / bins)[:, None]
    place = place.nan_to_num(-2)  # outside
    last = (limit - 1)[:, None]
    inside = ((place >= -1) & (place <= limit[:, None])).to(place.dtype)
    place = torch.minimum(place.clamp(min=0), last.to(place.dtype))
    low = place.floor().long()
    weight = place - low
    index = torch.stack([low, torch.minimum(low + 1, last)], 2)
    weights = torch.stack([(1 - weight) * inside, weight * inside], 2)
    return index.view(len(start), bins, 2 * samples), weights.view(len(start), bins, 2 * samples)


def table_roi_align(
    levels: list[Tensor],
    boxes: Tensor,
    image_index: Tensor,
    size: tuple[int, int],
    samples: int = 2,
    canonical: float = CANONICAL_SIZE,
) -> Tensor:
    """The same as `pyramid_roi_align`, as weighted sums of rows of one table that holds the cells of all
    levels.
    """
    c = levels[0].shape[1]
    table, cells, first = table_of(levels)
    chosen = level_of(boxes, len(levels), canonical)
    height, width = cells[chosen].unbind(1)
    x1, y1, x2, y2 = (boxes.detach().float() / (FINEST_STRIDE * 2.0**chosen)[:, None] - 0.5).unbind(1)
    rows, row_weights = bilinear_taps(y1, y2, size[0], samples, height)  # (M, bins, taps)
    columns, column_weights = bilinear_taps(x1, x2, size[1], samples, width)
    start = first[chosen] + image_index * height * width  # (M,)
    row_start = start[:, None, None] + rows * width[:, None, None]
    index = row_start[:, :, None, :, None] + columns[:, None, :, None, :]  # (M, H, W, taps, taps)
    weight = row_weights[:, :, None, :, None] * column_weights[:, None, :, None, :] / samples**2
    bags = len(boxes) * size[0] * size[1]
    out = F.embedding_bag(
        index.reshape(bags, 4 * samples**2),
        table,
        per_sample_weights=weight.reshape(bags, 4 * samples**2).to(table.dtype),
        mode="sum",
    )
    return out.view(len(boxes), *size, c).permute(0, 3, 1, 2)


def table_of(levels: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """The cells of all levels (B, C, h, w) as rows of one table (rows, C), level by level, image by image,
    row by row; each level's height and width (levels, 2); the row of its first cell (levels,).
    """
    b, c = levels[0].shape[:2]
    cells = torch.tensor([level.shape[2:] for level in levels], device=levels[0].device)
    table = torch.cat([level.permute(0, 2, 3, 1).reshape(-1, c) for level in levels])
    return table, cells, F.pad((b * cells.prod(1)).cumsum(0), (1, 0))[:-1]
