"""Everything that a training run depends on, as one frozen `TrainConfig`; `training.recipe` reads it."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field

from spotter.config import SpotterConfig
from spotter.data.augmentation import AugmentationConfig
from spotter.data.renderers import RendererConfig
from spotter.data.sources import Sources
from spotter.data.synth.scene import CURVED, EASY, MIXED, SceneStyle
from spotter.training.losses import LossWeights


class RecipeError(ValueError):
    """A recipe or an override that cannot be used; the message is a sentence for the user."""


@dataclass(frozen=True)
class StageConfig:
    """One stage of a run. Shares are 0..1."""

    name: str
    until: float = 1.0  # share of the budget at which the stage ends
    scene: int = 352  # pixels; a small scene has this side
    large: float = (
        0.95  # share of batches with large scenes: fewer of them, as `DataConfig.megapixels` allows
    )
    large_scene: int = 704  # pixels; a large scene has this side, or this area if it is wide
    features: float = 0.0  # share of batches that train backbone and pyramid alone, on auxiliary losses
    reading: float = 0.0  # share of the other batches that leave out the detector's losses
    easy: float = 0.2  # share of easy scenes among the rendered ones
    photographs: float = 0.0  # share of annotated photographs, if there are any

    def __post_init__(self) -> None:
        for name in ("until", "large", "features", "reading", "easy", "photographs"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"stage {self.name}: {name} must be from 0 to 1.")
        for name in ("scene", "large_scene"):
            if getattr(self, name) < 64 or getattr(self, name) % 32:
                raise RecipeError(f"stage {self.name}: {name} must be a multiple of 32 and at least 64.")


@dataclass(frozen=True)
class DataConfig:
    """What scenes and photographs look like in training."""

    megapixels: float = 0.25  # per batch and process: two small scenes, or one large scene
    max_words: int = 60  # per scene that trains the detector; fewer than the proposals
    denser: int = 3  # times the words where the detector is not trained: each costs little there
    wide: tuple[float, float] = (1.36, 0.73)  # width and height of every other large scene, times its side
    largest: float = 0.25  # text height in large scenes, up to this part of the shorter side
    small: float = 1.6  # `SceneStyle.small` in large scenes: a third of the letters are above 32 pixels
    patience: int = 16  # `SceneStyle.patience` in large scenes: more words in the same time
    shrink: float = 0.8  # `SceneStyle.shrink` in large scenes
    curved: float = 0.35  # share of the rendered scenes that are not easy in which all text is curved
    painted: float = 0.5  # share of annotated photographs that get rendered words in addition to their own
    mosaics: float = 0.5  # share of large photographs that are four crops side by side
    scales: tuple[float, float] = (0.7, 2.0)  # of photographs; those of 1280 x 720 are read at 1.33
    weights: dict[str, float] = field(
        default_factory=dict
    )  # how often each data set is drawn; others: 1 per photo
    first_style: SceneStyle = dataclasses.replace(EASY, words=(3, 6), text_height=(14, 48))
    easy_style: SceneStyle = dataclasses.replace(
        EASY, words=(5, 14), text_height=(13, 60), lines=0.7, reweighted=0.35
    )
    crowded_style: SceneStyle = dataclasses.replace(
        MIXED, words=(6, 20), text_height=(12, 72), rotated=0.5, lines=0.65, reweighted=0.35, steep=0.4
    )
    curved_style: SceneStyle = dataclasses.replace(
        CURVED, words=(5, 14), lines=0.65, reweighted=0.35, steep=0.4
    )
    # Words rendered on annotated photographs, which are degraded already.
    painted_style: SceneStyle = dataclasses.replace(
        MIXED,
        text_height=(11, 48),
        rotated=0.5,
        curved=0.3,
        degradation=0.3,
        reweighted=0.35,
        steep=0.4,
        patience=16,
        shrink=0.8,
    )


@dataclass(frozen=True)
class LossConfig:
    """Weights of the losses, and what is read in training."""

    # Half of the published weights or less, so that recognition is not drowned out: with a classification
    # weight of 3, its gradient in the backbone was 2.7 times as long as that of recognition (of weight 0.2).
    detection: LossWeights = LossWeights(classification=1.5, l1=2.5, giou=1.0, mask=0.5, dice=0.5)
    recognition: float = 0.4  # of the sum over a word's steps; twice the published weight
    text_map: float = 1.0
    characters: float = 1.0  # from the level their word is read from, and once more from the reader's map
    guided_attention: float = 1.0
    jitter: float = 0.04  # of true boxes that are read, relative to their size
    predicted: float = (
        0.5  # share of the words that are read in their predicted box and mask, not the true ones
    )
    minimum_iou: float = 0.5  # of a predicted box with the true one, to be read
    wrong_way: float = 0.35  # share of the words in tall boxes that are read in an orientation that is wrong


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW with linear warm-up and a cosine schedule over the budget, and an average of the weights."""

    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.05
    warmup: float = 0.02  # share of the budget
    final: float = 0.01  # of the learning rate, at the end
    clip: float = 1.0  # maximum norm of the gradient
    ema: float = 0.998  # decay of the average per step

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise RecipeError("optimiser.learning_rate must be above 0.")
        if not (0 <= self.warmup < 1 and 0 <= self.ema < 1):
            raise RecipeError("optimiser.warmup and optimiser.ema must be from 0 to 1, without 1.")


