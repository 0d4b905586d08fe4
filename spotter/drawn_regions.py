"""Reads regions that a person has drawn.

Box and maskK of a region are those of its polygon. Recognition Conversion also needs a proposal feature,
which a drawn region does not have. It gets that of the proposal whose last box has the largest IoU with it;
if that is below `config.min_drawn_iou`, the mean of the initial proposals passes through the stages with its
box kept fixed on the drawn one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spotter.model.postprocess import topk_proposals
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.boxes import box_iou
from spotter.ops.polygons import rasterise
from spotter.types import Detection, Reading, Regions


def read_drawn_regions(
    model: SwinTextSpotter, image: Tensor, polygons: Sequence[np.ndarray], scale: np.ndarray
) -> tuple[Regions, Reading, Tensor]:
    """The regions of polygons in an image (3, h, w), their readings, and the IoU of each with the nearest
    proposal. A vertical polygon has three regions, with its index as `proposal_index`.

    polygons: (P, 2) each; `scale` (2,) times their coordinates are pixels of the image.
    """
    bounds = np.stack([np.concatenate([p.min(0), p.max(0)]) for p in polygons])
    size = model.config.mask_size
    masks = np.stack([rasterise(p, box, size) for p, box in zip(polygons, bounds, strict=True)])
    mask_k = torch.from_numpy(masks).float().to(image.device)
    boxes = torch.from_numpy(bounds * np.tile(scale, 2)).float().to(image.device)
    detection, attended, iou = drawn_features(model, image, boxes)
    regions = model.orient_rois(Regions.from_boxes(boxes, mask_k, attended))
    _, reading = model.read(detection.levels, regions)
    return regions, reading, iou


def drawn_features(model: SwinTextSpotter, image: Tensor, boxes: Tensor) -> tuple[Detection, Tensor, Tensor]:
    """The detection of an image (3, h, w); for drawn boxes (R, 4), the attended proposal features (R, C), and
    the IoU (R,) with the nearest proposal.
    """
    config = model.config
    levels, initial_boxes, initial_features, sizes = model.extract_features([image])
    detection = Detection(levels, model.refine(levels, initial_boxes, initial_features), sizes)
    last = detection.stages[-1]
    iou, nearest = box_iou(boxes[:, None], last.boxes[0].float()).max(1)
    features = last.proposal_features[0, nearest]
    unmatched = iou < config.min_drawn_iou
    if unmatched.any():
        mean = initial_features.mean(1, keepdim=True).expand(-1, int(unmatched.sum()), -1)
        fixed = model.refine_with_fixed_boxes(levels, boxes[unmatched][None], mean)
        features = features.clone()
        features[unmatched] = fixed[0].to(features)
    _, best = topk_proposals(last.class_logits, config.max_proposals)
    together = torch.cat([last.proposal_features[0, best[0]], features])
    return detection, model.conversion.attend(together[None])[0, -len(boxes) :], iou
