"""Which proposal answers for which true word: the cheapest one-to-one assignment.

The Hungarian matching of DETR (arXiv 2005.12872) with the mask term of ISTR (arXiv 2105.00637).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
FORBIDDEN = 1e6  # cost in place of one that is not finite; SciPy refuses NaN


@dataclass(frozen=True)
class MatchWeights:
    """Factors of the cost terms; the published ones."""

    classification: float = 2.0
    l1: float = 5.0
    giou: float = 2.0
    mask: float = 2.0


PUBLISHED_MATCHING = MatchWeights()


@dataclass(frozen=True)
class MatchCosts:
    """Cost of every pair of a proposal and a true word, each (..., N, G); lower is better."""

    classification: Tensor  # focal cost of calling the proposal text, less that of calling it background
    l1: Tensor  # sum of the four coordinate differences, boxes divided by the image size
    giou: Tensor  # -GIoU, -1..1
    mask: Tensor  # -(cosine of the mask vectors + 1) / 2, -1..0
    total: Tensor  # the weighted sum; the four above are unweighted


def box_area(boxes: Tensor) -> Tensor:
    """Areas of boxes (..., 4) xyxy: (...)."""
    return (boxes[..., 2:] - boxes[..., :2]).prod(-1)


def intersection_area(boxes: Tensor, others: Tensor) -> Tensor:
    """Areas shared by boxes that broadcast, both (..., 4) xyxy: (...)."""
    corner1 = torch.maximum(boxes[..., :2], others[..., :2])
    corner2 = torch.minimum(boxes[..., 2:], others[..., 2:])
    return (corner2 - corner1).clamp(min=0).prod(-1)


def generalized_box_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """GIoU (arXiv 1902.09630) of boxes that broadcast, both (..., 4) xyxy: (...), -1..1."""
    corner1 = torch.minimum(boxes[..., :2], others[..., :2])
    corner2 = torch.maximum(boxes[..., 2:], others[..., 2:])
    hull = (corner2 - corner1).prod(-1)
    overlap = intersection_area(boxes, others)
    union = box_area(boxes) + box_area(others) - overlap
    return overlap / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


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
    l1 = torch.cdist(boxes / scale, target_boxes / scale, p=1)
    giou = -generalized_box_iou(boxes.unsqueeze(-2), target_boxes.unsqueeze(-3))
    cosine = F.normalize(mask_vectors.float(), dim=-1) @ F.normalize(target_vectors.float(), dim=-1).mT
    mask = -(cosine + 1) / 2

    classification = (as_text - as_background).expand_as(l1)
    total = (
        weights.classification * classification + weights.l1 * l1 + weights.giou * giou + weights.mask * mask
    )
    return MatchCosts(classification, l1, giou, mask, total)


def match(cost: Tensor) -> tuple[Tensor, Tensor]:
    """The cheapest assignment under a cost (N, G), such as `MatchCosts.total`.

    Returns prediction_index, rising, and target_index, both (min(N, G),) int64 on the CPU. A pair whose cost
    is not finite is taken only if nothing else is left.
    """
    cost = cost.detach().cpu()
    rows, columns = linear_sum_assignment(cost.where(cost.isfinite(), FORBIDDEN).numpy())
    return torch.from_numpy(rows), torch.from_numpy(columns)
