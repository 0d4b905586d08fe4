"""A batch of training images with their ground truth as tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from spotter.charset import Charset
from spotter.ops.device import to_device
from spotter.ops.polygons import rasterise
from spotter.training.losses import Targets
from spotter.types import GroundTruth

MAP_STRIDE = 4  # of the dense text map: that of P2
IGNORE = 255  # in the dense text map: do not care
MIN_SIDE = 4.0  # pixels; smaller boxes are not trained on


@dataclass
class Batch:
    """Images of one size with their ground truth."""

    images: Tensor  # (B, 3, H, W) uint8 RGB
    targets: list[Targets]
    text_maps: Tensor  # (B, H/4, W/4) uint8: 1 text, 0 none, 255 do not care
    task: str  # what it trains: "features", "reading" or "all"

    @property
    def words(self) -> int:
        return sum(len(t.boxes) for t in self.targets)

    def to(self, device: torch.device) -> Batch:
        """The batch on another device; copied without waiting when it is a GPU."""
        if self.images.device == device:
            return self
        return replace(
            self,
            images=to_device(self.images, device),
            text_maps=to_device(self.text_maps, device),
            targets=[target.to(device, non_blocking=True) for target in self.targets],
        )


def make_targets(
    regions: list[GroundTruth], width: int, height: int, charset: Charset, steps: int, mask_size: int
) -> tuple[Targets, np.ndarray]:
    """Tensors of one image's ground truth and its dense text map (H/4, W/4) uint8.

    Words that the reader cannot write (unknown character, too long) are detected but not read: their text row
    is all -1.
    """
    boxes, masks, texts, centres, ignored = [], [], [], [], []
    text_map = np.zeros((height // MAP_STRIDE, width // MAP_STRIDE), np.uint8)
    for region in sorted(regions, key=lambda r: r.ignore, reverse=True):
        box = np.clip(region.box, 0, [width, height, width, height]).astype(np.float32)
        if (box[2:] - box[:2]).min() < MIN_SIDE:
            continue
        outline = np.round(region.polygon / MAP_STRIDE * 16 - 8).astype(np.int32)
        cv2.fillPoly(text_map, [outline], IGNORE if region.ignore else 1, shift=4)
        if region.ignore:
            ignored.append(box)
            continue
        try:
            text = charset.encode(region.text, steps) if region.text else torch.full((steps,), -1)
        except ValueError:
            text = torch.full((steps,), -1)
        places = torch.full((steps, 2), torch.nan)
        if region.centres is not None and text[0] > 0:
            places[: len(region.centres)] = torch.from_numpy(np.asarray(region.centres, np.float32))
        boxes.append(box)
        masks.append(rasterise(region.polygon, box, mask_size))
        texts.append(text)
        centres.append(places)
    return Targets(
        boxes=torch.from_numpy(np.array(boxes, np.float32).reshape(-1, 4)),
        masks=torch.from_numpy(np.array(masks, np.uint8).reshape(-1, mask_size, mask_size)),
        image_size=(width, height),
        ignore_boxes=torch.from_numpy(np.array(ignored, np.float32).reshape(-1, 4)),
        text=torch.stack(texts) if texts else torch.zeros(0, steps, dtype=torch.long),
        centres=torch.stack(centres) if centres else torch.zeros(0, steps, 2),
    ), text_map
