"""Effective receptive fields (Luo et al. 2016): how much each pixel influences one cell of the pyramid.

The field is the gradient of the sum of the cell's channels with respect to the input of the network: its
absolute value, summed over red, green and blue.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotter.language import tr
from spotter.tracing.trace_cache import cache_of, get, put

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

POOL = 4  # pixels per side of a cell of the stored map
MAX_DILATION = 16
Variant = tuple[int, ...] | None  # dilations of the block; None: the level without its dilated block
Cell = tuple[int, int]  # row, column


@dataclass(frozen=True)
class Field:
    """The effective receptive field of one cell."""

    heat: np.ndarray  # (h / POOL, w / POOL) float32, share of the gradient; sums to 1
    within: (
        np.ndarray
    )  # (R,) float64, share inside the square of 2, 4, 6, ... pixels around the cell's middle

    def side(self, share: float) -> int:
        """Side, in pixels, of the smallest square around the cell with that share; 0 without a gradient."""
        if not self.within[-1]:
            return 0
        return 2 * (int(np.searchsorted(self.within, share - 1e-9)) + 1)

    def share_in(self, mask: np.ndarray) -> float:
        """Share of the gradient inside a mask (h / POOL, w / POOL), 0..1."""
        return float((self.heat * mask).sum())


def parse_dilations(text: str | None, count: int) -> tuple[int, ...] | None:
    """Parses `2-4-1` to (2, 4, 1); None unless it is a list of `count` dilations."""
    parts = re.findall(r"\d+", text or "")
    if not re.fullmatch(r"\s*\d{1,2}(\s*[-, ]\s*\d{1,2})*\s*", text or "") or len(parts) != count:
        return None
    dilations = tuple(int(part) for part in parts)
    return dilations if all(1 <= d <= MAX_DILATION for d in dilations) else None


def with_dilations(block: nn.Module, dilations: Sequence[int]) -> nn.Module:
    """A copy of the block with the same trained weights and output size, and other dilations."""
    from torch import nn

    other = copy.deepcopy(block)
    convolutions = [layer for layer in other.modules() if isinstance(layer, nn.Conv2d)]
    for convolution, dilation in zip(convolutions, dilations, strict=True):
        convolution.dilation = convolution.padding = (dilation, dilation)
    return other


def receptive_fields(
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
    the same. Fields are cached with the trace.
    """
    import cv2

    height, width = trace.image.shape[:2]
    found: list[list[Field]] = []
    for i, photo in enumerate([trace.image, *photos]):
        count = 1 + len(photos)
        task = tr("Gradients through the network, photo {number} of {count}", number=i + 1, count=count)
        progress(i / count, desc=task)
        fields: dict[Variant, Field | None] = {v: get(trace, ("field", level, cell, v, i)) for v in variants}
        if missing := [variant for variant, field in fields.items() if field is None]:
            image = photo if i == 0 else cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
            computed = gradients(spotter, image, level, cell, missing)
            for variant, gradient in zip(missing, computed, strict=True):
                fields[variant] = put(
                    trace, ("field", level, cell, variant, i), to_field(gradient, level, cell)
                )
        found.append([field for variant in variants if (field := fields[variant]) is not None])
    return [mean_field(fields) for fields in zip(*found, strict=True)]


def cached_variants(trace: Trace, level: int, cell: Cell, photos: int = 0) -> list[Variant]:
    """The variants whose field is cached for this cell, for the trace's photo and `photos` others."""
    keys = [
        key
        for key in list(cache_of(trace))
        if isinstance(key, tuple) and key[:1] == ("field",) and key[1:3] == (level, cell)
    ]
    variants = dict.fromkeys(key[3] for key in keys)
    return [v for v in variants if all(("field", level, cell, v, i) in keys for i in range(photos + 1))]


def gradients(
    spotter: Spotter, image: np.ndarray, level: int, cell: Cell, variants: Sequence[Variant]
) -> list[np.ndarray]:
    """The magnitude of the gradient at every pixel of the image (h, w, 3), (h, w) float32 for each variant.

    One forward pass of the backbone, in float32, and one backward pass per variant.
    """
    import torch

    from spotter.tracing.recorder import network_image

    model, (row, column) = spotter.model, cell
    with torch.inference_mode(False), torch.enable_grad():
        batch = model.pad([network_image(image, spotter.device)])[0].requires_grad_()
        plain = model.fpn(model.backbone(batch))[level]
        outcomes = [with_block(plain, model.dilated[level], variant) for variant in variants]
        found = []
        for i, outcome in enumerate(outcomes):
            more = i < len(outcomes) - 1
            (slope,) = torch.autograd.grad(outcome[0, :, row, column].sum(), batch, retain_graph=more)
            found.append(slope[0].abs().sum(0)[: image.shape[0], : image.shape[1]].cpu().numpy())
    return found


def with_block(plain: Tensor, block: nn.Module, variant: Variant) -> Tensor:
    """A level (B, C, h, w) of the pyramid plus the output of its dilated block, unless `variant` is None."""
    return plain if variant is None else plain + with_dilations(block, variant)(plain)


def to_field(gradient: np.ndarray, level: int, cell: Cell) -> Field:
    """A gradient (h, w) as shares."""
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
    """The mean over photos."""
    if len(fields) == 1:
        return fields[0]
    return Field(np.mean([field.heat for field in fields], 0), np.mean([field.within for field in fields], 0))
