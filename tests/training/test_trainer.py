"""The trainer: it learns, stops, resumes, and refuses what cannot continue."""

from __future__ import annotations

import csv
import itertools
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from spotter.data.data_config import PoolConfig
from spotter.training import trainer as trainer_module
from spotter.training.criterion import TrainingSpotter
from spotter.training.errors import TrainingError
from spotter.training.recipe import load_recipe
from spotter.training.train_config import OptimiserConfig, TrainConfig
from spotter.training.trainer import Trainer
from spotter.weights import save_weights
from tests.training.tiny_run import STAGE, Interrupted, assert_same_state, state


def test_loss_on_one_batch_decreases(config, folder, batch):
    trainer = Trainer(replace(config, steps=1000, optimiser=OptimiserConfig(3e-3, warmup=0.0)), folder)
    trainer.training.train()
    losses = []
    for _ in range(30):
        trainer.train_step(batch)
        losses.append(trainer.mean_losses())
    assert all(math.isfinite(value) for row in losses for value in row.values())
    for name in ("total", "recognition", "l1"):
        start, end = (sum(row[name] for row in part) for part in (losses[:3], losses[-3:]))
        assert end < 0.8 * start, name
    assert trainer.step == trainer.next_batch == 30
    assert trainer.images == 60
    assert trainer.words == 30 * batch.words


def test_resumed_steps_are_the_same(config, folder, tmp_path):
    """Bit for bit, if the batches come from the data set itself."""
    whole, half = Trainer(config, folder), Trainer(config, tmp_path / "half")
    for trainer, steps in ((whole, 4), (half, 2)):
        trainer.training.train()
        torch.manual_seed(1)
        for _ in range(steps):
            trainer.train_step(trainer.dataset[trainer.next_batch, 0.0])
    half.save()
    resumed = Trainer(config, half.folder, resume=True)
    resumed.training.train()
    assert_same_state(resumed, half)
    for _ in range(2):
        resumed.train_step(resumed.dataset[resumed.next_batch, 0.0])
    assert resumed.next_batch == 4
    assert_same_state(resumed, whole)


def run_with_resume(config: TrainConfig, folder: Path) -> tuple[Trainer, Trainer]:
    """A run of four steps, and one that is interrupted after two and resumed."""
    whole = Trainer(config, folder / "whole")
    whole.run(progress=False)
    Interrupted(config, folder / "half").run(progress=False)
    resumed = Trainer(config, folder / "half", resume=True)
    assert resumed.step == resumed.next_batch == 2
    resumed.run(progress=False)
    return whole, resumed


def test_resumed_run_is_the_same_bit_for_bit(config, tmp_path):
    whole, resumed = run_with_resume(config, tmp_path)
    assert whole.step == resumed.step == 4
    assert whole.words == resumed.words > 0
    assert_same_state(whole, resumed)


@pytest.mark.parametrize("cause", ["parameter", "learning rate"])
def test_infinite_loss_stops_the_run(config, folder, cause):
    if cause == "learning rate":
        config = replace(config, steps=50, optimiser=OptimiserConfig(1e30, warmup=0.0))
    trainer = Trainer(config, folder)
    trainer.save()
    before = trainer.checkpoint.read_bytes()
    if cause == "parameter":
        trainer.training.model.reader.classify.bias.data[3] = torch.nan
    with pytest.raises(TrainingError, match="not finite") as error:
        trainer.run(progress=False)
    assert str(trainer.checkpoint) in str(error.value)
    assert trainer.checkpoint.read_bytes() == before
    good = Trainer(config, folder, resume=True)
    assert all(value.isfinite().all() for value in state(good).values())


def test_existing_run_is_not_overwritten(config, folder):
    trainer = Trainer(config, folder)
    trainer.save()
    before = trainer.checkpoint.read_bytes()
    with pytest.raises(TrainingError, match="already holds a run: continue it with --resume"):
        Trainer(config, folder)
    assert trainer.checkpoint.read_bytes() == before


