"""Pieces of a tiny training run that several tests use."""

from __future__ import annotations

import torch

from spotter.data.data_config import DataConfig, StageConfig
from spotter.training.trainer import Trainer

STAGE = StageConfig("scenes", scene=160, large=0.0)
TWO_SCENES = DataConfig(megapixels=2 * 160**2 / 1e6)  # per batch


class Interrupted(Trainer):
    """A trainer that stops after two steps."""

    def should_stop(self, signalled: bool) -> bool:
        return self.step >= 2


def state(trainer: Trainer) -> dict[str, torch.Tensor]:
    parts = {"training": trainer.training, "average": trainer.average}
    return {
        f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()
    }


def assert_same_state(a: Trainer, b: Trainer) -> None:
    first, second = state(a), state(b)
    assert [key for key in first if not torch.equal(first[key], second[key])] == []
    assert a.step == b.step
    assert (a.next_batch, a.images, a.words) == (b.next_batch, b.images, b.words)
