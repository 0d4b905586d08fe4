"""Image in, words out: the interface of the app, the command line and `annotation`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from spotter.charset import Charset
from spotter.drawn_regions import read_drawn_regions
from spotter.images import ImageSource, read_image
from spotter.large_words import merge_large_words
from spotter.memory import retain_freed_memory
from spotter.model.postprocess import (
    SCORE_DECIMALS,
    is_word,
    most_confident_orientations,
    reading_score,
)
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.device import has_fast_bfloat16
from spotter.ops.drawn_polygons import clip_drawn_polygon
from spotter.ops.polygons import Polygon
from spotter.ops.shapes import mask_polygon
from spotter.rereading import reread
from spotter.tracing.recorder import TRACE_HOOKS, build_trace, record_activations
from spotter.tracing.trace import Trace
from spotter.types import Character, DrawnReading, Reading, Spotting, Word
from spotter.weights import load_weights

COORDINATE_DECIMALS = 1  # of the pixels of words
MIN_PROBABILITY = 1e-9  # before a logarithm


def load_spotter(
    weights: str | Path = "nano", device: str | None = None, known_words: bool = True
) -> Spotter:
    """A spotter with built-in weights ("nano") or those of a .safetensors file.

    device: "cpu", "cuda", ...; None: a GPU if there is one. known_words: whether readings that are not sure
    are compared with known words, where the weights' config says so. Raises WeightsError with one sentence.
    """
    model, card = load_weights(weights)
    if not known_words:
        model.config = replace(model.config, known_word_weight=0.0)
    return Spotter(model, card, device)


class Spotter:
    """A model that is ready to read images."""

    def __init__(
        self, model: SwinTextSpotter, card: dict, device: str | None = None, bfloat16: bool | None = None
    ) -> None:
        """bfloat16: whether to compute in it; None: where the hardware does."""
        retain_freed_memory()
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model = model.eval().to(self.device).to(memory_format=torch.channels_last)
        self.card = card
        self.charset = Charset(model.config.characters)
        self.bfloat16 = has_fast_bfloat16(self.device) if bfloat16 is None else bfloat16

    def spot(
        self, image: ImageSource, threshold: float | None = None, short_side: int | None = None
    ) -> list[Word]:
        """The words of an image (path, PIL image or (H, W, 3) uint8 RGB) by descending detection score.

        Coordinates are pixels of the image with its EXIF orientation applied.

        Args:
            threshold: detection score that words exceed; None: the preset's. Regions whose reading score is
                below `config.reading_threshold` are discarded too, unless their detection score reaches
                `config.confident_score`: most of them are false positives.
            short_side: pixels that the image's short side is resized to; None: the preset's, within
                `config.max_upscale`. `config.coarse_scale` is relative to either.

        Raises ImageError with one sentence, and ValueError for an option that is out of range.
        """
        return self.spot_batch([image], threshold, short_side)[0]

    def spot_batch(
        self, images: Sequence[ImageSource], threshold: float | None = None, short_side: int | None = None
    ) -> list[list[Word]]:
        """`spot` for each image, with the same words. Images of the same size after resizing form batches.

        Several threads may share a spotter, for this and everything else. Raises ImageError for the first
        image that cannot be read.
        """
        if isinstance(images, str | bytes | Path):
            raise ValueError("spot_batch takes a list of images; give a single one to spot.")
        arrays = [read_image(image) for image in images]
        words = self.spot_once(arrays, threshold, short_side)
        return self.add_large_words(arrays, words, threshold, short_side)

    def add_large_words(
        self,
        images: Sequence[ImageSource],
        words: Sequence[list[Word]],
        threshold: float | None = None,
        short_side: int | None = None,
    ) -> list[list[Word]]:
        """The words of images, found in one pass, with those of the pass for large words (see
        `config.coarse_scale`); without one, the same words.
        """
        config = self.model.config
        if config.coarse_scale is None:
            return list(words)
        arrays = [read_image(image) for image in images]
        coarse = self.spot_once(arrays, threshold, short_side, config.coarse_scale)
        merged = []
        for array, found, large in zip(arrays, words, coarse, strict=True):
            min_height = config.coarse_min_height / self.scale(array, short_side)
            merged.append(merge_large_words(found, large, min_height, config.score_threshold))
        return merged

    def spot_once(
        self,
        images: Sequence[ImageSource],
        threshold: float | None = None,
        short_side: int | None = None,
        factor: float = 1.0,
    ) -> list[list[Word]]:
        """The words that one pass finds; arguments as in `spot_with_rows`."""
        results = self.spot_with_rows(images, threshold, short_side, factor, with_known_words=True)
        return [[word for _, word in result] for result in results]

    @torch.inference_mode()
    def spot_with_rows(
        self,
        images: Sequence[ImageSource],
        threshold: float | None = None,
        short_side: int | None = None,
        factor: float = 1.0,
        with_known_words: bool = False,
    ) -> list[list[tuple[int, Word]]]:
        """The words that one pass finds, as in `spot_batch`, each with its row in the regions of the pass.

        factor: the images are resized to this many times the size that `short_side` gives.
        with_known_words: see `reread`; otherwise, the network's own readings.
        """
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(f"The threshold must be from 0 to 1, not {threshold}.")
        if short_side is not None and short_side < 1:
            raise ValueError(f"The short side must be at least 1 pixel, not {short_side}.")
        arrays = [read_image(image) for image in images]
        resized = [self.resize(array, short_side, factor) for array in arrays]
        batches: dict[tuple[int, ...], list[int]] = {}
        for i, tensor in enumerate(resized):
            batches.setdefault(tuple(tensor.shape), []).append(i)
        words: list[list[tuple[int, Word]]] = [[] for _ in images]
        for batch in batches.values():
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
                spotting = self.model([resized[i].to(self.device) for i in batch], threshold)
            for slot, i in enumerate(batch):
                height, width = arrays[i].shape[:2]
                scale = np.array([width / resized[i].shape[2], height / resized[i].shape[1]])
                words[i] = self.decode_words(spotting, slot, scale, width, height)
                if with_known_words:
                    words[i] = self.reread(words[i], spotting.reading)
        return words

    def reread(self, words: list[tuple[int, Word]], reading: Reading) -> list[tuple[int, Word]]:
        """The words, each with its row in `reading`; those that are not sure are read with known words."""
        rows = [row for row, _ in words]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            texts = reread(self.model.reader, self.model.config, [w for _, w in words], reading.encoded[rows])
        return list(zip(rows, texts, strict=True))

    def decode_words(
        self, spotting: Spotting, image: int, scale: np.ndarray, width: int, height: int
    ) -> list[tuple[int, Word]]:
        """The words of one image of a batch, each with its row in `spotting.regions`.

        Of each proposal the most confident orientation is kept, if its maskK is not empty and its scores are
        those of a word (see `postprocess.is_word`).

        scale: x, y from pixels of the resized image to those of the image, which is width x height.
        """
        config = self.model.config
        rows = torch.nonzero(spotting.regions.image_index == image).squeeze(1)
        regions = spotting.regions[rows]
        boxes = regions.boxes.float().cpu().numpy() * np.tile(scale, 2)
        masks = regions.mask_k.float().cpu().numpy()
        scores = regions.scores.float().cpu().tolist()
        texts = self.decode_texts(spotting.reading, rows)
        selected = most_confident_orientations(
            regions.proposal_index.tolist(), [reading_score(characters) for characters in texts]
        )
        words: list[tuple[int, Word]] = []
        for i, row in enumerate(rows.tolist()):
            if not selected[i]:
                continue
            polygon = mask_polygon(masks[i], boxes[i], config.mask_threshold, width, height)
            if polygon is None:
                continue
            word = _make_word(len(words), polygon, scores[i], texts[i])
            if is_word(word.score, word.reading_score, config.reading_threshold, config.confident_score):
                words.append((row, word))
        return words

    @torch.inference_mode()
    def read(
        self, image: ImageSource, polygons: Sequence[Polygon], short_side: int | None = None
    ) -> list[DrawnReading]:
        """The text of regions drawn by a person, in their order; polygons (P, 2) in pixels of the image.

        See `drawn_regions`. Raises ValueError with one sentence if a polygon is invalid or lies outside the
        image.
        """
        array = read_image(image)
        resized = self.resize(array, short_side)
        height, width = array.shape[:2]
        inside = [clip_drawn_polygon(polygon, i, width, height) for i, polygon in enumerate(polygons)]
        if not inside:
            return []
        scale = np.array([resized.shape[2] / width, resized.shape[1] / height])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            regions, reading, iou = read_drawn_regions(self.model, resized.to(self.device), inside, scale)
        texts = self.decode_texts(reading, torch.arange(len(regions), device=self.device))
        scores = [reading_score(characters) for characters in texts]
        selected = most_confident_orientations(regions.proposal_index.tolist(), scores)
        found = [
            DrawnReading("".join(c.text for c in characters), reading_score(characters), characters, overlap)
            for characters, overlap in zip(compress(texts, selected), iou.tolist(), strict=True)
        ]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            return reread(self.model.reader, self.model.config, found, reading.encoded[selected])

    def trace(
        self, image: ImageSource, threshold: float | None = None, short_side: int | None = None
    ) -> Trace:
        """The words of `spot`, as the network alone reads them and without those of the pass for large words,
        and the activations behind them.
        """
        return self.trace_and_spot(image, threshold, short_side)[0]

    def trace_and_spot(
        self, image: ImageSource, threshold: float | None = None, short_side: int | None = None
    ) -> tuple[Trace, list[Word]]:
        """The trace of an image, and its words with known words, in the same order (see `spot_once`)."""
        photo = read_image(image)
        with record_activations(self.model, TRACE_HOOKS) as activations:
            (words,) = self.spot_with_rows([photo], threshold, short_side)
        resized = self.resize(photo, short_side)
        scale = np.array([photo.shape[1] / resized.shape[2], photo.shape[0] / resized.shape[1]])
        trace = build_trace(activations, words, resized, scale, self.card, self.model.config)
        return trace, [word for _, word in self.reread(words, activations["spotting"][0].reading)]

    def scale(self, image: np.ndarray, short_side: int | None = None) -> float:
        """From pixels of an image (H, W, 3) to those of the resized one: it has the given short side, or less
        where the long side would exceed its limit. By default, `config.max_upscale` limits small images.
        """
        config = self.model.config
        height, width = image.shape[:2]
        short = short_side or config.short_side
        long = config.long_side * short / config.short_side
        scale = min(short / min(height, width), long / max(height, width))
        return min(scale, config.max_upscale) if config.max_upscale and short_side is None else scale

    def resize(self, image: np.ndarray, short_side: int | None = None, factor: float = 1.0) -> Tensor:
        """(H, W, 3) uint8 RGB -> (3, h, w) float32 0..255; `factor` times the size that `scale` gives."""
        height, width = image.shape[:2]
        scale = factor * self.scale(image, short_side)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size != (width, height):
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        return torch.from_numpy(np.require(image, requirements=["C", "W"])).permute(2, 0, 1).float()

    def decode_texts(self, reading: Reading, regions: Tensor) -> list[list[Character]]:
        """The characters of chosen regions (K,) int64 up to the end sign, with calibrated probabilities."""
        ids = reading.ids[regions]
        probabilities = reading.probabilities[regions]
        config = self.model.config
        if (temperature := config.reading_temperature) != 1:
            probabilities = (probabilities.float().clamp(min=MIN_PROBABILITY).log() / temperature).softmax(-1)
        best = probabilities.gather(2, ids[:, :, None]).squeeze(2) if ids.numel() else ids
        best = best.float() ** config.reading_power
        texts = []
        for row, scores in zip(ids.tolist(), best.tolist(), strict=True):
            text = self.charset.decode(row)
            texts.append([Character(c, round(s, SCORE_DECIMALS)) for c, s in zip(text, scores, strict=False)])
        return texts


def _make_word(number: int, polygon: np.ndarray, score: float, characters: list[Character]) -> Word:
    box = [*polygon.min(0).tolist(), *polygon.max(0).tolist()]
    return Word(
        id=f"w{number}",
        polygon=[[round(v, COORDINATE_DECIMALS) for v in point] for point in polygon.tolist()],
        box=[round(v, COORDINATE_DECIMALS) for v in box],
        text="".join(c.text for c in characters),
        score=round(score, SCORE_DECIMALS),
        reading_score=reading_score(characters),
        characters=characters,
    )
