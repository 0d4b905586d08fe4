"""Which batch of a run trains what, on how many scenes of which kind."""

from __future__ import annotations

from dataclasses import dataclass

from spotter.data.data_config import SIZE_MULTIPLE, DataConfig, StageConfig

BLOCK = 8  # successive batches that train the same
KINDS_BLOCKS = 1000  # blocks that the shares of a stage's kinds are counted in


def in_share(number: int, share: float) -> bool:
    """True for a `share` of all numbers, evenly spaced."""
    return int((number + 1) * share) > int(number * share)


@dataclass(frozen=True)
class SceneKind:
    """What the scenes of a batch have in common."""

    stage: int  # index of the run's stage
    width: int  # pixels, a multiple of 4
    height: int
    dense: bool  # for batches that do not train the detector: more words than it has proposals for

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height


@dataclass(frozen=True)
class BatchPlan:
    """What a batch consists of."""

    kind: SceneKind
    count: int  # scenes
    task: str  # what it trains: "features", "reading" or "all"


@dataclass(frozen=True)
class Curriculum:
    """The plan of every batch. All batches of a block train the same, so that processes that train together
    (at most BLOCK) do the same in one step.
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
            if int((block + 1) * stage.large) % 2 == 0:  # every other large scene is wide
                width, height = (
                    SIZE_MULTIPLE * round(stage.large_scene * part / SIZE_MULTIPLE) for part in self.data.wide
                )
        kind = SceneKind(index, width, height, dense=task != "all")
        return BatchPlan(kind, self.count(kind), task)

    def count(self, kind: SceneKind) -> int:
        """Scenes of a kind in a batch."""
        return max(1, round(1e6 * self.data.megapixels / (kind.width * kind.height)))

    def kinds(self, stage: int) -> dict[SceneKind, float]:
        """The kinds of scenes of a stage, with their shares of all its scenes."""
        progress = self.stages[stage - 1].until if stage else 0.0
        counts: dict[SceneKind, int] = {}
        for block in range(KINDS_BLOCKS):
            plan = self.plan(block * BLOCK, progress)
            counts[plan.kind] = counts.get(plan.kind, 0) + plan.count
        return {kind: count / sum(counts.values()) for kind, count in counts.items()}
