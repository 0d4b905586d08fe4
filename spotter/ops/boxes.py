"""Boxes (..., 4) xyxy that broadcast against each other, as tensors or as NumPy arrays.

torchvision's functions compare all pairs of two lists, of tensors alone. NumPy arrays do not load torch here:
stored traces are drawn before torch is loaded.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

Boxes = TypeVar("Boxes", "np.ndarray", "Tensor")


def box_area(boxes: Boxes) -> Boxes:
    """Areas (...) of boxes (..., 4) xyxy."""
    return (boxes[..., 2:] - boxes[..., :2]).prod(-1)


def intersection_area(boxes: Boxes, others: Boxes) -> Boxes:
    """Areas (...) of the intersections of boxes (..., 4) xyxy."""
    library = _library(boxes)
    corner1 = library.maximum(boxes[..., :2], others[..., :2])
    corner2 = library.minimum(boxes[..., 2:], others[..., 2:])
    return (corner2 - corner1).clip(min=0).prod(-1)


def box_iou(boxes: Boxes, others: Boxes) -> Boxes:
    """IoU (...) of boxes (..., 4) xyxy, 0..1; 0 where both have no area."""
    overlap = intersection_area(boxes, others)
    union = box_area(boxes) + box_area(others) - overlap
    return overlap / union.clip(min=1e-9)


def generalized_box_iou(boxes: Boxes, others: Boxes) -> Boxes:
    """GIoU (...) (arXiv 1902.09630) of boxes (..., 4) xyxy, -1..1; finite, as are its gradients, for boxes
    without area.
    """
    library = _library(boxes)
    corner1 = library.minimum(boxes[..., :2], others[..., :2])
    corner2 = library.maximum(boxes[..., 2:], others[..., 2:])
    hull = (corner2 - corner1).prod(-1)
    overlap = intersection_area(boxes, others)
    union = box_area(boxes) + box_area(others) - overlap
    return overlap / union.clip(min=1e-6) - (hull - union) / hull.clip(min=1e-6)


def _library(array: np.ndarray | Tensor) -> ModuleType:
    """NumPy or torch, whichever the array belongs to."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch
