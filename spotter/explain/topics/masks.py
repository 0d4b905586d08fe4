"""maskK: a word's shape as 60 numbers, encoded, and decoded from the first few of them.

The mask of a polygon is made by the function training uses (`spotter.ops.polygons.rasterise`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import BLUE, ORANGE, blend_map, colour_bar, colourise, crop, grow, tiles, titled
from spotter.explain.charts import curve
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.model.mask_code import MaskCode
    from spotter.tracing.trace import Trace

SIDE = 224  # pixels of a drawn mask
SHOWN_COMPONENTS = 8


@dataclass(frozen=True)
class CodedMask:
    """A polygon's mask, encoded as K coefficients and decoded from the first 1..K of them."""

    box: np.ndarray  # (4,) xyxy, pixels of the resized image
    mask: np.ndarray  # (size, size) uint8
    coefficients: np.ndarray  # (K,) float32
    decoded: np.ndarray  # (K, size, size) float32 probabilities, entry k - 1 from the first k coefficients
    ious: np.ndarray  # (K,) of the binarised decoded masks with the mask
    threshold: float


def code_polygon(trace: Trace, code: MaskCode, polygon: np.ndarray) -> CodedMask:
    """`polygon`: (P, 2) in pixels of the resized image; its mask covers its own box."""
    import torch

    from spotter.ops.polygons import mask_iou, rasterise

    box = np.concatenate([polygon.min(0), polygon.max(0)]).astype(np.float32)
    mask = rasterise(polygon, box, code.size)
    with torch.no_grad():
        coefficients = code.encode(torch.from_numpy(mask)).float().cpu()
        steps = torch.tril(torch.ones(len(coefficients), len(coefficients))) * coefficients
        decoded = code.decode(steps.to(code.mean.device)).float().cpu().numpy()
    threshold = trace.config.mask_threshold
    ious = mask_iou(decoded > threshold, mask)
    return CodedMask(box, mask, coefficients.numpy(), decoded, ious, threshold)


@dataclass(frozen=True)
class MaskLoss:
    """What training compares: the mask that the network predicted for a word with a true one."""

    l2: float  # mean of the squared differences of the coefficients
    overlap: float  # sum of the products of the cells
    predicted: float  # sum of the squared cells of the predicted mask
    true: float

    @property
    def dice(self) -> float:
        return 1 - 2 * self.overlap / max(self.predicted + self.true, 1e-6)


def mask_loss(trace: Trace, code: MaskCode, word: int, coded: CodedMask) -> MaskLoss:
    """Of the network's last stage against `coded`; each mask covers its own box, as in training."""
    import torch

    vector = trace.mask_vectors[-1, trace.proposal_index[word]].astype(np.float32)
    with torch.no_grad():
        mask = code.decode(torch.from_numpy(vector).to(code.mean.device)).float().cpu().numpy()
    true = coded.mask.astype(np.float32)
    return MaskLoss(
        l2=float(np.square(vector - coded.coefficients).mean()),
        overlap=float((mask * true).sum()),
        predicted=float(np.square(mask).sum()),
        true=float(np.square(true).sum()),
    )


def components(code: MaskCode, count: int = SHOWN_COMPONENTS) -> np.ndarray:
    """(count, size, size) float32, the first components, each times its standard deviation."""
    scaled = code.components * code.explained_variance.clamp(min=1e-6).sqrt()[:, None]
    return scaled[:count].detach().float().cpu().numpy().reshape(-1, code.size, code.size)


def draw_masks(
    trace: Trace, coded: CodedMask, count: int, word: int, columns: int = 2
) -> tuple[Image.Image, str]:
    """The polygon's mask, the one from `count` coefficients, their difference, and the network's maskK."""
    photo = crop(trace.image, coded.box, SIDE, SIDE)
    own = crop(trace.image, trace.box(word), SIDE, SIDE)
    decoded = coded.decoded[count - 1]
    difference = draw_difference(coded.mask.astype(bool), decoded > coded.threshold)
    mask_k = trace.mask_k[word].astype(np.float32)
    iou = coded.ious[count - 1]
    size = "28 × 28" if coded.mask.shape == (28, 28) else f"{coded.mask.shape[0]} × {coded.mask.shape[1]}"
    pictures = [
        titled(photo, tr("in its box"), tr("stretched to a square")),
        titled(
            blend_map(photo, coded.mask.astype(np.float32), 1),
            tr("its mask, {size}", size=size),
            tr("0 or 1"),
        ),
        titled(
            blend_map(photo, decoded, 1),
            tr("decoded from {count}", count=count),
            tr("probability > {threshold:g} counts", threshold=coded.threshold),
        ),
        titled(grow(difference, SIDE), f"IoU {iou:.3f}", tr("orange lost, blue added")),
        titled(
            blend_map(own, mask_k, 1),
            tr("the network's maskK"),
            tr("from {number} predicted numbers", number=len(coded.ious)),
        ),
        colour_bar("0", "1", tr("probability"), SIDE),
    ]
    alt = tr(
        "A word's mask and its reconstruction from {count} coefficients; their IoU is {iou:.3f}.",
        count=count,
        iou=iou,
    )
    return tiles(pictures, columns), alt


def draw_difference(mask: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(h, w, 3): light grey where both masks are set, orange where only the first is, blue where only
    the other is.
    """
    picture = np.full((*mask.shape, 3), (45, 50, 60), np.uint8)
    picture[mask & other] = (225, 225, 220)
    picture[mask & ~other] = ORANGE
    picture[~mask & other] = BLUE
    return picture


def draw_curve(coded: CodedMask, count: int) -> tuple[Image.Image, str]:
    """IoU against the number of coefficients, `count` marked."""
    xs = np.arange(1, len(coded.ious) + 1)
    low = min(0.5, float(coded.ious.min()))
    iou = coded.ious[count - 1]
    picture = curve(
        [(coded.ious, ORANGE, 3)],
        xs,
        tr("IoU with the polygon's mask"),
        tr("coefficients used"),
        marker=count,
        marker_text=f"{count}: {iou:.3f}",
        low=low,
    )
    return picture, tr(
        "IoU against the number of coefficients: {one:.2f} with one, {all:.2f} with all.",
        one=coded.ious[0],
        all=coded.ious[-1],
    )


def draw_components(code: MaskCode, coded: CodedMask, count: int) -> tuple[Image.Image, str]:
    """The first components and the polygon's coefficients on them."""
    parts = components(code)
    high = float(np.abs(parts).max()) or 1.0
    pictures = [
        titled(
            grow(colourise(part, -high, high), 100),
            f"{i + 1}",
            f"{coded.coefficients[i]:+.2f}" + ("" if i < count else tr(" (off)")),
        )
        for i, part in enumerate(parts)
    ]
    bar = colour_bar(f"{-high:.1f}", f"{high:.1f}", tr("logit at one standard deviation"), 442)
    alt = tr(
        "The first {number} principal components of word masks with this word's coefficients.",
        number=len(parts),
    )
    return tiles([tiles(pictures, 4), bar], 1), alt