def test_no_checkpoint_to_resume(config, folder):
    with pytest.raises(TrainingError, match=r"There is no checkpoint to resume in .*run\.$"):
        Trainer(config, folder, resume=True)
    assert not folder.exists()


def test_run_is_repeated_from_its_settings(config, folder, tmp_path):
    """Bit for bit, with a budget in steps."""
    first = Trainer(config, folder)
    first.run(progress=False)
    again = Trainer(load_recipe(str(folder / "settings.json")), tmp_path / "again")
    again.run(progress=False)
    assert_same_state(first, again)


def damaged_checkpoint(config: TrainConfig, folder: Path, change) -> None:
    trainer = Trainer(config, folder)
    trainer.save()
    content = torch.load(trainer.checkpoint, weights_only=True)
    change(content)
    torch.save(content, trainer.checkpoint)


def test_unfitted_mask_code_is_an_error(config, folder, tiny_model):
    damaged_checkpoint(
        config, folder, lambda content: content["training"]["model.mask_code.components"].zero_()
    )
    with pytest.raises(TrainingError, match="mask code is all zero"):
        Trainer(config, folder, resume=True)
    model = type(tiny_model)(tiny_model.config)
    with pytest.raises(ValueError, match="mask code is not fitted"):
        TrainingSpotter(model)


@pytest.mark.parametrize("change", ["shape", "missing", "part"])
def test_checkpoint_of_another_network_is_an_error(config, folder, change):
    def damage(content):
        if change == "shape":
            content["training"]["model.fpn.lateral.0.bias"] = torch.zeros(3)
        elif change == "missing":
            del content["training"]["model.fpn.lateral.0.bias"]
        else:
            del content["optimizer"]

    damaged_checkpoint(config, folder, damage)
    with pytest.raises(TrainingError, match="of another network"):
        Trainer(config, folder, resume=True)


def test_weights_with_other_characters_are_an_error(config, folder):
    other = replace(config.model, characters=config.model.characters[::-1])
    with pytest.raises(TrainingError, match="their characters differ"):
        Trainer(replace(config, model=other), folder)


def test_run_in_another_thread(config, folder):
    trainer = Trainer(replace(config, steps=1), folder)
    with ThreadPoolExecutor(1) as threads:
        threads.submit(trainer.run, progress=False).result()
    assert trainer.step == 1


def test_files_of_a_run(config, folder, monkeypatch):
    monkeypatch.setattr(trainer_module, "LOG_EVERY", 2)
    for resume, steps in ((False, 4), (True, 6)):
        Trainer(replace(config, steps=steps), folder, resume).run(progress=False)
    with (folder / "log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2", "4", "6"]
    assert [row["images"] for row in rows] == ["4", "8", "12"]
    for row in rows:
        assert None not in row
        assert float(row["learning_rate"]) > 0
        others = {"step", "images", "words", "minutes", "learning_rate", "total", "gradient"}
        parts = {name for name in row if name not in others and row[name] != "nan"}  # with a weight
        assert {"text_map", "classification", "recognition", "guided_attention"} <= parts
        assert sum(float(row[k]) for k in parts) == pytest.approx(float(row["total"]), abs=0.01)
    written = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    assert written["stages"][0]["scene"] == 160
    assert written["model"]["name"] == "tiny"
    assert not list(folder.glob("*.partial"))


def test_budget_of_zero_takes_no_step(config, folder):
    trainer = Trainer(replace(config, steps=None, minutes=0.0), folder)
    trainer.run(progress=False)
    assert trainer.step == 0
    assert trainer.checkpoint.is_file()


def test_feature_stage_trains_the_pyramid_alone(config, folder):
    stages = replace(STAGE, name="characters", until=0.5, features=1.0), STAGE
    optimiser = OptimiserConfig(weight_decay=0.0)
    trainer = Trainer(replace(config, steps=1, optimiser=optimiser, stages=stages), folder)
    before = {key: value.clone() for key, value in trainer.training.named_parameters()}
    trainer.run(progress=False)
    changed = {
        key.split(".")[1]
        for key, value in trainer.training.named_parameters()
        if not value.equal(before[key])
    }
    assert {"backbone", "fpn", "dilated"} <= changed
    assert not changed & {"stages", "conversion", "two_level", "reader", "proposals"}


