"""Batches from a pool of scenes in the memory of the device, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from spotter.data.curriculum import BatchPlan, SceneKind
from spotter.data.data_config import PoolConfig
from spotter.data.datasets import BatchDataset, TrainingScenes
from spotter.data.renderers import Renderers
from spotter.data.scene_pool import ScenePool
from spotter.data.targets import Batch


class PooledBatches:
    """The batches of one process, drawn from a pool; a context manager that ends the rendering processes.

    The pool has room for the scenes of all stages; those of the next stage are rendered shortly before it
    begins.
    """

    def __init__(
        self,
        dataset: BatchDataset,
        config: PoolConfig,
        device: torch.device,
        first: int,
        step: int,
        workers: int,
    ) -> None:
        """first, step: the batches of this process are first, first + step, ...; workers: processes that
        render.

        Raises ValueError when the pool is too small for a batch.
        """
        self.config, self.curriculum = config, dataset.curriculum
        self.kinds = [self.curriculum.kinds(stage) for stage in range(len(self.curriculum.stages))]
        self.number, self.step = first, step
        shares = self._shares_of_all_stages()
        scenes = dataset.scenes
        seed = scenes.seed * 1009 + first % step  # a prime: the processes of no two seeds render the same
        self.renderers = Renderers(
            TrainingScenes(scenes.stages, scenes.data, scenes.sources, seed),
            shares,
            dataset.charset,
            dataset.steps,
            replace(config.renderers, workers=workers),
        )
        self.pool = ScenePool(self.renderers, device, config, shares, seed=seed, mask_size=dataset.mask_size)
        for kind in shares:
            if self.pool.capacity(kind) < self.curriculum.count(kind):
                raise ValueError(
                    f"The pool has room for {self.pool.capacity(kind)} scenes of {kind.width} x {kind.height}"
                    f" pixels, a batch needs {self.curriculum.count(kind)}: make pool.gigabytes larger."
                )

    def __enter__(self) -> PooledBatches:
        return self

    def prepare(self, progress: float) -> None:
        """Waits until there are scenes for the stage at a progress of the run. Raises RenderingError."""
        self.render_for(progress)
        self.pool.wait_until_ready(self.config.minimum, self.config.timeout)

    def __exit__(self, *_: object) -> None:
        self.renderers.close()

    def next(self, progress_at: Callable[[int], float]) -> Batch:
        """The next batch on the device; waits for scenes when there are too few, as at the start of a stage.

        Raises RenderingError when no scenes can be rendered.
        """
        progress = progress_at(self.number)
        plan = self.curriculum.plan(self.number, progress)
        self.render_for(progress)
        self.number += self.step
        return self.sample(plan)

    def sample(self, plan: BatchPlan) -> Batch:
        """A batch on the device; waits for scenes when there are too few. Raises RenderingError."""
        self.pool.fill()
        if self.pool.ready(plan.kind) < plan.count:
            self.pool.wait_until_ready(plan.count, self.config.timeout)
        return self.pool.sample(plan.kind, plan.count, plan.task)

    def render_for(self, progress: float) -> None:
        """From now on, renders scenes of the stage at a progress of the run, and of the next if near."""
        stages = {self.curriculum.stage(p) for p in (progress, progress + self.config.ahead)}
        shares = [self.kinds[stage] for stage in sorted(stages)]
        self.renderers.set_shares({kind: share for kinds in shares for kind, share in kinds.items()})

    def _shares_of_all_stages(self) -> dict[SceneKind, float]:
        """Shares of the pool's scenes: those of a stage, times the length of the stage."""
        start = 0.0
        shares: dict[SceneKind, float] = {}
        for index, stage in enumerate(self.curriculum.stages):
            for kind, share in self.kinds[index].items():
                shares[kind] = share * (stage.until - start)
            start = stage.until
        return shares

    def report(self) -> str:
        """A line about the renderers and the pool since the last report."""
        r = self.pool.report()
        troubles = f", {r.errors} scenes failed, {r.deaths} renderers died" if r.errors or r.deaths else ""
        return (
            f"{r.words_rendered:,.0f} words/s rendered, each scene shown {r.shows:.1f} times, "
            f"pool {100 * r.fill:.0f} % full{troubles}"
        )

    def state(self) -> dict[str, Any]:
        """State of a checkpoint, without the scenes: they are rendered again."""
        return self.pool.state()

    def load_state(self, state: dict[str, Any]) -> None:
        self.pool.load_state(state)
