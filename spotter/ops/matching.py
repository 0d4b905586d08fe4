"""Assigns proposals to true words, one to one, at the lowest total cost.

The Hungarian matching of DETR (arXiv 2005.12872) with the mask term of ISTR (arXiv 2105.00637).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

from spotter.ops.boxes import generalized_box_iou

FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
FORBIDDEN = 1e6  # replaces costs that are not finite; SciPy refuses NaN


@dataclass(frozen=True)
class MatchWeights:
    """Factors of the cost terms; the defaults are the published ones."""

    classification: float = 2.0
    l1: float = 5.0
    giou: float = 2.0
    mask: float = 2.0


PUBLISHED_MATCHING = MatchWeights()


@dataclass(frozen=True)
class MatchCosts:
    """Cost of every pair of a proposal and a true word, each (..., N, G); lower is better."""

    classification: Tensor  # focal cost of class text minus that of class background
    l1: Tensor  # sum of the four absolute coordinate differences, boxes divided by the image size
    giou: Tensor  # -GIoU, -1..1
    mask: Tensor  # -(cosine of the mask vectors + 1) / 2, -1..0
    total: Tensor  # the weighted sum; the four above are unweighted


@torch.no_grad()
def match_costs(
    class_logits: Tensor,
    boxes: Tensor,
    mask_vectors: Tensor,
    target_boxes: Tensor,
    target_vectors: Tensor,
    image_size: Tensor,
    weights: MatchWeights = PUBLISHED_MATCHING,
) -> MatchCosts:
    """Costs of all pairs. Leading dimensions (stages, images) broadcast; one stage of one image has none.

    class_logits: (..., N, 2), class 0 is text
    boxes: (..., N, 4) xyxy, pixels of the resized image
    mask_vectors: (..., N, 60)
    target_boxes: (..., G, 4) xyxy, pixels of the resized image
    target_vectors: (..., G, 60), `MaskCode.encode` of the true masks
    image_size: (..., 2) width and height of the resized image, pixels
    """
    text = class_logits[..., :1].float()
    probability = text.sigmoid()
    as_text = -FOCAL_ALPHA * (1 - probability) ** FOCAL_GAMMA * F.logsigmoid(text)
    as_background = -(1 - FOCAL_ALPHA) * probability**FOCAL_GAMMA * F.logsigmoid(-text)

    boxes, target_boxes = boxes.float(), target_boxes.float()
    scale = torch.cat([image_size, image_size], -1).float().unsqueeze(-2)  # (..., 1, 4) w, h, w, h
    offsets = (boxes / scale).unsqueeze(-2) - (target_boxes / scale).unsqueeze(-3)  # (..., N, G, 4)
    l1 = offsets.abs().sum(-1)  # on a GPU ten times as fast as torch.cdist
    giou = -generalized_box_iou(boxes.unsqueeze(-2), target_boxes.unsqueeze(-3))
    cosine = F.normalize(mask_vectors.float(), dim=-1) @ F.normalize(target_vectors.float(), dim=-1).mT
    mask = -(cosine + 1) / 2

    classification = (as_text - as_background).expand_as(l1)
    total = (
        weights.classification * classification + weights.l1 * l1 + weights.giou * giou + weights.mask * mask
    )
    return MatchCosts(classification, l1, giou, mask, total)


def hungarian_match(cost: Tensor) -> tuple[Tensor, Tensor]:
    """The assignment with the lowest total cost (N, G), see `MatchCosts.total`.

    Returns prediction_index, ascending, and target_index, both (min(N, G),) int64 on the CPU. Pairs whose
    cost is not finite are a last resort.
    """
    cost = cost.detach().cpu()
    rows, columns = linear_sum_assignment(cost.where(cost.isfinite(), FORBIDDEN).numpy())
    return torch.from_numpy(rows), torch.from_numpy(columns)
