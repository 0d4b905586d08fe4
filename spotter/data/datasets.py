"""Training data: rendered scenes and annotated photographs, each a pure function of its number and of the
progress of the run.

Batch k of a run is the same whichever process makes it and whenever, so that a run with a budget in steps
continues in the same data order after it is resumed.
"""

from __future__ import annotations

import random
from dataclasses import replace

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from spotter.charset import Charset
from spotter.config import SpotterConfig
from spotter.data.curriculum import Curriculum, SceneKind
from spotter.data.data_config import DataConfig, StageConfig
from spotter.data.photographs import Photographs
from spotter.data.sources import Sources
from spotter.data.synth.scene import SceneGenerator
from spotter.data.synth.style import SceneStyle
from spotter.data.targets import Batch, make_targets
from spotter.types import GroundTruth

LOWER_CONTRAST_PROBABILITY = 0.5
CONTRAST = 0.35, 1.0  # share of the contrast that is left
CONTRAST_LEVEL = 60, 190  # gray level that colours are pulled towards
WORDS_ON_PHOTOGRAPH = 4, 14  # rendered on an annotated photograph, per area of a small scene
DENSE_LINES = 0.9  # `SceneStyle.lines` of scenes with more words


class TrainingScenes:
    """Single scenes of any kind, rendered or cropped from photographs. Picklable: each process builds its
    own generators.
    """

    def __init__(
        self, stages: tuple[StageConfig, ...], data: DataConfig, sources: Sources, seed: int = 0
    ) -> None:
        self.stages, self.data, self.sources, self.seed = stages, data, sources, seed
        self.generators: dict[SceneStyle, SceneGenerator] = {}

    def __getstate__(self) -> dict:
        return self.__dict__ | {"generators": {}}

    def check(self) -> None:
        """Raises ValueError or OSError in one sentence when a folder or the pack cannot be used."""
        self.sources.get_backgrounds()
        self.sources.get_fonts()
        self.sources.get_photographs()

    def __call__(self, kind: SceneKind, number: int) -> tuple[np.ndarray, list[GroundTruth]]:
        """Scene `number` of a kind: (height, width, 3) uint8 RGB, and its regions in pixels of the scene."""
        return self.render(kind, random.Random(f"{self.seed} {number}"))

    def render(self, kind: SceneKind, rng: random.Random) -> tuple[np.ndarray, list[GroundTruth]]:
        """A random scene of a kind, as `__call__` returns it."""
        stage, data = self.stages[kind.stage], self.data
        denser = data.denser if kind.dense and not self.is_warmup(kind) else 1
        more = kind.width * kind.height / stage.scene**2 * denser  # times the words of a small scene
        max_words = data.max_words * denser
        photographs = self.sources.get_photographs() if stage.photographs else {}
        if photographs and rng.random() < stage.photographs:
            crops = Photographs(photographs, data.weights, data.mosaics, data.scales)
            image, regions = crops.crop(kind.size, rng)
            if denser > 1 or rng.random() < data.painted:
                low, high = WORDS_ON_PHOTOGRAPH
                words = max(
                    0, min(rng.randint(round(low * more), round(high * more)), max_words - len(regions))
                )
                style = data.painted_style
                if more > 1:
                    style = self.with_full_size_range(style, kind.size)
                scene = self.generator(style, kind.size).write(rng, image, regions, words)
                return scene.image, scene.regions
            return image, regions
        if self.is_warmup(kind):
            style = data.warmup_style
        elif rng.random() < stage.easy:
            style = data.easy_style
        else:
            style = data.curved_style if rng.random() < data.curved else data.crowded_style
        if more > 1:
            words = min(max_words, round(style.words[1] * more))
            style = replace(
                style,
                words=(words // 2, words),
                lines=DENSE_LINES,
                patience=data.patience,
                shrink=data.shrink,
            )
            style = self.with_full_size_range(style, kind.size)
        scene = self.generator(style, kind.size).render(rng.getrandbits(48))
        return scene.image, scene.regions

    def is_warmup(self, kind: SceneKind) -> bool:
        """Whether a kind is of a stage that trains the pyramid alone, on small scenes."""
        stage = self.stages[kind.stage]
        return stage.features == 1 and max(kind.size) <= stage.scene

    def with_full_size_range(self, style: SceneStyle, size: tuple[int, int]) -> SceneStyle:
        """The style with letters up to those of signs, for scenes of a width and height in pixels.

        With all sizes in each of them, all have about as many words, and processes that train together wait
        little for each other.
        """
        high = self.data.largest * min(size)
        return replace(style, text_height=(style.text_height[0], high), small=self.data.small)

    def generator(self, style: SceneStyle, size: tuple[int, int]) -> SceneGenerator:
        """The generator of a style's scenes of a width and height in pixels."""
        style = replace(style, width=size[0], height=size[1])
        if style not in self.generators:
            s = self.sources
            self.generators[style] = SceneGenerator(
                style, "train", s.get_fonts(), s.get_vocabulary(), s.get_backgrounds()
            )
        return self.generators[style]


class BatchDataset(Dataset):
    """(k, progress) -> batch k at a progress of the run, rendered where it is asked for."""

    def __init__(
        self,
        model: SpotterConfig,
        stages: tuple[StageConfig, ...],
        data: DataConfig,
        sources: Sources | None = None,
        seed: int = 0,
    ) -> None:
        self.scenes = TrainingScenes(stages, data, sources or Sources(), seed)
        self.curriculum = Curriculum(stages, data)
        self.charset, self.steps, self.mask_size = Charset(model.characters), model.max_steps, model.mask_size

    def __getitem__(self, index: tuple[int, float]) -> Batch:
        number, progress = index
        plan = self.curriculum.plan(number, progress)
        rng = random.Random(self.scenes.seed * 1_000_003 + number)  # a prime: seeds share no batch
        images, targets, maps = [], [], []
        for _ in range(plan.count):
            image, regions = self.scenes.render(plan.kind, rng)
            image = reduce_contrast(image, rng)
            target, text_map = make_targets(
                regions, *plan.kind.size, self.charset, self.steps, self.mask_size
            )
            images.append(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1))
            targets.append(target)
            maps.append(torch.from_numpy(text_map))
        return Batch(torch.stack(images), targets, torch.stack(maps), plan.task)


def reduce_contrast(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Half of the pictures (H, W, 3) uint8 with less contrast: photographed words have two thirds of that of
    rendered ones (`python -m spotter.evaluation.domain_gap`).
    """
    if rng.random() < LOWER_CONTRAST_PROBABILITY:
        return image
    factor, level = rng.uniform(*CONTRAST), rng.uniform(*CONTRAST_LEVEL)
    table = (np.arange(256) - 128) * factor + 128 + (1 - factor) * (level - 128)
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8))
