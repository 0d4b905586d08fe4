"""RoIAlign over the feature pyramid (He et al. 2017; the level rule is that of FPN, equation 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import roi_align

from spotter.ops.device import constant

FINEST_STRIDE = 4
OUTSIDE = -1e6  # pixels; a coordinate outside of every image
CANONICAL_SIZE = 224.0  # pixels of the resized image; a box of this side belongs to P4
BACKENDS = ("auto", "embedding_bag", "grid_sample", "torchvision")
_backend = "auto"


def set_roi_align_backend(name: str) -> None:
    """Chooses what computes RoIAlign, for all models of this process. All give the same within rounding:

    - "embedding_bag": weighted sums of rows of a table of all cells; in the type of the levels.
    - "grid_sample": `F.grid_sample` of one picture of all levels; in float32.
    - "torchvision": torchvision's kernel, once per level; in float32. It has no rotated RoIs: for these,
      "embedding_bag" is used.
    - "auto": "embedding_bag". On a CPU it is 5 to 10 times as fast as torchvision's kernel. On a GPU the
      backends have not been compared yet; this one reads all channels of a cell at once and keeps bfloat16.

    None of them waits for a GPU.
    """
    global _backend
    if name not in BACKENDS:
        raise ValueError(f"the RoIAlign backend must be one of {', '.join(BACKENDS)}, not {name!r}")
    _backend = name


def roi_align_backend() -> str:
    """The backend that was chosen last."""
    return _backend


def assign_levels(boxes: Tensor, levels: int = 4, canonical: float = CANONICAL_SIZE) -> Tensor:
    """(M, 4) xyxy pixels -> (M,) int64, 0 for P2: floor(4 + log2(sqrt(area) / canonical)), clamped to
    P2..P5.
    """
    return assign_levels_by_size(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1], levels, canonical)


def assign_levels_by_size(
    width: Tensor, height: Tensor, levels: int = 4, canonical: float = CANONICAL_SIZE
) -> Tensor:
    """`assign_levels` for widths and heights (M,)."""
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
    `image_index`: (M,); `canonical`: see `assign_levels`. Returns (M, C, *size). `set_roi_align_backend` chooses
    the implementation.
    """
    align = {"grid_sample": grid_sample_roi_align, "torchvision": torchvision_roi_align}.get(
        roi_align_backend(), embedding_bag_roi_align
    )
    return align(levels, boxes, image_index, size, samples, canonical)


def torchvision_roi_align(
    levels: list[Tensor],
    boxes: Tensor,
    image_index: Tensor,
    size: tuple[int, int],
    samples: int = 2,
    canonical: float = CANONICAL_SIZE,
) -> Tensor:
    """`pyramid_roi_align` by torchvision's kernel, for all boxes on each level: those that belong to another
    level are moved out of the image, where the kernel gives zero at once. The host need not know how many
    they are, which would be a synchronisation.
    """
    boxes = boxes.detach().float()
    chosen = assign_levels(boxes, len(levels), canonical).masked_fill(~boxes.isfinite().all(1), -1)
    out = 0.0
    for i, level in enumerate(levels):
        rois = torch.cat(
            [image_index[:, None].float(), boxes.masked_fill((chosen != i)[:, None], OUTSIDE)], 1
        )
        scale = 1 / (FINEST_STRIDE * 2**i)
        out = out + roi_align(level.float(), rois, size, scale, samples, aligned=True)
    return out


