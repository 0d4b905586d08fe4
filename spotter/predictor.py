"""Image in, words out. All that the app, the command line and `annotation` call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.ops import box_iou

from spotter.charset import Charset
from spotter.images import read_image
from spotter.memory import keep_freed_memory
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.polygons import clip, mask_polygon, rasterise
from spotter.ops.rois import boxes_to_rois
from spotter.types import Character, Detection, DrawnReading, Reading, Regions, Spotting, Word
from spotter.weights import load_weights

SAME_REGION = 0.5  # IoU from which a proposal is taken for the drawn region; that of training's read boxes

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


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

        Coordinates are pixels of the image with its EXIF orientation applied. `threshold`: words with a score
        below it are left out (default: the preset's), as are those that are neither read likely enough nor
        found surely (`config.reading_threshold`, `config.sure_score`), which mostly are no text;
        `short_side`: pixels the image's short side is resized to (default: the preset's, as far as it
        enlarges). Raises ImageError in one sentence.
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
                height, width = arrays[i].shape[:2]
                scale = np.array([width / resized[i].shape[2], height / resized[i].shape[1]])
                words[i] = [word for _, word in self.words(found, slot, scale, width, height)]
        return words

    def words(
        self, found: Spotting, image: int, scale: np.ndarray, width: int, height: int
    ) -> list[tuple[int, Word]]:
        """The words of one image of a batch, each with its row in `found.regions`: of the regions whose maskK
        has an outline, those that are read likely enough (`config.reading_threshold`) or found surely
        (`config.sure_score`).

        scale: x, y from pixels of the resized image to those of the image, which is width x height.
        """
        config = self.model.config
        rows = torch.nonzero(found.regions.image_index == image).squeeze(1)
        boxes = found.regions.boxes[rows].float().cpu().numpy() * np.tile(scale, 2)
        masks = found.regions.mask_k[rows].float().cpu().numpy()
        scores = found.regions.scores[rows].float().cpu().tolist()
        texts = self.texts(found.reading, rows)
        surest = surest_ways(found.regions.proposal_index[rows].tolist(), texts)
        words: list[tuple[int, Word]] = []
        for row, box, mask, score, characters, best in zip(
            rows.tolist(), boxes, masks, scores, texts, surest, strict=True
        ):
            polygon = mask_polygon(mask, box, config.mask_threshold, width, height) if best else None
            if polygon is None:
                continue
            word = _word(len(words), polygon, score, characters)
            if word.reading_score >= config.reading_threshold or word.score >= config.sure_score:
                words.append((row, word))
        return words

    @torch.inference_mode()
    def read(
        self,
        image: str | Path | Image.Image | np.ndarray,
        polygons: Sequence[Sequence[Sequence[float]] | np.ndarray],
        short_side: int | None = None,
    ) -> list[DrawnReading]:
        """The text of regions drawn by a person, in their order; polygons (P, 2) in pixels of the image.

        Box and maskK of a region are those of its polygon. A drawn region has no proposal feature of its
        own, which Recognition Conversion needs: it gets that of the proposal whose last box overlaps it best,
        and where none overlaps it by `SAME_REGION` (IoU), that of a mean proposal led through the stages with
        its box held on the drawn one.

        Raises ValueError in one sentence when a polygon is none, or lies outside the image.
        """
        array = read_image(image)
        resized = self.resize(array, short_side)
        height, width = array.shape[:2]
        inside = [drawn_polygon(polygon, i, width, height) for i, polygon in enumerate(polygons)]
        if not inside:
            return []
        scale = np.array([resized.shape[2] / width, resized.shape[1] / height])
        bounds = np.stack([np.concatenate([p.min(0), p.max(0)]) for p in inside])
        size = self.model.config.mask_size
        masks = np.stack([rasterise(p, box, size) for p, box in zip(inside, bounds, strict=True)])
        boxes = torch.from_numpy(bounds * np.tile(scale, 2)).float().to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            detection, related, overlap = self._drawn_features(resized.to(self.device), boxes)
            place = torch.zeros(len(boxes), dtype=torch.long, device=self.device)
            regions = Regions(
                image_index=place,
                proposal_index=torch.arange(len(boxes), device=self.device),  # what tells them apart below
                scores=torch.ones(len(boxes), device=self.device),
                boxes=boxes,
                mask_k=torch.from_numpy(masks).float().to(self.device),
                related=related,
                rois=boxes_to_rois(boxes),
            )
            regions = self.model.along_words(regions)
            _, reading = self.model.read(detection.levels, regions)
        texts = self.texts(reading, torch.arange(len(regions.boxes), device=self.device))
        texts = list(compress(texts, surest_ways(regions.proposal_index.tolist(), texts)))
        return [
            DrawnReading("".join(c.text for c in characters), _reading_score(characters), characters, overlap)
            for characters, overlap in zip(texts, overlap.tolist(), strict=True)
        ]

    def _drawn_features(self, image: Tensor, boxes: Tensor) -> tuple[Detection, Tensor, Tensor]:
        """The image's detection, the related proposal features (R, C) of drawn boxes (R, 4), and the IoU
        (R,) with the proposal that each is from.
        """
        model = self.model
        levels, first_boxes, first_features, sizes = model.look([image])
        detection = Detection(levels, model.refine(levels, first_boxes, first_features), sizes)
        last = detection.stages[-1]
        overlap, nearest = box_iou(boxes, last.boxes[0].float()).max(1)
        features = last.proposal_features[0, nearest]
        alone = overlap < SAME_REGION
        if alone.any():
            mean = first_features.mean(1, keepdim=True).expand(-1, int(alone.sum()), -1)
            features = features.clone()
            features[alone] = model.held(levels, boxes[alone][None], mean)[0].to(features)
        _, kept = model.best(detection)
        everyone = torch.cat([last.proposal_features[0, kept[0]], features])
        return detection, model.conversion.relate(everyone[None])[0, -len(boxes) :], overlap

    def trace(
        self,
        image: str | Path | Image.Image | np.ndarray,
        threshold: float | None = None,
        short_side: int | None = None,
    ) -> Trace:
        """The same words as `spot`, bit for bit, and everything seen on the way."""
        from spotter.tracing.trace import record  # it looks at this module from outside

        return record(self, image, threshold, short_side)

    def resize(self, image: np.ndarray, short_side: int | None = None) -> Tensor:
        """(H, W, 3) uint8 RGB -> (3, h, w) float32 0..255, short side as asked unless the long side
        forbids it. Where nothing is asked, small images stay smaller than the preset's short side
        (`config.most_enlarged`).
        """
        config = self.model.config
        height, width = image.shape[:2]
        short = short_side or config.short_side
        long = config.long_side * short / config.short_side
        scale = min(short / min(height, width), long / max(height, width))
        if config.most_enlarged and short_side is None:
            scale = min(scale, config.most_enlarged)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size != (width, height):
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        return torch.from_numpy(np.require(image, requirements="CW")).permute(2, 0, 1).float()

    def texts(self, reading: Reading, regions: Tensor) -> list[list[Character]]:
        """The characters of chosen regions, up to each one's end sign, with calibrated probabilities."""
        ids = reading.ids[regions]
        probabilities = reading.probabilities[regions]
        config = self.model.config
        if (temperature := config.reading_temperature) != 1:
            probabilities = (probabilities.float().clamp(min=1e-9).log() / temperature).softmax(-1)
        best = probabilities.gather(2, ids[:, :, None]).squeeze(2) if ids.numel() else ids
        best = best.float() ** config.reading_power
        found = []
        for row, scores in zip(ids.tolist(), best.tolist(), strict=True):
            text = self.charset.decode(row)
            found.append([Character(c, round(s, 4)) for c, s in zip(text, scores, strict=False)])
        return found


