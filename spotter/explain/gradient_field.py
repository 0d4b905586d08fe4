"""Effective receptive fields (Luo et al. 2016): how much each pixel moves one cell of the pyramid.

That is the gradient of the sum of the cell's channels with respect to the network's input; its absolute
values, summed over red, green and blue, are the field.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotter.tracing.trace_cache import keep, kept, network_image, shelf_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spotter.model.fpn import DilatedBlock
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

POOL = 4  # pixels a side of one value of the map that is kept
LARGEST_DILATION = 16
Variant = tuple[int, ...] | None  # dilations of the block; None: the level without its block
Cell = tuple[int, int]  # row, column


@dataclass(frozen=True)
class Field:
    """One cell's effective receptive field."""

    heat: np.ndarray  # (h / POOL, w / POOL) float32, share of the gradient; sums to 1
    within: (
        np.ndarray
    )  # (R,) float64, share inside the square of 2, 4, 6, ... pixels around the cell's middle

    def side(self, share: float) -> int:
        """Pixels: the smallest square around the cell that holds that share; 0 without a gradient."""
        if not self.within[-1]:
            return 0
        return 2 * (int(np.searchsorted(self.within, share - 1e-9)) + 1)

    def share_in(self, mask: np.ndarray) -> float:
        """Share of the gradient inside a mask (h / POOL, w / POOL) of 0..1."""
        return float((self.heat * mask).sum())


def parse_dilations(text: str | None, count: int) -> tuple[int, ...] | None:
    """`2-4-1` -> (2, 4, 1); None when it is no list of `count` dilations."""
    parts = re.findall(r"\d+", text or "")
    if not re.fullmatch(r"\s*\d{1,2}(\s*[-, ]\s*\d{1,2})*\s*", text or "") or len(parts) != count:
        return None
    dilations = tuple(int(part) for part in parts)
    return dilations if all(1 <= d <= LARGEST_DILATION for d in dilations) else None


def with_dilations(block: DilatedBlock, dilations: Sequence[int]) -> nn.Module:
    """A copy of the block: the same trained weights, other dilations, an output of the same size."""
    from torch import nn

    other = copy.deepcopy(block)
    convolutions = [layer for layer in other.layers if isinstance(layer, nn.Conv2d)]
    for convolution, dilation in zip(convolutions, dilations, strict=True):
        convolution.dilation = convolution.padding = (dilation, dilation)
    return other


def fields_of(
    spotter: Spotter,
    trace: Trace,
    level: int,
    cell: Cell,
    variants: Sequence[Variant],
    photos: Sequence[np.ndarray] = (),
    progress: Callable = lambda *_, **__: None,
) -> list[Field]:
    """The field of a cell of P2..P5 (level 0..3) for each variant, averaged over this photo and `photos`.

    Every photo (h, w, 3) is stretched to the size of the trace's image, so that the cell and its windows are
    the same. What was computed before for the trace is kept.
    """
    import cv2

    height, width = trace.image.shape[:2]
    found: list[list[Field]] = []
    for i, photo in enumerate([trace.image, *photos]):
        progress(
            i / (1 + len(photos)), desc=f"Gradients through the network, photo {i + 1} of {1 + len(photos)}"
        )
        missing = [v for v in dict.fromkeys(variants) if kept(trace, ("field", level, cell, v, i)) is None]
        if missing:
            image = photo if i == 0 else cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
            for variant, gradient in zip(
                missing, gradients(spotter, image, level, cell, missing), strict=True
            ):
                keep(trace, ("field", level, cell, variant, i), to_field(gradient, level, cell))
        found.append([kept(trace, ("field", level, cell, variant, i)) for variant in variants])
    return [mean_field(fields) for fields in zip(*found, strict=True)]


def variants_kept(trace: Trace, level: int, cell: Cell, photos: int = 0) -> list[Variant]:
    """The variants whose field was computed for this cell, on the trace's photo and as many others."""
    keys = [key for key in list(shelf_of(trace)) if key[:1] == ("field",) and key[1:3] == (level, cell)]
    variants = dict.fromkeys(key[3] for key in keys)
    return [v for v in variants if all(("field", level, cell, v, i) in keys for i in range(photos + 1))]


def gradients(
    spotter: Spotter, image: np.ndarray, level: int, cell: Cell, variants: Sequence[Variant]
) -> list[np.ndarray]:
    """(h, w) float32 for each variant: the gradient's size at every pixel of the (h, w, 3) image.

    The backbone runs once, in float32; each variant goes back through it on its own.
    """
    import torch

    model, (row, column) = spotter.model, cell
    with torch.inference_mode(False), torch.enable_grad():
        batch = model.pad([network_image(spotter, image)])[0].requires_grad_()
        plain = model.fpn(model.backbone(batch))[level]
        outcomes = [widened(plain, model.dilated[level], variant) for variant in variants]
        found = []
        for i, outcome in enumerate(outcomes):
            more = i < len(outcomes) - 1
            (slope,) = torch.autograd.grad(outcome[0, :, row, column].sum(), batch, retain_graph=more)
            found.append(slope[0].abs().sum(0)[: image.shape[0], : image.shape[1]].cpu().numpy())
    return found


def widened(plain: Tensor, block: DilatedBlock, variant: Variant) -> Tensor:
    """A level (B, C, h, w) of the pyramid, with its block's output added unless `variant` is None."""
    return plain if variant is None else plain + with_dilations(block, variant)(plain)


def to_field(gradient: np.ndarray, level: int, cell: Cell) -> Field:
    """(h, w) gradient -> the shares."""
    height, width = gradient.shape
    stride = 4 * 2**level
    y, x = ((index + 0.5) * stride - 0.5 for index in cell)
    distance = np.maximum(np.abs(np.arange(height) - y)[:, None], np.abs(np.arange(width) - x)[None])
    ring = (distance - 0.5).round().astype(np.int64)  # 0: the square of 2 x 2 pixels, 1: of 4 x 4
    weights = gradient.astype(np.float64) / max(float(gradient.sum(dtype=np.float64)), 1e-30)
    within = np.bincount(ring.ravel(), weights.ravel()).cumsum()
    padded = np.pad(weights, ((0, -height % POOL), (0, -width % POOL)))
    heat = padded.reshape(padded.shape[0] // POOL, POOL, -1, POOL).sum((1, 3))
    return Field(heat.astype(np.float32), within)


def mean_field(fields: Sequence[Field]) -> Field:
    """Every photo counts the same."""
    if len(fields) == 1:
        return fields[0]
    return Field(np.mean([field.heat for field in fields], 0), np.mean([field.within for field in fields], 0))