def bilinear_weights(
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


def embedding_bag_roi_align(
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
    table, cells, first = flatten_pyramid(levels)
    chosen = assign_levels(boxes, len(levels), canonical)
    height, width = cells[chosen].unbind(1)
    x1, y1, x2, y2 = (boxes.detach().float() / (FINEST_STRIDE * 2.0**chosen)[:, None] - 0.5).unbind(1)
    if size[0] == size[1]:  # both axes at once
        ends = torch.cat([y1, x1]), torch.cat([y2, x2])
        taps = bilinear_weights(*ends, size[0], samples, torch.cat([height, width]))
        (rows, columns), (row_weights, column_weights) = (each.chunk(2) for each in taps)
    else:
        rows, row_weights = bilinear_weights(y1, y2, size[0], samples, height)  # (M, bins, taps)
        columns, column_weights = bilinear_weights(x1, x2, size[1], samples, width)
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


def flatten_pyramid(levels: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """The cells of all levels (B, C, h, w) as rows of one table (rows, C), level by level, image by image,
    row by row; each level's height and width (levels, 2); the row of its first cell (levels,).
    """
    b, c = levels[0].shape[:2]
    device, sizes = levels[0].device, tuple(tuple(level.shape[2:]) for level in levels)
    table = torch.cat([level.permute(0, 2, 3, 1).reshape(-1, c) for level in levels])
    first = tuple(b * sum(h * w for h, w in sizes[:i]) for i in range(len(sizes)))
    return table, constant(sizes, device, torch.long), constant(first, device, torch.long)


def grid_sample_roi_align(
    levels: list[Tensor],
    boxes: Tensor,
    image_index: Tensor,
    size: tuple[int, int],
    samples: int = 2,
    canonical: float = CANONICAL_SIZE,
) -> Tensor:
    """`pyramid_roi_align` by `F.grid_sample`."""
    chosen = assign_levels(boxes, len(levels), canonical)
    x1, y1, x2, y2 = (boxes.detach().float() / (FINEST_STRIDE * 2.0**chosen)[:, None] - 0.5).unbind(1)
    y, x = (
        start[:, None]
        + (torch.arange(bins * samples, device=boxes.device) + 0.5)
        / samples
        * ((end - start) / bins)[:, None]
        for start, end, bins in ((y1, y2, size[0]), (x1, x2, size[1]))
    )
    shape = (len(boxes), size[0] * samples, size[1] * samples)
    return sample_levels(
        levels, chosen, image_index, x[:, None].expand(shape), y[:, :, None].expand(shape), samples
    )


def sample_levels(
    levels: list[Tensor], chosen: Tensor, image_index: Tensor, x: Tensor, y: Tensor, samples: int
) -> Tensor:
    """Means of samples x samples bilinear samples of the chosen level (M,) of an image (M,).

    x, y: (M, H * samples, W * samples) in cells of the level, 0 the centre of the first cell; a sample more
    than a cell outside, or one that is not finite, weighs nothing. Returns (M, C, H, W).
    """
    atlas, corners, block = pack_pyramid(levels)
    sizes = constant(tuple(tuple(level.shape[2:]) for level in levels), x.device)
    height, width = (each[:, None, None] for each in sizes[chosen].unbind(1))
    inside = (x >= -1) & (x <= width) & (y >= -1) & (y <= height)  # False where NaN
    x = torch.minimum(x.nan_to_num(0).clamp(min=0), width - 1)
    y = torch.minimum(y.nan_to_num(0).clamp(min=0), height - 1)
    left, top = (each[:, None, None] for each in corners[chosen].unbind(1))
    x, y = x + left, y + (top + block * image_index[:, None, None])
    rows, columns = atlas.shape[2:]
    grid = torch.stack([(2 * x + 1) / columns - 1, (2 * y + 1) / rows - 1], 3).flatten(0, 1)[None]
    with torch.autocast(x.device.type, enabled=False):
        out = F.grid_sample(atlas, grid, mode="bilinear", padding_mode="border", align_corners=False)
    out = out.unflatten(2, x.shape[:2]) * inside  # (1, C, M, H * samples, W * samples)
    out = out[0].transpose(0, 1)
    return (F.avg_pool2d(out, samples) if samples > 1 else out).to(levels[0].dtype)


def pack_pyramid(levels: list[Tensor]) -> tuple[Tensor, Tensor, int]:
    """All levels (B, C, h, w) of all images as one picture (1, C, rows, columns) float32: images one below
    the other, in each the coarser levels side by side below the finest one. Also x and y of the first cell of
    each level in its image (levels, 2), and the rows per image.
    """
    device, (finest, *coarse) = levels[0].device, [level.float() for level in levels]
    below = max((level.shape[2] for level in coarse), default=0)
    widths = [level.shape[3] for level in coarse]
    columns, height = max(finest.shape[3], sum(widths)), finest.shape[2]
    parts = [F.pad(finest, (0, columns - finest.shape[3]))]
    if coarse:
        row = torch.cat([F.pad(level, (0, 0, 0, below - level.shape[2])) for level in coarse], 3)
        parts.append(F.pad(row, (0, columns - row.shape[3])))
    atlas = torch.cat(parts, 2).transpose(0, 1).flatten(1, 2)[None]
    corners = ((0, 0), *((sum(widths[:i]), height) for i in range(len(coarse))))
    return atlas, constant(corners, device), height + below
