"""A tiny training run."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import torch

from spotter.data.datasets import BatchDataset
from spotter.data.targets import Batch
from spotter.training.train_config import OptimiserConfig, TrainConfig
from tests.training.tiny_run import STAGE, TWO_SCENES


@pytest.fixture(autouse=True)
def restore_signal_handlers():
    """`Trainer.run` and rendering processes change them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def restore_random_state():
    with torch.random.fork_rng():
        yield


@pytest.fixture
def config(tiny_config, tiny_file) -> TrainConfig:
    return TrainConfig(
        model=tiny_config,
        steps=4,
        start_from=str(tiny_file),
        heads=0,
        stages=(STAGE,),
        data=TWO_SCENES,
        optimiser=OptimiserConfig(warmup=0.5),
        workers=0,
    )


@pytest.fixture
def folder(tmp_path) -> Path:
    """Of the run."""
    return tmp_path / "run"


@pytest.fixture(scope="session")
def batch(tiny_config) -> Batch:
    """Two scenes with words."""
    data = BatchDataset(tiny_config, (STAGE,), TWO_SCENES)
    found = next(b for b in (data[k, 0.0] for k in range(20)) if b.words >= 4)
    assert any((t.text[:, 0] > 0).any() for t in found.targets)
    return found
