"""From the scores of proposals to words: top-k, duplicates, suppression, orientations, score rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torchvision.ops import batched_nms

from spotter.ops.device import constant
from spotter.ops.rois import is_vertical, rotate_quarter_turns
from spotter.types import Character, Regions

ORIENTATIONS = (0, 1, 3)  # clockwise quarter turns: 0, 90 (top to bottom), 270 degrees (bottom to top)
SCORE_DECIMALS = 4  # of the scores of words and characters


def topk_proposals(class_logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` best of each image's N x 2 scores, descending, and the indices of their proposals.

    class_logits: (B, N, 2). Returns (B, K) both, K = min(count, 2 * N). A proposal may occur once per class.
    """
    scores, index = class_logits.sigmoid().flatten(1).topk(min(count, class_logits[0].numel()))
    return scores, index // class_logits.shape[2]


def is_duplicate(proposal_index: Tensor) -> Tensor:
    """Whether a proposal occurs earlier in its row, with a better score: (B, K) int64 -> (B, K) bool."""
    same = proposal_index[:, :, None] == proposal_index[:, None, :]
    return same.tril(-1).any(2)


def suppress(regions: Regions, max_iou: float) -> Regions:
    """Non-maximum suppression per image: drops regions with a box IoU above `max_iou` with a better one.

    Keeps the order. 1 keeps all regions: the published spotter has no suppression.
    """
    if max_iou >= 1:
        return regions
    index = batched_nms(regions.boxes.float(), regions.scores.float(), regions.image_index, max_iou)
    return regions[index.sort().values]


def orient_rois(regions: Regions, vertical_aspect_ratio: float | None) -> Regions:
    """Repeats regions with vertical RoIs once per orientation; the others are read as they are.

    After reading, `most_confident_orientations` selects one of each. None: no region is repeated.
    """
    vertical = is_vertical(regions.rois, vertical_aspect_ratio)
    quarters = constant(ORIENTATIONS, vertical.device, torch.long)
    row, orientation = torch.nonzero(vertical[:, None] | (quarters == 0), as_tuple=True)
    return replace(regions[row], rois=rotate_quarter_turns(regions.rois[row], quarters[orientation]))


def most_confident_orientations(proposals: Sequence[int], reading_scores: Sequence[float]) -> list[bool]:
    """Whether each of the regions of one image is the one with the best reading score of its proposal; the
    first of equals.
    """
    best: dict[int, int] = {}
    for i, proposal in enumerate(proposals):
        if reading_scores[i] > reading_scores[best.setdefault(proposal, i)]:
            best[proposal] = i
    return [best[proposal] == i for i, proposal in enumerate(proposals)]


def reading_score(characters: Sequence[Character]) -> float:
    """Geometric mean of the characters' probabilities, 0 without characters."""
    logs = [math.log(max(character.score, 1e-9)) for character in characters]
    return round(math.exp(sum(logs) / len(logs)), SCORE_DECIMALS) if logs else 0.0


def is_word(score: float, reading_score: float, reading_threshold: float, confident_score: float) -> bool:
    """Whether a region counts as a word: it is legible enough, or its detection is confident."""
    return reading_score >= reading_threshold or score >= confident_score