def test_moving_average_of_the_weights(config, folder, batch):
    trainer = Trainer(replace(config, optimiser=OptimiserConfig(ema=0.9)), folder)
    trainer.training.train()
    parameter, average = (
        dict(m.named_parameters())["reader.conv.weight"]
        for m in (trainer.training.model, trainer.average.module)
    )
    expected = parameter.detach().clone()
    for count in range(3):  # the decay is small at first
        trainer.train_step(batch)
        decay = (1 + count) / (10 + count)
        expected = decay * expected + (1 - decay) * parameter.detach()
    torch.testing.assert_close(average.detach(), expected)
    buffers = [
        dict(m.named_buffers())["dilated.0.layers.1.running_mean"]
        for m in (trainer.training.model, trainer.average.module)
    ]
    assert buffers[0].equal(buffers[1])


@pytest.mark.parametrize("minutes", [0.2, 0.4])
def test_budget_in_minutes_ends_annealed(config, folder, minutes, monkeypatch):
    """With any length, and after a resume too."""
    seconds = itertools.count()
    monkeypatch.setattr(trainer_module, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    config = replace(config, steps=None, minutes=minutes)
    Interrupted(config, folder).run(progress=False)
    trainer = Trainer(config, folder, resume=True)
    assert 0 < trainer.spent < 60 * minutes
    trainer.run(progress=False)
    assert trainer.progress == pytest.approx(1, abs=0.2)
    assert trainer.spent == trainer.seconds == 60 * trainer.progress * minutes
    assert trainer.step == pytest.approx(60 * minutes, abs=2)
    assert trainer.optimizer.param_groups[0]["lr"] < 0.2 * config.optimiser.learning_rate


def test_infinite_gradient_changes_nothing(config, folder, batch):
    trainer = Trainer(replace(config, optimiser=OptimiserConfig(1e-2, warmup=0.0)), folder)
    trainer.training.train()
    trainer.train_step(batch)
    before = {name: value.clone() for name, value in trainer.training.named_parameters()}
    moments = [each["exp_avg"].clone() for each in trainer.optimizer.state.values()]
    handle = trainer.training.text_head[0].weight.register_hook(lambda g: g * torch.nan)
    trainer.train_step(batch)
    handle.remove()
    now = dict(trainer.training.named_parameters())
    assert [name for name in before if not before[name].equal(now[name])] == []
    assert all(a.equal(b["exp_avg"]) for a, b in zip(moments, trainer.optimizer.state.values(), strict=True))
    trainer.train_step(batch)
    assert not before["model.reader.conv.weight"].equal(now["model.reader.conv.weight"])
    assert not math.isfinite(trainer.mean_losses()["gradient"])  # the losses were finite: no reason to stop


def test_history_of_the_initial_weights_is_counted_once(config, folder, tiny_model, tmp_path):
    """A resumed run continues from its own counts."""
    weights = tmp_path / "seen.safetensors"
    save_weights(tiny_model, weights, {"trained_images": 300, "trained_words": 2000, "hours": 1.5})
    config = replace(config, start_from=str(weights))
    trainer = Trainer(config, folder)
    assert (trainer.images, trainer.words, trainer.seconds) == (300, 2000, 5400)
    trainer.images += 4
    trainer.save()
    assert Trainer(config, folder, resume=True).images == 304


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("shows", [0, 2])
def test_run_on_a_gpu(config, folder, shows):
    pool = PoolConfig(shows=shows, gigabytes=0.003, minimum=4)
    trainer = Trainer(replace(config, device="cuda", pool=pool, workers=1, steps=8), folder)
    trainer.run(progress=False)
    assert trainer.step == 8
    resumed = Trainer(replace(trainer.config, steps=9), folder, resume=True)
    assert_same_state(trainer, resumed)
    resumed.run(progress=False)
    assert resumed.mean_losses() == {}