def _word(number: int, polygon: np.ndarray, score: float, characters: list[Character]) -> Word:
    box = [*polygon.min(0).tolist(), *polygon.max(0).tolist()]
    return Word(
        id=f"w{number}",
        polygon=[[round(x, 1), round(y, 1)] for x, y in polygon.tolist()],
        box=[round(v, 1) for v in box],
        text="".join(c.text for c in characters),
        score=round(score, 4),
        reading_score=_reading_score(characters),
        characters=characters,
    )


def surest_ways(proposals: Sequence[int], texts: Sequence[list[Character]]) -> list[bool]:
    """Of the regions of each proposal, which a tall box has several of, the one that is read surest."""
    best: dict[int, int] = {}
    scores = [_reading_score(characters) for characters in texts]
    for i, proposal in enumerate(proposals):
        if scores[i] > scores[best.setdefault(proposal, i)]:
            best[proposal] = i
    return [best[proposal] == i for i, proposal in enumerate(proposals)]


def _reading_score(characters: list[Character]) -> float:
    """Geometric mean of the characters' probabilities, 0 without characters."""
    logs = [math.log(max(c.score, 1e-9)) for c in characters]
    return round(math.exp(sum(logs) / len(logs)), 4) if logs else 0.0


def drawn_polygon(
    polygon: Sequence[Sequence[float]] | np.ndarray, number: int, width: int, height: int
) -> np.ndarray:
    """The part of a drawn polygon that lies in the image, (P, 2) float64.

    Raises ValueError in one sentence.
    """
    try:
        points = np.asarray(polygon, np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
        raise ValueError(f"Region {number + 1} is no polygon: expected at least 3 points [x, y] of numbers.")
    inside = clip(points, width, height)
    if inside is None or np.ptp(inside, 0).min() < 1:
        raise ValueError(f"Region {number + 1} lies outside the image or is too thin to be read.")
    return inside
