"""Batches for training: rendered scenes and annotated photographs, each a pure function of its number and of
the progress of the run.

Batch k of a run is the same whichever process asks for it and whenever, so that a run with a budget in steps
continues in the same data order after a resume.
"""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from spotter.charset import Charset
from spotter.config import SpotterConfig
from spotter.data.photographs import Photographs
from spotter.data.sources import Sources
from spotter.data.synth.scene import SceneGenerator, SceneStyle
from spotter.data.targets import Batch, make_targets
from spotter.training.train_config import DataConfig, StageConfig, TrainConfig
from spotter.types import GroundTruth

BLOCK = 8  # successive batches that train the same


def in_share(number: int, share: float) -> bool:
    """True for a `share` of all numbers, evenly spaced."""
    return int((number + 1) * share) > int(number * share)


@dataclass(frozen=True)
class SceneKind:
    """What kind of scene is asked for: `render` makes any number of each."""

    stage: int  # index of the run's stage
    width: int  # pixels
    height: int
    dense: bool  # for batches that do not train the detector: more words than it has proposals for


@dataclass(frozen=True)
class BatchPlan:
    """What a batch consists of."""

    kind: SceneKind
    count: int  # scenes
    task: str  # what it trains: "features", "reading" or "all"


@dataclass(frozen=True)
class Curriculum:
    """Which batch trains what, on how many scenes of which kind. The same for all batches of a block, so that
    processes that train together (at most BLOCK) do the same in one step.
    """

    stages: tuple[StageConfig, ...]
    data: DataConfig

    def stage(self, progress: float) -> int:
        """Index of the stage at a progress of the run, 0..1."""
        return next((i for i, s in enumerate(self.stages) if progress < s.until), len(self.stages) - 1)

    def plan(self, number: int, progress: float) -> BatchPlan:
        """The plan of batch `number` at a progress of the run."""
        index = self.stage(progress)
        stage, block = self.stages[index], number // BLOCK
        if in_share(block, stage.features):
            task = "features"
        else:
            task = "reading" if in_share(block, stage.reading) else "all"
        width = height = stage.scene
        if in_share(block, stage.large):
            width = height = stage.large_scene
            if int((block + 1) * stage.large) % 2 == 0:
                width, height = (32 * round(stage.large_scene * part / 32) for part in self.data.wide)
        kind = SceneKind(index, width, height, task != "all")
        return BatchPlan(kind, self.count(kind), task)

    def count(self, kind: SceneKind) -> int:
        """Scenes of a kind in a batch."""
        return max(1, round(1e6 * self.data.megapixels / (kind.width * kind.height)))

    def kinds(self, stage: int) -> dict[SceneKind, float]:
        """The kinds of scenes of a stage, with their shares of all its scenes."""
        progress = self.stages[stage - 1].until if stage else 0.0
        counts: dict[SceneKind, float] = {}
        for block in range(1000):
            plan = self.plan(block * BLOCK, progress)
            counts[plan.kind] = counts.get(plan.kind, 0) + plan.count
        return {kind: count / sum(counts.values()) for kind, count in counts.items()}


