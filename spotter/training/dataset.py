"""Batches for training: rendered scenes and annotated photographs, each a pure function of its number.

Batch k of a run is the same whoever asks for it and whenever, so that a resumed run continues in the same
data order.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from spotter.evaluation.icdar import samples
from spotter.model.charset import Charset
from spotter.polygons import rasterise
from spotter.training.fonts import fonts as installed_fonts
from spotter.training.losses import Targets
from spotter.training.photographs import photographed
from spotter.training.synth import CURVED, EASY, MIXED, SceneGenerator, SceneStyle
from spotter.types import GroundTruth

MAP_STRIDE = 4  # of the dense text map: that of P2
IGNORE = 255  # in the dense text map: do not care
BLOCK = 8  # batches that train the same
LARGEST = 0.25  # letters of large pictures, in parts of their shorter side
SMALL = 1.6  # of large pictures (`SceneStyle.small`): a third of the letters are above 32 pixels
CROWD = {"patience": 16, "shrink": 0.8}  # of large scenes: more words in the same time
MOST_WORDS = 60  # in a large scene: fewer than proposals
WIDE = 1.36, 0.73  # width and height of every other large scene, in parts of its side: two squares, about
# Times as many words where the detector is not trained: there each costs little beside the picture.
DENSER = 3
REWEIGHTED = 0.35  # of the blocks: so each font stands for some more
# Steep: of the rotated blocks. In scenes as they are evaluated, one word of thirty is upright or nearly.
VARIED = {"reweighted": REWEIGHTED, "steep": 0.4}
LEAST_SIDE = 4.0  # pixels; smaller boxes are not trained on

# Many words a scene: the picture costs the same, and the reader learns from words.
FIRST = replace(EASY, words=(3, 6), text_height=(14, 48))  # small scenes for the pyramid alone
CLEAR = replace(EASY, words=(5, 14), text_height=(13, 60), lines=0.7, reweighted=REWEIGHTED)
CROWDED = replace(MIXED, words=(6, 20), text_height=(12, 72), rotated=0.5, lines=0.65, **VARIED)
BENT = replace(CURVED, words=(5, 14), lines=0.65, **VARIED)
ON_PHOTOGRAPHS = replace(  # which are degraded already
    MIXED,
    text_height=(11, 48),
    rotated=0.5,
    curved=0.3,
    degradation=0.3,
    **VARIED,
    **CROWD,
)
BENT_SHARE = 0.35  # of the scenes that are not clear
PAINTED = 0.5  # share of annotated photographs that get rendered words beside their own


def falls(number: int, share: float) -> bool:
    """Whether one of evenly spread numbers, a share of all, falls on this one."""
    return int((number + 1) * share) > int(number * share)


def of_all_sizes(style: SceneStyle, size: tuple[int, int]) -> SceneStyle:
    """The style with letters up to those of signs, in each picture (`size`: width and height in pixels): so
    all have about as many words, and processes that train together wait little for each other.
    """
    return replace(style, text_height=(style.text_height[0], LARGEST * min(size)), small=SMALL)


@dataclass(frozen=True)
class Curriculum:
    """What is shown when. Numbers are batches since the start."""

    size: int = 8  # images a batch
    features_until: int = 0  # before this batch only the pyramid is trained, on small scenes
    pyramid: float = 0.0  # share of the batches after that which train the pyramid alone, at half the cost
    reading: float = 0.0  # share of batches that train the pyramid and the reader, not the detector
    mixed_from: int = 0  # easy scenes only before this batch ...
    mixed_full: int = 1  # ... and only a fifth of them easy after this one
    scene: int = 320  # pixels a side of a scene
    large: float = 0.0  # share of batches with large scenes: few, as many pixels and words in all
    large_scene: int = 640  # pixels a side of a large scene
    photographs: float = 0.0  # share of annotated photographs once scenes are mixed
    seed: int = 0

    def task(self, batch: int) -> str:
        """What a batch trains: "features", "reading" or "all". The same for all batches of a block, so that
        processes that train together (at most BLOCK) do the same in one step.
        """
        block = batch // BLOCK
        if self.first(batch) or falls(block, self.pyramid):
            return "features"
        return "reading" if falls(block, self.reading) else "all"

    def first(self, batch: int) -> bool:
        """Whether a batch is of the beginning, when only the pyramid is trained, on small scenes."""
        return batch // BLOCK * BLOCK < self.features_until

    def scenes(self, batch: int) -> tuple[int, tuple[int, int]]:
        """How many scenes a batch has, and width and height of each in pixels. The same for all batches of a
        block.
        """
        if self.first(batch):
            return 2 * self.size, (self.scene // 2, self.scene // 2)
        block, side = batch // BLOCK, self.large_scene
        if falls(block, self.large):
            wide = int((block + 1) * self.large) % 2 == 0
            width, height = (32 * round(side * part / 32) for part in WIDE) if wide else (side, side)
            return max(1, round(self.size * (self.scene / side) ** 2)), (width, height)
        return self.size, (self.scene, self.scene)

    def easy_share(self, batch: int) -> float:
        """Share of easy scenes in a batch, falling from 1 to 0.2."""
        if batch < self.mixed_from:
            return 1.0
        return max(0.2, 1 - 0.8 * (batch - self.mixed_from) / max(1, self.mixed_full - self.mixed_from))


@dataclass
class Batch:
    """Images of one size with their truth."""

    images: Tensor  # (B, 3, H, W) uint8 RGB
    targets: list[Targets]
    text_maps: Tensor  # (B, H/4, W/4) uint8: 1 text, 0 none, 255 do not care
    task: str  # what it trains: "features", "reading" or "all"

    @property
    def words(self) -> int:
        return sum(len(t.boxes) for t in self.targets)


def make_targets(
    regions: list[GroundTruth], width: int, height: int, charset: Charset, steps: int, mask_size: int
) -> tuple[Targets, np.ndarray]:
    """Tensors of one image's truth and its dense text map (H/4, W/4) uint8.

    Words that the reader cannot write (unknown sign, too long) are found but not read: their text row is
    all -1.
    """
    boxes, masks, texts, centres, ignored = [], [], [], [], []
    text_map = np.zeros((height // MAP_STRIDE, width // MAP_STRIDE), np.uint8)
    for region in sorted(regions, key=lambda r: r.ignore, reverse=True):
        box = np.clip(region.box, 0, [width, height, width, height]).astype(np.float32)
        if (box[2:] - box[:2]).min() < LEAST_SIDE:
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


def faded(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Half of the pictures (H, W, 3) uint8 with less contrast: photographed words have two thirds of that of
    rendered ones (`python -m spotter.training.gap`).
    """
    if rng.random() < 0.5:
        return image
    factor, level = rng.uniform(0.35, 1.0), rng.uniform(60, 190)
    table = (np.arange(256) - 128) * factor + 128 + (1 - factor) * (level - 128)
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8))


