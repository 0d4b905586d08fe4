"""Ground truth as tensors, and batches of training images with it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from spotter.charset import Charset
from spotter.ops.device import to_device, to_host
from spotter.ops.polygons import rasterise
from spotter.types import GroundTruth

MAP_STRIDE = 4  # of the dense text map: that of P2
IGNORE = 255  # in the dense text map: do not care
MIN_SIDE = 4.0  # pixels; smaller boxes are not trained on
GRAY = 124  # of pixels outside the scene or photograph, about the mean of ImageNet


@dataclass(frozen=True)
class HostWords:
    """What a training step needs on the host of the G words of an image. On the CPU."""

    text: Tensor  # (G, T) int64, as in `Targets`
    known: Tensor  # (G, T) bool, whether the character's centre is known


@dataclass
class Targets:
    """The ground truth of one image, G words. Coordinates are pixels of the resized image."""

    boxes: Tensor  # (G, 4) float32 xyxy
    masks: Tensor  # (G, 28, 28) uint8, the polygon inside its box
    image_size: tuple[int, int]  # width, height, without the padding
    ignore_boxes: Tensor = field(default_factory=lambda: torch.zeros(0, 4))  # (I, 4) xyxy, do not care
    text: Tensor | None = None  # (G, T) int64, ends with the end sign 0, padded with -1
    centres: Tensor | None = None  # (G, T, 2) float32 x, y of each character, padded with NaN
    # For tensors on a GPU; not copied by `dataclasses.replace`. None: `words_on_host` copies it if needed.
    words: HostWords | None = field(default=None, init=False, repr=False, compare=False)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Targets:
        """The same targets on another device, as `Tensor.to`; `words` stay on the CPU."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        moved: dict[str, Any] = {
            name: value.to(device, non_blocking=non_blocking)
            for name, value in values.items()
            if isinstance(value, Tensor)
        }
        targets = replace(self, **moved)
        targets.words = self.words
        if self.words is None and self.text is not None and self.centres is not None and self.on_cpu:
            targets.words = self.text_and_known()
        return targets

    def text_and_known(self) -> HostWords:
        """`HostWords` on the device of the targets, which need `text` and `centres`."""
        assert self.text is not None
        assert self.centres is not None
        return HostWords(self.text, ~self.centres[..., 0].isnan())

    @property
    def on_cpu(self) -> bool:
        return self.boxes.device.type == "cpu"


def words_on_host(targets: list[Targets]) -> list[HostWords]:
    """`HostWords` of all images. Those that are not on the host yet are copied with one synchronisation."""
    missing = [target for target in targets if target.words is None and not target.on_cpu]
    if missing:
        words = [target.text_and_known() for target in missing]
        known = torch.cat([w.known for w in words])
        copy = to_host(torch.stack([torch.cat([w.text for w in words]), known.long()]))
        parts = copy.split([len(target.boxes) for target in missing], 1)
        for target, (text, known) in zip(missing, parts, strict=True):
            target.words = HostWords(text, known.bool())
    return [
        target.text_and_known() if target.words is None or target.on_cpu else target.words
        for target in targets
    ]


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


def fill_text_map(text_map: np.ndarray, polygon: np.ndarray, value: int) -> None:
    """Fills a polygon (P, 2), pixels of the image, in a text map (H/4, W/4) uint8, in place."""
    # In 16ths of a cell; OpenCV has the centre of the first pixel at 0, we have it at 0.5.
    outline = np.round(polygon / MAP_STRIDE * 16 - 8).astype(np.int32)
    cv2.fillPoly(text_map, [outline], value, shift=4)


def make_targets(
    regions: list[GroundTruth], width: int, height: int, charset: Charset, steps: int, mask_size: int
) -> tuple[Targets, np.ndarray]:
    """Tensors of one image's ground truth and its dense text map (H/4, W/4) uint8.

    Words whose text cannot be encoded (unknown character, too long) are detected but not read: their text row
    is all -1.
    """
    boxes, masks, texts, centres, ignored = [], [], [], [], []
    text_map = np.zeros((height // MAP_STRIDE, width // MAP_STRIDE), np.uint8)
    for region in sorted(regions, key=lambda r: r.ignore, reverse=True):
        box = np.clip(region.box, 0, [width, height, width, height]).astype(np.float32)
        if (box[2:] - box[:2]).min() < MIN_SIDE:
            continue
        fill_text_map(text_map, region.polygon, IGNORE if region.ignore else 1)
        if region.ignore:
            ignored.append(box)
            continue
        try:
            text = charset.encode(region.text, steps) if region.text else torch.full((steps,), -1)
        except ValueError:
            text = torch.full((steps,), -1)
        points = torch.full((steps, 2), torch.nan)
        if region.centres is not None and text[0] > 0:
            points[: len(region.centres)] = torch.from_numpy(np.asarray(region.centres, np.float32))
        boxes.append(box)
        masks.append(rasterise(region.polygon, box, mask_size))
        texts.append(text)
        centres.append(points)
    return Targets(
        boxes=torch.from_numpy(np.array(boxes, np.float32).reshape(-1, 4)),
        masks=torch.from_numpy(np.array(masks, np.uint8).reshape(-1, mask_size, mask_size)),
        image_size=(width, height),
        ignore_boxes=torch.from_numpy(np.array(ignored, np.float32).reshape(-1, 4)),
        text=torch.stack(texts) if texts else torch.zeros(0, steps, dtype=torch.long),
        centres=torch.stack(centres) if centres else torch.zeros(0, steps, 2),
    ), text_map