def reduce_contrast(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Half of the pictures (H, W, 3) uint8 with less contrast: photographed words have two thirds of that of
    rendered ones (`python -m spotter.evaluation.domain_gap`).
    """
    if rng.random() < 0.5:
        return image
    factor, level = rng.uniform(0.35, 1.0), rng.uniform(60, 190)
    table = (np.arange(256) - 128) * factor + 128 + (1 - factor) * (level - 128)
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8))


class Scenes:
    """Renders single scenes of any kind. Picklable: each process builds its own generators."""

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
        self.sources.get_samples()

    def __call__(self, kind: SceneKind, number: int) -> tuple[np.ndarray, list[GroundTruth]]:
        """Scene `number` of a kind: (height, width, 3) uint8 RGB, and its regions in pixels of the scene."""
        return self.render(kind, random.Random(f"{self.seed} {number}"))

    def render(self, kind: SceneKind, rng: random.Random) -> tuple[np.ndarray, list[GroundTruth]]:
        """A random scene of a kind, as `__call__` returns it."""
        stage, d, size = self.stages[kind.stage], self.data, (kind.width, kind.height)
        denser = d.denser if kind.dense and not self.is_first(kind) else 1
        more = size[0] * size[1] / stage.scene**2 * denser
        most = d.max_words * denser
        samples = self.sources.get_samples() if stage.photographs else {}
        if samples and rng.random() < stage.photographs:
            image, regions = Photographs(samples, d.weights, d.mosaics, d.scales).crop(size, rng)
            if denser > 1 or rng.random() < d.painted:
                words = max(0, min(rng.randint(round(4 * more), round(14 * more)), most - len(regions)))
                style = d.painted_style if more <= 1 else self.with_full_size_range(d.painted_style, size)
                scene = self.generator(style, size).write(rng, image, regions, words)
                return scene.image, scene.regions
            return image, regions
        if self.is_first(kind):
            style = d.first_style
        elif rng.random() < stage.easy:
            style = d.easy_style
        else:
            style = d.curved_style if rng.random() < d.curved else d.crowded_style
        if more > 1:
            words = min(most, round(style.words[1] * more))
            style = replace(style, words=(words // 2, words), lines=0.9, patience=d.patience, shrink=d.shrink)
            style = self.with_full_size_range(style, size)
        scene = self.generator(style, size).render(rng.getrandbits(48))
        return scene.image, scene.regions

    def is_first(self, kind: SceneKind) -> bool:
        """Whether a kind is of a stage that trains the pyramid alone, on small scenes."""
        stage = self.stages[kind.stage]
        return stage.features == 1 and max(kind.width, kind.height) <= stage.scene

    def with_full_size_range(self, style: SceneStyle, size: tuple[int, int]) -> SceneStyle:
        """The style with letters up to those of signs, in each picture (`size`: width and height in pixels):
        so all have about as many words, and processes that train together wait little for each other.
        """
        high = self.data.largest * min(size)
        return replace(style, text_height=(style.text_height[0], high), small=self.data.small)

    def generator(self, style: SceneStyle, size: tuple[int, int]) -> SceneGenerator:
        """The generator of a style's scenes of a width and height in pixels."""
        style = replace(style, width=size[0], height=size[1])
        if style not in self.generators:
            s = self.sources
            self.generators[style] = SceneGenerator(
                style, "train", s.get_fonts(), s.get_words(), s.get_backgrounds()
            )
        return self.generators[style]


class Batches(Dataset):
    """(k, progress) -> batch k at a progress of the run, rendered where it is asked for."""

    def __init__(self, scenes: Scenes, curriculum: Curriculum, model: SpotterConfig) -> None:
        self.scenes, self.curriculum = scenes, curriculum
        self.charset, self.steps, self.mask_size = Charset(model.characters), model.max_steps, model.mask_size

    @classmethod
    def of(cls, config: TrainConfig) -> Batches:
        """The batches of a run."""
        scenes = Scenes(config.stages, config.data, config.sources, config.seed)
        return cls(scenes, Curriculum(config.stages, config.data), config.model)

    def __getitem__(self, index: tuple[int, float]) -> Batch:
        number, progress = index
        plan = self.curriculum.plan(number, progress)
        rng = random.Random(self.scenes.seed * 1_000_003 + number)
        images, targets, maps = [], [], []
        for _ in range(plan.count):
            image, regions = self.scenes.render(plan.kind, rng)
            image = reduce_contrast(image, rng)
            size = plan.kind.width, plan.kind.height
            target, text_map = make_targets(regions, *size, self.charset, self.steps, self.mask_size)
            images.append(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1))
            targets.append(target)
            maps.append(torch.from_numpy(text_map))
        return Batch(torch.stack(images), targets, torch.stack(maps), plan.task)


class RenderingProcessError(RuntimeError):
    """A process that rendered ahead is gone; `batches` can be asked for the same batches again."""


class Numbers(torch.utils.data.Sampler):
    """(first, progress), (first + step, progress), ... without an end: the batches of one process."""

    def __init__(self, first: int, step: int, progress: Callable[[int], float]) -> None:
        """`progress`: of the run at a batch's number, asked when the batch is."""
        self.first, self.step, self.progress = first, step, progress

    def __iter__(self) -> Iterator[tuple[int, float]]:
        number = self.first
        while True:
            yield number, self.progress(number)
            number += self.step


def _worker(_: int) -> None:
    """One thread; and a signal to the whole group is for the trainer, which ends its workers itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def batches(
    dataset: Batches, first: int, step: int, workers: int, progress: Callable[[int], float]
) -> Iterator[Batch]:
    """Batches first, first + step, ...; rendered ahead by `workers` processes (0: here), which end with the
    generator.

    Raises RenderingProcessError, within seconds, when one of them dies, and ValueError in one sentence when
    it cannot read its data.
    """
    source = iter(
        DataLoader(
            dataset,
            batch_size=None,
            sampler=Numbers(first, step, progress),
            num_workers=workers,
            worker_init_fn=_worker,
            prefetch_factor=6 if workers else None,
            multiprocessing_context="spawn" if workers else None,
            generator=torch.Generator(),  # its own: the loader's draw must not move the trainer's generator
        )
    )
    if workers and threading.current_thread() is threading.main_thread():
        # The loader's handler would raise in the middle of a training step.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield from source
    except Exception as error:
        text = str(error).strip()
        if "Original Traceback" in text:  # of a process, with the sentence at its end
            raise ValueError(text.splitlines()[-1].partition(": ")[2]) from error
        # It may die while a batch of its is being received.
        if workers and ("DataLoader worker" in text or isinstance(error, ConnectionError | EOFError)):
            raise RenderingProcessError(f"A rendering process died ({text or 'end of data'})") from error
        raise
    finally:
        if (
            workers
        ):  # not left to the garbage collector: a traceback would keep them until the interpreter ends
            source._shutdown_workers()
