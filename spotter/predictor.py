"""Image in, words out. All that the app, the command line and `annotation` call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from spotter.images import read_image
from spotter.memory import keep_freed_memory
from spotter.model.charset import Charset
from spotter.model.spotter import SwinTextSpotter
from spotter.types import Character, Reading, Word
from spotter.weights import load_weights

if TYPE_CHECKING:
    from spotter.explain.trace import Trace

CONTOUR_SIZE = 112  # maskK is enlarged to this many pixels a side before its outline is taken
STRAIGHT_IOU = 0.82  # an outline that fills this much of its smallest rectangle is given as that rectangle
MOST_POINTS = 16


def load_spotter(weights: str | Path = "nano", device: str | None = None) -> Spotter:
    """Built-in weights ("nano") or a .safetensors file. `device`: "cpu", "cuda"; None: a GPU when there is
    one.

    Raises WeightsError in one sentence.
    """
    model, card = load_weights(weights)
    return Spotter(model, card, device)


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is computed in hardware: AVX512-BF16 or AMX on a CPU, any current GPU."""
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


class Spotter:
    """A model made ready to read images."""

    def __init__(
        self, model: SwinTextSpotter, card: dict, device: str | None = None, bfloat16: bool | None = None
    ) -> None:
        """`bfloat16`: None chooses it where the hardware computes it."""
        keep_freed_memory()
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model = model.eval().to(self.device, memory_format=torch.channels_last)
        self.card = card
        self.charset = Charset(model.config.characters)
        self.bfloat16 = fast_bfloat16(self.device) if bfloat16 is None else bfloat16

    def spot(
        self,
        image: str | Path | Image.Image | np.ndarray,
        threshold: float | None = None,
        short_side: int | None = None,
    ) -> list[Word]:
        """The words of an image (path, PIL image or (H, W, 3) uint8 RGB) in the order of falling score.

        Coordinates are pixels of the image with its EXIF orientation applied. `threshold`: words with a
        score below it
        are left out (default: the preset's); `short_side`: pixels the image's short side is resized to.
        """
        return self.spot_batch([image], threshold, short_side)[0]

    @torch.inference_mode()
    def spot_batch(
        self,
        images: Sequence[str | Path | Image.Image | np.ndarray],
        threshold: float | None = None,
        short_side: int | None = None,
    ) -> list[list[Word]]:
        """The words of each image. Images whose resized and padded sizes agree go through the network
        together; the words are those of reading them one by one."""
        arrays = [read_image(image) for image in images]
        resized = [self.resize(array, short_side) for array in arrays]
        groups: dict[tuple[int, ...], list[int]] = {}
        for i, tensor in enumerate(resized):
            groups.setdefault(tuple(tensor.shape), []).append(i)
        words: list[list[Word]] = [[] for _ in images]
        for members in groups.values():
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
                found = self.model([resized[i].to(self.device) for i in members], threshold)
            for slot, i in enumerate(members):
                mine = torch.nonzero(found.regions.image_index == slot).squeeze(1)
                height, width = arrays[i].shape[:2]
                scale = np.array([width / resized[i].shape[2], height / resized[i].shape[1]])
                boxes = found.regions.boxes[mine].float().cpu().numpy() * np.tile(scale, 2)
                masks = found.regions.mask_k[mine].float().cpu().numpy()
                scores = found.regions.scores[mine].float().cpu().tolist()
                texts = self.texts(found.reading, mine)
                for box, mask, score, characters in zip(boxes, masks, scores, texts, strict=True):
                    polygon = mask_polygon(mask, box, self.model.config.mask_threshold, width, height)
                    if polygon is not None:
                        words[i].append(_word(len(words[i]), polygon, score, characters))
        return words

    def trace(
        self,
        image: str | Path | Image.Image | np.ndarray,
        threshold: float | None = None,
        short_side: int | None = None,
    ) -> Trace:
        """The same words as `spot`, bit for bit, and everything seen on the way."""
        from spotter.explain.trace import record  # it looks at this module from outside

        return record(self, image, threshold, short_side)

    def resize(self, image: np.ndarray, short_side: int | None = None) -> Tensor:
        """(H, W, 3) uint8 RGB -> (3, h, w) float32 0..255, short side as asked unless the long side
        forbids it.
        """
        config = self.model.config
        height, width = image.shape[:2]
        short = short_side or config.short_side
        long = config.long_side * short / config.short_side
        scale = min(short / min(height, width), long / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size != (width, height):
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        return torch.from_numpy(np.require(image, requirements="CW")).permute(2, 0, 1).float()

    def texts(self, reading: Reading, regions: Tensor) -> list[list[Character]]:
        """The characters of chosen regions, up to each one's end sign, with calibrated probabilities."""
        ids = reading.ids[regions]
        probabilities = reading.probabilities[regions]
        if (temperature := self.model.config.reading_temperature) != 1:
            probabilities = (probabilities.float().clamp(min=1e-9).log() / temperature).softmax(-1)
        best = probabilities.gather(2, ids[:, :, None]).squeeze(2) if ids.numel() else ids
        found = []
        for row, scores in zip(ids.tolist(), best.tolist(), strict=True):
            text = self.charset.decode(row)
            found.append([Character(c, round(s, 4)) for c, s in zip(text, scores, strict=False)])
        return found


def _word(number: int, polygon: np.ndarray, score: float, characters: list[Character]) -> Word:
    logs = [math.log(max(c.score, 1e-9)) for c in characters]
    reading_score = math.exp(sum(logs) / len(logs)) if logs else 0.0
    box = [*polygon.min(0).tolist(), *polygon.max(0).tolist()]
    return Word(
        id=f"w{number}",
        polygon=[[round(x, 1), round(y, 1)] for x, y in polygon.tolist()],
        box=[round(v, 1) for v in box],
        text="".join(c.text for c in characters),
        score=round(score, 4),
        reading_score=round(reading_score, 4),
        characters=characters,
    )


def mask_polygon(
    mask: np.ndarray, box: np.ndarray, threshold: float, width: int, height: int
) -> np.ndarray | None:
    """Outline of maskK (28, 28) over its box (4,) xyxy: (P, 2) float64, clockwise, clipped to the image.

    Four points where a rectangle fits, else up to 16. None when the mask is empty or wholly outside the
    image.
    """
    large = cv2.resize(mask, (CONTOUR_SIZE, CONTOUR_SIZE), interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours(
        (large > threshold).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if not contours or not np.isfinite(box).all():
        return None
    contour = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    # A contour runs through pixel centres: grow it by the half pixel that lies outside on either side.
    centre = (contour.min(0) + contour.max(0)) / 2
    extent = np.maximum(contour.max(0) - contour.min(0), 1)
    contour = (contour - centre) * (extent + 1) / extent + centre + 0.5
    points = (box[:2] + contour / CONTOUR_SIZE * (box[2:] - box[:2])).astype(np.float32)
    rectangle = cv2.minAreaRect(points)
    if cv2.contourArea(points) >= STRAIGHT_IOU * rectangle[1][0] * rectangle[1][1]:
        polygon = cv2.boxPoints(rectangle)
    else:
        polygon = points
        for step in range(1, 40):
            if len(polygon) <= MOST_POINTS:
                break
            polygon = cv2.approxPolyDP(points, 0.002 * step * cv2.arcLength(points, True), True)[:, 0]
    polygon = np.clip(polygon.astype(np.float64), 0, [width, height])
    if len(polygon) < 3 or cv2.contourArea(polygon.astype(np.float32)) < 1:
        return None
    x, y = polygon.T
    if (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() < 0:  # y points down: clockwise has a positive sum
        polygon = polygon[::-1]
    first = int((polygon - polygon.min(0)).sum(1).argmin())  # start at the upper left
    return np.roll(polygon, -first, 0)
