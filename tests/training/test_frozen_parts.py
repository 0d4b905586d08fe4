"""Training one part of the spotter, and normalisation statistics that are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from spotter.training.frozen_parts import PARTS, set_training_mode
from spotter.training.trainer import Trainer


def changed_modules(trainer: Trainer, batch, tensors: str) -> set[str]:
    """Modules of the spotter whose "named_parameters" or "named_buffers" change in two steps."""
    model = trainer.training.model
    before = {name: tensor.clone() for name, tensor in getattr(model, tensors)()}
    set_training_mode(trainer.training, trainer.config.keep_statistics)
    for _ in range(2):
        trainer.train_step(batch)
    after = dict(getattr(model, tensors)())
    return {name.split(".")[0] for name, tensor in before.items() if not tensor.equal(after[name])}


def test_every_module_with_parameters_is_in_one_part(tiny_model):
    named = {name.split(".")[0] for name, _ in tiny_model.named_parameters()}
    assert named <= set(PARTS["detector"]) ^ set(PARTS["recogniser"])
    assert not set(PARTS["detector"]) & set(PARTS["recogniser"])


@pytest.mark.parametrize("part", ["detector", "recogniser"])
def test_only_one_part_is_trained(config, folder, batch, part):
    trainer = Trainer(replace(config, train=part), folder)
    changed = changed_modules(trainer, batch, "named_parameters")
    assert changed <= set(PARTS[part])
    assert {"detector": "stages", "recogniser": "reader"}[part] in changed
    trainer.save()
    resumed = Trainer(trainer.config, folder, resume=True)
    assert len(resumed.parameters) == len(trainer.parameters)


@pytest.mark.parametrize(
    ("part", "keep", "changed"),
    [
        ("all", True, set()),
        ("all", False, {"backbone", "conversion", "dilated"}),
        ("recogniser", False, {"conversion"}),
    ],
)
def test_statistics(config, folder, batch, part, keep, changed):
    trainer = Trainer(replace(config, train=part, keep_statistics=keep), folder)
    assert changed_modules(trainer, batch, "named_buffers") == changed
    kept = [m for m in trainer.training.modules() if isinstance(m, _BatchNorm) and not m.training]
    assert bool(kept) == (keep or part != "all")


def test_a_run_keeps_them(config, folder):
    trainer = Trainer(replace(config, keep_statistics=True), folder)
    before = {name: tensor.clone() for name, tensor in trainer.training.named_buffers()}
    trainer.run(progress=False)
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainer.training.named_buffers())