class Batches(Dataset):
    """Batch k -> Batch. Rendering happens where it is asked for (a worker process of the loader)."""

    def __init__(
        self,
        curriculum: Curriculum,
        characters: str,
        steps: int,
        mask_size: int,
        backgrounds: str | None = None,
        data: tuple[str, ...] = (),
        fonts: str | None = None,
    ) -> None:
        """`data`: folders of annotated photographs in ICDAR 2015 form; `fonts`: folder of more fonts
        (Fontsource). Raises ValueError when one is none.
        """
        self.curriculum = curriculum
        self.charset, self.steps, self.mask_size = Charset(characters), steps, mask_size
        self.backgrounds = backgrounds
        self.fonts = fonts
        if fonts is not None:
            installed_fonts("train", fonts)  # a wrong folder is said here, not by a worker process
        self.samples = [sample for folder in data for sample in samples(Path(folder))]
        self.generators: dict[SceneStyle, SceneGenerator] = {}

    def __getitem__(self, number: int) -> Batch:
        c = self.curriculum
        rng = random.Random(c.seed * 1_000_003 + number)
        count, size = c.scenes(number)
        images, targets, maps = [], [], []
        for _ in range(count):
            image, regions = self.example(number, size, rng)
            image = faded(image, rng)
            target, text_map = make_targets(regions, *size, self.charset, self.steps, self.mask_size)
            images.append(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1))
            targets.append(target)
            maps.append(torch.from_numpy(text_map))
        return Batch(torch.stack(images), targets, torch.stack(maps), c.task(number))

    def example(
        self, number: int, size: tuple[int, int], rng: random.Random
    ) -> tuple[np.ndarray, list[GroundTruth]]:
        """One image (height, width, 3) uint8 with its truth; size: width and height."""
        c = self.curriculum
        task = c.task(number)
        denser = 1 if c.first(number) or task == "all" else DENSER
        more = size[0] * size[1] / c.scene**2 * denser
        most = MOST_WORDS * denser
        if self.samples and number >= c.mixed_from and rng.random() < c.photographs:
            image, regions = photographed(self.samples, size, rng)
            if denser > 1 or rng.random() < PAINTED:
                words = max(0, min(rng.randint(round(4 * more), round(14 * more)), most - len(regions)))
                style = ON_PHOTOGRAPHS if more <= 1 else of_all_sizes(ON_PHOTOGRAPHS, size)
                scene = self.generator(style, size).write(rng, image, regions, words)
                return scene.image, scene.regions
            return image, regions
        if c.first(number):
            style = FIRST
        elif rng.random() < c.easy_share(number):
            style = CLEAR
        else:
            style = BENT if rng.random() < BENT_SHARE else CROWDED
        if more > 1:
            words = min(most, round(style.words[1] * more))
            style = replace(style, words=(words // 2, words), lines=0.9, **CROWD)
            style = of_all_sizes(style, size)
        scene = self.generator(style, size).render(rng.getrandbits(48))
        return scene.image, scene.regions

    def generator(self, style: SceneStyle, size: tuple[int, int]) -> SceneGenerator:
        """The generator of a style's scenes of a width and height in pixels."""
        style = replace(style, width=size[0], height=size[1], backgrounds=self.backgrounds)
        if style not in self.generators:
            self.generators[style] = SceneGenerator(style, "train", installed_fonts("train", self.fonts))
        return self.generators[style]


class Numbers(torch.utils.data.Sampler):
    """first, first + step, ... without an end: the batches of one process."""

    def __init__(self, first: int, step: int) -> None:
        self.first, self.step = first, step

    def __iter__(self) -> Iterator[int]:
        number = self.first
        while True:
            yield number
            number += self.step


def _worker(_: int) -> None:
    """One thread; and a signal to the whole group is for the trainer, which ends its workers itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def batches(dataset: Batches, first: int, step: int, workers: int) -> Iterator[Batch]:
    """Batches first, first + step, ...; rendered ahead by `workers` processes (0: here)."""
    return iter(
        DataLoader(
            dataset,
            batch_size=None,
            sampler=Numbers(first, step),
            num_workers=workers,
            worker_init_fn=_worker,
            prefetch_factor=6 if workers else None,
            multiprocessing_context="spawn" if workers else None,
            generator=torch.Generator(),  # its own: the loader's draw must not move the trainer's generator
        )
    )
