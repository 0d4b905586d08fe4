"""Warm-up of the auxiliary heads."""

from __future__ import annotations

from dataclasses import replace

import torch

from spotter.data.datasets import BatchDataset
from spotter.training.trainer import Trainer
from spotter.weights import load_weights
from tests.training.tiny_run import assert_same_state


@torch.no_grad()
def losses_on_new_batches(trainer: Trainer) -> float:
    """Of the auxiliary heads, on four batches that no trainer has seen."""
    c = trainer.config
    data = BatchDataset(c.model, c.stages, c.data, c.sources, seed=5)
    training = trainer.training
    levels = [training.model.extract_features(list(data[k, 0.0].images))[0] for k in range(4)]
    return sum(float(sum(training.dense_losses(levels[k], data[k, 0.0]).values())) for k in range(4))


def test_only_the_auxiliary_heads_are_warmed_up(config, folder, tiny_file):
    """They are better on new scenes; a resumed run keeps its own."""
    start = dict(load_weights(tiny_file)[0].named_parameters())
    cold, warm = (Trainer(replace(config, heads=n), folder / str(n)) for n in (0, 12))
    now = dict(warm.training.model.named_parameters())
    assert [name for name in start if not start[name].equal(now[name])] == []
    assert (warm.step, warm.next_batch) == (0, 0)
    buffers = dict(load_weights(tiny_file)[0].named_buffers())
    now = dict(warm.training.model.named_buffers())
    assert [name for name in buffers if not buffers[name].equal(now[name])] == []
    assert losses_on_new_batches(warm) < losses_on_new_batches(cold)
    warm.save()
    resumed = Trainer(replace(config, heads=1), warm.folder, resume=True)
    assert_same_state(resumed, warm)


def test_the_warm_up_takes_a_tenth_of_the_minutes_at_most(config, folder):
    """It ends with the first batch after that, here after the first one of a million."""
    trainer = Trainer(replace(config, heads=1_000_000, steps=None, minutes=1e-6), folder)
    assert trainer.step == 0
    assert trainer.spent > 0