@dataclass(frozen=True)
class PoolConfig:
    """A pool of rendered scenes in device memory, each shown several times, augmented on the device."""

    shows: int = (
        0  # of each scene, before another may take its place; 0: no pool, each scene is rendered for a batch
    )
    gigabytes: float = 12.0  # of device memory for images and text maps
    minimum: int = 64  # scenes of each kind before training begins
    candidates: int = 2  # a batch of n scenes is those shown least of n times as many drawn at random
    ahead: float = 0.02  # share of the budget by which scenes of a stage are rendered before it begins
    timeout: float = 300.0  # seconds to wait for scenes, before the run ends with an error
    augmentation: AugmentationConfig = AugmentationConfig()
    renderers: RendererConfig = RendererConfig()


@dataclass(frozen=True)
class TrainConfig:
    """A run. `minutes`, or `steps` if given, is the budget of the whole run, resumed or not."""

    model: SpotterConfig
    recipe: str = "nano"
    minutes: float = 60.0
    steps: int | None = None  # a budget in steps in place of minutes: then a run can be repeated bit for bit
    seed: int = 0
    start_from: str | None = None  # initial weights: a built-in name or a .safetensors file
    heads: int = 120  # batches that first train the auxiliary heads alone, which weights do not hold
    stages: tuple[StageConfig, ...] = (StageConfig("scenes"),)
    sources: Sources = Sources()
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = LossConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    pool: PoolConfig = PoolConfig()
    device: str = "cpu"
    bfloat16: bool | None = None  # autocast; None: where the hardware computes it
    roi_align: str = "auto"  # implementation of RoIAlign, see `model.roi.set_roi_align_backend`
    cuda_graphs: bool = False  # of the backbone; on one GPU alone
    workers: int | None = None  # processes that render ahead; None: see `rendering_processes`
    threads: int = 1  # of the computation on the CPU
    checkpoint_minutes: float = 4.0
    snapshots: str | None = None  # folder for the averaged weights, exported again and again
    snapshot_minutes: float = 1.0

    def __post_init__(self) -> None:
        ends = [stage.until for stage in self.stages]
        if not ends or ends != sorted(set(ends)) or ends[-1] != 1:
            raise RecipeError("The stages' `until` must rise from stage to stage and end with 1.")

    def rendering_processes(self) -> int:
        """Processes that render ahead: `workers`; without it one, or for a pool as many as cores less two,
        shared among the training processes of this machine.
        """
        if self.workers is not None:
            return self.workers
        if not self.pool.shows:
            return 1
        return max(1, (len(os.sched_getaffinity(0)) - 2) // int(os.environ.get("LOCAL_WORLD_SIZE", 1)))

    def to_json(self) -> dict:
        """The whole configuration, with which `load_recipe` makes the same one."""
        return dataclasses.asdict(self)
