"""Batches from a pool: stage by stage, with real rendering processes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from spotter.data.data_config import DataConfig, PoolConfig, StageConfig
from spotter.data.datasets import BatchDataset
from spotter.data.pooled_batches import PooledBatches
from spotter.training.train_config import TrainConfig
from spotter.training.trainer import Trainer

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def config(tiny_config, tiny_file) -> TrainConfig:
    """Two stages: the pyramid alone on small scenes, then everything on larger ones."""
    return TrainConfig(
        model=tiny_config,
        steps=8,
        start_from=str(tiny_file),
        heads=0,
        stages=(
            StageConfig("characters", until=0.5, scene=96, large=0.0, features=1.0),
            StageConfig("scenes", scene=160, large=0.0),
        ),
        data=DataConfig(megapixels=2 * 160**2 / 1e6),
        pool=PoolConfig(shows=2, gigabytes=0.003, minimum=4, ahead=0.2),
        workers=1,
    )


def pooled(config: TrainConfig) -> PooledBatches:
    """With one process that renders."""
    dataset = BatchDataset(config.model, config.stages, config.data)
    return PooledBatches(dataset, config.pool, CPU, first=0, step=1, workers=1)


@pytest.fixture
def random_state():
    with torch.random.fork_rng():
        yield


def test_a_run_from_a_pool(config, tmp_path, random_state, capsys):
    """Trains through both stages; its checkpoint goes on with new scenes."""
    trainer = Trainer(config, tmp_path / "run")
    trainer.run(progress=False)
    assert trainer.step == 8
    assert trainer.words > 20
    assert trainer.images == 4 * 6 + 4 * 2  # the small scenes are more
    state = torch.load(trainer.checkpoint, weights_only=True)
    rendered = state["pool"]["renderers"]["next_number"]
    assert rendered >= 8
    resumed = Trainer(replace(config, steps=9), tmp_path / "run", resume=True)
    resumed.run(progress=False)
    assert resumed.step == 9
    assert resumed.pool_state["renderers"]["next_number"] > rendered


def test_scenes_of_the_next_stage_are_rendered_before_it_begins(config):
    with pooled(config) as pool:
        first, second = (next(iter(kinds)) for kinds in pool.kinds)
        pool.render_for(0.0)
        assert pool.renderers.shares == {first: 1.0, second: 0.0}
        pool.render_for(0.35)
        assert pool.renderers.shares == {first: 1.0, second: 1.0}
        pool.render_for(0.6)
        assert pool.renderers.shares == {first: 0.0, second: 1.0}
        tasks = [pool.next(lambda number: number / 4).task for _ in range(4)]
        assert tasks == ["features", "features", "all", "all"]
        text = pool.report()
    assert "words/s rendered" in text
    assert "died" not in text


@pytest.mark.parametrize("gigabytes", [1e-6, 1e-4])
def test_a_pool_that_is_too_small(config, gigabytes):
    config = replace(config, pool=replace(config.pool, gigabytes=gigabytes))
    with pytest.raises(ValueError, match=r"make pool\.gigabytes larger"):
        pooled(config)
