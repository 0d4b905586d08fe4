"""All settings of a training run, as one frozen `TrainConfig`; `training.recipe` builds it."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field

from spotter.config import SpotterConfig
from spotter.data.data_config import DataConfig, PoolConfig, RecipeError, StageConfig
from spotter.data.sources import Sources
from spotter.training.losses import LossWeights

TRAINABLE = ("all", "detector", "recogniser")


@dataclass(frozen=True)
class LossConfig:
    """Weights of the losses, and which regions are read in training."""

    # Half of the published weights or less, so that detection does not dominate recognition: with a
    # classification weight of 3, its gradient in the backbone was 2.7 times that of recognition (weight 0.2).
    detection: LossWeights = LossWeights(classification=1.5, l1=2.5, giou=1.0, mask=0.5, dice=0.5)
    recognition: float = 0.4  # of the sum over the characters of a word; twice the published weight
    text_map: float = 1.0
    characters: float = 1.0  # on the level their word is read from, and again on the reader's feature map
    guided_attention: float = 1.0
    background: float = 0.0  # around words, after Recognition Conversion; 0: no such loss, as published
    jitter: float = 0.04  # of true boxes that are read, maximum, relative to their size
    predicted: float = 0.5  # share of the words that are read in their predicted box and mask
    minimum_iou: float = 0.5  # with the true box, for a predicted box to be read
    wrong_way: float = 0.35  # share of the words in vertical boxes that are read in a wrong orientation


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
class TrainConfig:
    """A run. `minutes`, or `steps` if given, is the budget of the whole run, including earlier parts when
    resumed.
    """

    model: SpotterConfig
    recipe: str = "nano"
    minutes: float = 60.0
    steps: int | None = None  # budget in steps instead of minutes: such a run can be repeated bit for bit
    seed: int = 0
    start_from: str | None = None  # initial weights: a built-in name or a .safetensors file
    heads: int = 120  # batches that first train the auxiliary heads alone, if a run starts from weights
    train: str = "all"  # or only "detector" or "recogniser", with the rest frozen; see `frozen_parts`
    keep_statistics: bool = False  # BatchNorm keeps the statistics of the initial weights
    stages: tuple[StageConfig, ...] = (StageConfig("scenes"),)
    sources: Sources = Sources()
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = LossConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    pool: PoolConfig = PoolConfig()
    device: str = "cpu"
    bfloat16: bool | None = None  # autocast; None: if the hardware supports it
    roi_align: str = "auto"  # implementation of RoIAlign, see `ops.roi_align.set_roi_align_backend`
    cuda_graphs: bool = False  # of the backbone; with a single GPU only
    workers: int | None = None  # rendering processes; None: see `rendering_processes`
    threads: int = 1  # of the computation on the CPU
    checkpoint_minutes: float = 4.0
    snapshots: str | None = None  # folder for the averaged weights, exported every `snapshot_minutes`
    snapshot_minutes: float = 1.0

    def __post_init__(self) -> None:
        ends = [stage.until for stage in self.stages]
        if not ends or ends != sorted(set(ends)) or ends[-1] != 1:
            raise RecipeError("The stages' `until` must rise from stage to stage and end with 1.")
        no_dense_loss = not (self.loss.text_map or self.loss.characters)
        if no_dense_loss and (self.heads or any(stage.features for stage in self.stages)):
            raise RecipeError(
                "Without the losses text_map and characters, auxiliary heads and batches for the pyramid "
                "learn nothing: set `heads` and the stages' `features` to 0."
            )
        if self.train not in TRAINABLE:
            raise RecipeError(f"train must be one of {', '.join(TRAINABLE)}, not {self.train!r}.")
        if self.train == "recogniser" and any(stage.features for stage in self.stages):
            raise RecipeError(
                "The recogniser alone is not trained by batches for the pyramid: set `features` to 0."
            )

    def rendering_processes(self) -> int:
        """Number of rendering processes: `workers`; by default one, or with a pool all cores but two, divided
        among the training processes of this machine.
        """
        if self.workers is not None:
            return self.workers
        if not self.pool.shows:
            return 1
        return max(1, (len(os.sched_getaffinity(0)) - 2) // int(os.environ.get("LOCAL_WORLD_SIZE", 1)))

    def to_json(self) -> dict:
        """Plain values from which `load_recipe` builds the same configuration."""
        return dataclasses.asdict(self)
