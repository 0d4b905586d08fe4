"""Everything that a training run depends on, as one frozen `TrainConfig`; `training.recipe` reads it."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field

from spotter.config import SpotterConfig
from spotter.data.data_config import DataConfig, PoolConfig, RecipeError, StageConfig
from spotter.data.sources import Sources
from spotter.training.losses import LossWeights


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
