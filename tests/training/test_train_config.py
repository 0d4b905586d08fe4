"""Checks and derived values of a run's configuration."""

import os

import pytest

from spotter.config import nano
from spotter.data.data_config import PoolConfig, RecipeError, StageConfig
from spotter.training.train_config import LossConfig, OptimiserConfig, TrainConfig


def test_last_stage_must_end_with_the_run():
    with pytest.raises(RecipeError, match="end with 1"):
        TrainConfig(nano(), stages=(StageConfig("a", until=0.5),))
    with pytest.raises(RecipeError, match="end with 1"):
        TrainConfig(nano(), stages=())


@pytest.mark.parametrize("changes", [{"learning_rate": 0.0}, {"warmup": 1.0}, {"ema": 1.0}, {"ema": -0.1}])
def test_invalid_optimiser_settings(changes):
    with pytest.raises(RecipeError, match="optimiser"):
        OptimiserConfig(**changes)


@pytest.mark.parametrize(
    ("workers", "shows", "processes"),
    [(None, 0, 1), (None, 4, 5), (3, 0, 3), (0, 4, 0)],
)
def test_rendering_processes(workers, shows, processes, monkeypatch):
    """With a pool, all of twelve cores but two, divided among two training processes."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(12)), raising=False)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    config = TrainConfig(nano(), workers=workers, pool=PoolConfig(shows=shows))
    assert config.rendering_processes() == processes


def test_what_is_trained():
    assert TrainConfig(nano(), train="recogniser").train == "recogniser"
    with pytest.raises(RecipeError, match="train must be one of all, detector, recogniser, not 'reader'"):
        TrainConfig(nano(), train="reader")
    with pytest.raises(RecipeError, match="set `features` to 0"):
        TrainConfig(nano(), train="recogniser", stages=(StageConfig("a", features=0.1),))


def test_without_dense_losses_nothing_may_depend_on_them():
    loss = LossConfig(text_map=0.0, characters=0.0)
    assert TrainConfig(nano(), heads=0, loss=loss).loss == loss
    with pytest.raises(RecipeError, match="set `heads` and the stages' `features` to 0"):
        TrainConfig(nano(), heads=1, loss=loss)
    with pytest.raises(RecipeError, match="set `heads` and the stages' `features` to 0"):
        TrainConfig(nano(), heads=0, loss=loss, stages=(StageConfig("a", features=0.1),))
