"""What training minimises: five detection losses at every stage and the recognition loss.

The detection losses are those of ISTR (arXiv 2105.00637), the recognition loss is that of Mask TextSpotter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torchvision.ops import sigmoid_focal_loss

from spotter.model.mask_code import MaskCode
from spotter.training.matcher import (
    FOCAL_ALPHA,
    FOCAL_GAMMA,
    PUBLISHED_MATCHING,
    MatchWeights,
    box_area,
    generalised_iou,
    match,
    match_costs,
    overlap_area,
)
from spotter.types import StageOutput

IGNORE_COVER = 0.5  # a proposal with a larger share of its area in a 'do not care' region is no false alarm


@dataclass
class Targets:
    """The truth of one image, G words. Coordinates are pixels of the resized image."""

    boxes: Tensor  # (G, 4) float32 xyxy
    masks: Tensor  # (G, 28, 28) uint8, the polygon inside its box
    image_size: tuple[int, int]  # width, height, without the padding
    ignore_boxes: Tensor = field(default_factory=lambda: torch.zeros(0, 4))  # (I, 4) xyxy, do not care
    text: Tensor | None = None  # (G, T) int64, ends with the end sign 0, padded with -1
    centres: Tensor | None = None  # (G, T, 2) float32 x, y of each character, padded with NaN


@dataclass(frozen=True)
class LossWeights:
    """Factors of the detection losses; the published ones."""

    classification: float = 2.0
    l1: float = 5.0
    giou: float = 2.0
    mask: float = 2.0
    dice: float = 2.0


PUBLISHED_LOSSES = LossWeights()

Match = tuple[Tensor, Tensor]  # prediction_index, target_index, see `matcher.match`


def count_boxes(targets: list[Targets], device: torch.device | str = "cpu") -> float:
    """True boxes of the batch, averaged over the training processes, at least 1.

    device: where the processes exchange the number (a GPU under NCCL).
    """
    count = sum(len(target.boxes) for target in targets)
    if dist.is_available() and dist.is_initialized():
        total = torch.tensor(float(count), device=device)
        dist.all_reduce(total)
        count = total.item() / dist.get_world_size()
    return max(float(count), 1.0)


def dice_loss(probabilities: Tensor, masks: Tensor) -> Tensor:
    """1 - dice of flat masks, both (..., P): (...), 0..1. The squared form of V-Net (arXiv 1606.04797)."""
    overlap = (probabilities * masks).sum(-1)
    return 1 - 2 * overlap / (probabilities.square().sum(-1) + masks.square().sum(-1)).clamp(min=1e-6)


def ignored(boxes: Tensor, ignore_boxes: Tensor) -> Tensor:
    """Which proposals (..., N, 4) xyxy lie mostly in one of the regions (..., I, 4) xyxy: (..., N) bool."""
    ours = boxes.unsqueeze(-2)
    return (overlap_area(ours, ignore_boxes.unsqueeze(-3)) > IGNORE_COVER * box_area(ours)).any(-1)


def detection_losses(
    stages: list[StageOutput],
    targets: list[Targets],
    mask_code: MaskCode,
    weights: LossWeights = PUBLISHED_LOSSES,
    match_weights: MatchWeights = PUBLISHED_MATCHING,
) -> tuple[dict[str, Tensor], list[Match]]:
    """Weighted losses, each (S,) with one value per stage, and the last stage's match of every image.

    Every stage is matched on its own. What is minimised is the sum of all values of the dictionary, whose
    keys are the fields of `LossWeights`; each loss is summed over the batch and divided by `count_boxes`.
    """
    device = stages[0].boxes.device
    with torch.autocast(device.type, enabled=False):
        logits = torch.stack([stage.class_logits for stage in stages]).float()  # (S, B, N, 2)
        boxes = torch.stack([stage.boxes for stage in stages]).float()  # (S, B, N, 4)
        vectors = torch.stack([stage.mask_vector for stage in stages]).float()  # (S, B, N, 60)
        # Images are padded to the one with most words; the padding is cut off before the assignment.
        true_boxes = _pad([target.boxes for target in targets], device)  # (B, G, 4)
        true_masks = _pad([target.masks for target in targets], device)  # (B, G, 28, 28)
        true_vectors = mask_code.encode(true_masks)  # (B, G, 60)
        size = torch.tensor([target.image_size for target in targets], device=device)  # (B, 2)

        costs = match_costs(logits, boxes, vectors, true_boxes, true_vectors, size, match_weights).total.cpu()
        matches = [
            [match(costs[s, b, :, : len(target.boxes)]) for b, target in enumerate(targets)]
            for s in range(len(stages))
        ]
        # The matched pairs of all stages; every stage has as many. Indices are (S, M), M pairs in the batch.
        proposal = torch.stack([torch.cat([p for p, _ in row]) for row in matches]).to(device)
        word = torch.stack([torch.cat([t for _, t in row]) for row in matches]).to(device)
        image = torch.cat([torch.full_like(p, b) for b, (p, _) in enumerate(matches[-1])]).to(device)  # (M,)
        stage = torch.arange(len(stages), device=device).unsqueeze(1)  # (S, 1)

        is_text = torch.zeros_like(logits)
        is_text[stage, image, proposal, 0] = 1
        counts = ~ignored(boxes.detach(), _pad([target.ignore_boxes for target in targets], device))
        counts[stage, image, proposal] = True
        focal = sigmoid_focal_loss(logits, is_text, FOCAL_ALPHA, FOCAL_GAMMA) * counts.unsqueeze(-1)

        box, true_box = boxes[stage, image, proposal], true_boxes[image, word]  # (S, M, 4)
        vector, true_vector = vectors[stage, image, proposal], true_vectors[image, word]  # (S, M, 60)
        scale = torch.cat([size, size], -1)[image]  # (M, 4) w, h, w, h
        dice = dice_loss(mask_code.decode(vector).flatten(-2), true_masks[image, word].float().flatten(-2))

        boxes_in_batch = count_boxes(targets, device)
        losses = {
            "classification": weights.classification * focal.sum((1, 2, 3)) / boxes_in_batch,
            "l1": weights.l1 * ((box - true_box) / scale).abs().sum((1, 2)) / boxes_in_batch,
            "giou": weights.giou * (1 - generalised_iou(box, true_box)).sum(1) / boxes_in_batch,
            "mask": weights.mask * (vector - true_vector).square().mean(-1).sum(1) / boxes_in_batch,
            "dice": weights.dice * dice.sum(1) / boxes_in_batch,
        }
    return losses, matches[-1]


def recognition_loss(log_probabilities: Tensor, text: Tensor, weight: float = 0.2) -> Tensor:
    """Negative log-likelihood summed over a word's steps, averaged over the R regions: a scalar, 0 if R = 0.

    log_probabilities: (R, S, classes) of every step
    text: (R, T) int64, T <= S, the characters and the end sign 0, padded with -1, which is left out
    weight: the published factor
    """
    regions, steps = text.shape
    with torch.autocast(log_probabilities.device.type, enabled=False):
        by_class = log_probabilities[:, :steps].float().transpose(1, 2)  # (R, classes, T)
        return weight * F.nll_loss(by_class, text, ignore_index=-1, reduction="sum") / max(regions, 1)


def _pad(tensors: list[Tensor], device: torch.device) -> Tensor:
    """B tensors (n_i, ...) to one (B, max n_i, ...), zeros at the end."""
    return pad_sequence(tensors, batch_first=True).to(device)
