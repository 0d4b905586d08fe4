"""Five detection losses at every stage, and the recognition loss.

The detection losses are those of ISTR (arXiv 2105.00637), the recognition loss is that of Mask TextSpotter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import sigmoid_focal_loss

from spotter.data.targets import Targets
from spotter.model.mask_code import MaskCode
from spotter.ops.boxes import box_area, generalized_box_iou, intersection_area
from spotter.ops.device import to_device, to_host
from spotter.ops.matching import (
    FOCAL_ALPHA,
    FOCAL_GAMMA,
    PUBLISHED_MATCHING,
    MatchWeights,
    hungarian_match,
    match_costs,
)
from spotter.ops.rois import resample_masks
from spotter.types import Conversion, StageOutput

MIN_ENERGY = 1e-6  # mean square; its root has a gradient at 0, too
MAX_IGNORED = 0.5  # a proposal with a larger share of its area in a do-not-care region is no false positive


@dataclass(frozen=True)
class LossWeights:
    """Factors of the detection losses; the published ones."""

    classification: float = 2.0
    l1: float = 5.0
    giou: float = 2.0
    mask: float = 2.0
    dice: float = 2.0


PUBLISHED_LOSSES = LossWeights()

Match = tuple[Tensor, Tensor]  # prediction_index, target_index, see `ops.matching.hungarian_match`

MATCHING_THREADS = ThreadPoolExecutor(thread_name_prefix="matching")


def results(futures: Sequence[Future[Match]]) -> list[Match]:
    """Waits for the matches."""
    return [future.result() for future in futures]


def count_boxes(targets: list[Targets], device: torch.device | str = "cpu") -> float | Tensor:
    """True boxes of the batch, averaged over the training processes, at least 1.

    device: where the processes exchange the number (a GPU under NCCL); the average, a scalar, stays there.
    """
    count = sum(len(target.boxes) for target in targets)
    if dist.is_available() and dist.is_initialized():
        total = torch.full((), float(count), device=device)
        dist.all_reduce(total)
        return (total / dist.get_world_size()).clamp(min=1)
    return max(float(count), 1.0)


def dice_loss(probabilities: Tensor, masks: Tensor) -> Tensor:
    """1 - dice of flat masks, both (..., P): (...), 0..1. The squared form of V-Net (arXiv 1606.04797)."""
    overlap = (probabilities * masks).sum(-1)
    return 1 - 2 * overlap / (probabilities.square().sum(-1) + masks.square().sum(-1)).clamp(min=1e-6)


def in_ignored_region(boxes: Tensor, ignore_boxes: Tensor) -> Tensor:
    """Whether boxes (..., N, 4) xyxy lie mostly in one of the regions (..., I, 4) xyxy: (..., N) bool."""
    boxes = boxes.unsqueeze(-2)
    return (intersection_area(boxes, ignore_boxes.unsqueeze(-3)) > MAX_IGNORED * box_area(boxes)).any(-1)


class DetectionLosses:
    """The detection losses in two parts: the constructor waits for the match of the last stage, `losses` for
    the others, so that a GPU can compute something else in between.
    """

    def __init__(
        self,
        stages: list[StageOutput],
        targets: list[Targets],
        mask_code: MaskCode,
        weights: LossWeights = PUBLISHED_LOSSES,
        match_weights: MatchWeights = PUBLISHED_MATCHING,
    ) -> None:
        self.targets, self.mask_code, self.weights = targets, mask_code, weights
        self.device = device = stages[0].boxes.device
        with torch.autocast(device.type, enabled=False):
            self.logits = torch.stack([stage.class_logits for stage in stages]).float()  # (S, B, N, 2)
            self.boxes = torch.stack([stage.boxes for stage in stages]).float()  # (S, B, N, 4)
            self.vectors = torch.stack([stage.mask_vector for stage in stages]).float()  # (S, B, N, 60)
            # Images are padded to the one with most words; the padding is cut off before the assignment.
            self.true_boxes = _pad([target.boxes for target in targets], device)  # (B, G, 4)
            self.true_masks = _pad([target.masks for target in targets], device)  # (B, G, 28, 28)
            self.true_vectors = mask_code.encode(self.true_masks)  # (B, G, 60)
            size = torch.tensor([target.image_size for target in targets])
            self.size = to_device(size, device)  # (B, 2)
            costs = match_costs(
                self.logits,
                self.boxes,
                self.vectors,
                self.true_boxes,
                self.true_vectors,
                self.size,
                match_weights,
            )
            self.costs = to_host(costs.total.detach())  # (S, B, N, G)
        # All stages are matched by threads (SciPy releases the GIL), the last one first.
        self.pending = [self.match_stage(stage) for stage in reversed(range(len(stages)))][::-1]
        self.matches = results(self.pending[-1])  # of the last stage

    def match_stage(self, stage: int) -> list[Future[Match]]:
        """Starts to match every image."""
        costs = self.costs[stage]
        return [
            MATCHING_THREADS.submit(hungarian_match, costs[b, :, : len(target.boxes)])
            for b, target in enumerate(self.targets)
        ]

    def losses(self) -> dict[str, Tensor]:
        """See `detection_losses`."""
        with torch.autocast(self.device.type, enabled=False):
            return self._losses()

    def _losses(self) -> dict[str, Tensor]:
        device, weights, count = self.device, self.weights, len(self.logits)
        matches = [results(stage) for stage in self.pending]
        # The matched pairs of all stages (the same number in each). Indices are (S, M), M pairs in the batch.
        pairs = [
            *(torch.cat([p for p, _ in row]) for row in matches),
            *(torch.cat([t for _, t in row]) for row in matches),
            torch.cat([torch.full_like(p, b) for b, (p, _) in enumerate(self.matches)]),
        ]
        proposal, word, image = to_device(torch.stack(pairs), device).split([count, count, 1])
        image = image[0]  # (M,)
        stage = torch.arange(count, device=device).unsqueeze(1)  # (S, 1)

        is_text = torch.zeros_like(self.logits)
        is_text[stage, image, proposal, 0] = 1
        ignore_boxes = _pad([target.ignore_boxes for target in self.targets], device)
        counts = ~in_ignored_region(self.boxes.detach(), ignore_boxes)
        counts[stage, image, proposal] = True
        focal = sigmoid_focal_loss(self.logits, is_text, FOCAL_ALPHA, FOCAL_GAMMA) * counts.unsqueeze(-1)

        box, true_box = self.boxes[stage, image, proposal], self.true_boxes[image, word]  # (S, M, 4)
        vector, true_vector = self.vectors[stage, image, proposal], self.true_vectors[image, word]
        scale = torch.cat([self.size, self.size], -1)[image]  # (M, 4) w, h, w, h
        mask, true_mask = self.mask_code.decode(vector), self.true_masks[image, word].float()
        dice = dice_loss(mask.flatten(-2), true_mask.flatten(-2))

        boxes_in_batch = count_boxes(self.targets, device)
        return {
            "classification": weights.classification * focal.sum((1, 2, 3)) / boxes_in_batch,
            "l1": weights.l1 * ((box - true_box) / scale).abs().sum((1, 2)) / boxes_in_batch,
            "giou": weights.giou * (1 - generalized_box_iou(box, true_box)).sum(1) / boxes_in_batch,
            "mask": weights.mask * (vector - true_vector).square().mean(-1).sum(1) / boxes_in_batch,
            "dice": weights.dice * dice.sum(1) / boxes_in_batch,
        }


def detection_losses(
    stages: list[StageOutput],
    targets: list[Targets],
    mask_code: MaskCode,
    weights: LossWeights = PUBLISHED_LOSSES,
    match_weights: MatchWeights = PUBLISHED_MATCHING,
) -> tuple[dict[str, Tensor], list[Match]]:
    """Weighted losses, each (S,) with one value per stage, and the last stage's match of every image.

    Stages are matched independently. The sum of all values is minimised. Keys are fields of `LossWeights`;
    each loss is summed over the batch and divided by `count_boxes`.
    """
    detector = DetectionLosses(stages, targets, mask_code, weights, match_weights)
    return detector.losses(), detector.matches


def recognition_loss(log_probabilities: Tensor, text: Tensor, weight: float = 0.2) -> Tensor:
    """Negative log-likelihood summed over a word's steps, averaged over the R regions: a scalar, 0 if R = 0.

    log_probabilities: (R, S, classes) of every step
    text: (R, T) int64, T <= S, the characters and the end sign 0, padded with -1, which is ignored
    weight: the published factor
    """
    regions, steps = text.shape
    with torch.autocast(log_probabilities.device.type, enabled=False):
        by_class = log_probabilities[:, :steps].float().transpose(1, 2)  # (R, classes, T)
        return weight * F.nll_loss(by_class, text, ignore_index=-1, reduction="sum") / max(regions, 1)


def background_loss(conversion: Conversion, rois: Tensor, boxes: Tensor, masks: Tensor) -> Tensor:
    """What Recognition Conversion lets through around the words: the means of M1..M3 there, and the energy of
    the features relative to that on the words. Not in the paper.

    rois (R, 5); the words' masks (R, s, s) lie over boxes (R, 4) xyxy.
    """
    energy = (conversion.features.float().square().mean(1) + MIN_ENERGY).sqrt()
    losses = []
    for values in (*(gate.mean(1) for gate in conversion.gates), energy):  # (R, h, w)
        _, height, width = values.shape
        word = resample_masks(rois, boxes, masks.float(), (height, width))
        losses.append(masked_mean(values, 1 - word))
    return torch.stack(losses[:-1]).sum() + losses[-1] / masked_mean(energy, word).detach()


def masked_mean(values: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean of values; both (R, h, w)."""
    return (values * weights).sum() / weights.sum().clamp(min=1)


def total_loss(losses: Mapping[str, Tensor]) -> Tensor:
    """The sum of the losses, in their order."""
    return reduce(torch.add, losses.values())


def _pad(tensors: list[Tensor], device: torch.device) -> Tensor:
    """B tensors (n_i, ...) -> (B, max n_i, ...) on the device, padded with zeros."""
    counts = [len(tensor) for tensor in tensors]
    tensors = [tensor.to(device) for tensor in tensors]
    rows = torch.cat([*tensors, tensors[0].new_zeros(1, *tensors[0].shape[1:])])
    index = torch.full((len(tensors), max(counts)), len(rows) - 1)  # of the row of zeros
    first = 0
    for row, count in zip(index, counts, strict=True):
        row[:count] = torch.arange(first, first + count)
        first += count
    return rows[to_device(index, device)]
