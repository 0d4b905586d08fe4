"""The trainer: it learns, stops, resumes, and refuses what cannot go on."""

from __future__ import annotations

import csv
import itertools
import json
import math
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spotter.data.datasets import BatchDataset
from spotter.data.sources import Sources
from spotter.data.targets import Batch, Targets
from spotter.memory import RETAINED_IN_TRAINING
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.rois import boxes_to_rois
from spotter.training import initialisation
from spotter.training import trainer as trainer_module
from spotter.training.__main__ import main
from spotter.training.criterion import TrainingSpotter, ways_of
from spotter.training.initialisation import TrainingError, build, grown, parameter_groups
from spotter.training.recipe import load_recipe
from spotter.training.train_config import (
    DataConfig,
    LossConfig,
    OptimiserConfig,
    PoolConfig,
    StageConfig,
    TrainConfig,
)
from spotter.training.trainer import Trainer, learning_rate_factor
from spotter.types import Regions
from spotter.weights import WeightsError, load_weights, save_weights

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def handlers():
    """`Trainer.run` takes over the signals of its process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def random_state():
    with torch.random.fork_rng():
        yield


STAGE = StageConfig("scenes", scene=160, large=0.0)
TWO_SCENES = DataConfig(megapixels=2 * 160**2 / 1e6)


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
    return tmp_path / "run"


@pytest.fixture(scope="module")
def batch(tiny_config) -> Batch:
    """Two scenes with words."""
    data = BatchDataset(tiny_config, (STAGE,), TWO_SCENES)
    found = next(b for b in (data[k, 0.0] for k in range(20)) if b.words >= 4)
    assert any((t.text[:, 0] > 0).any() for t in found.targets)
    return found


class Interrupted(Trainer):
    """A trainer whose time is over after so many steps."""

    last = 2

    def should_stop(self, mine: bool) -> bool:
        return self.step >= self.last


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


def test_one_batch_is_learnt(config, folder, batch):
    trainer = Trainer(replace(config, steps=1000, optimiser=OptimiserConfig(3e-3, warmup=0.0)), folder)
    trainer.training.train()
    losses = []
    for _ in range(30):
        trainer.update(batch)
        losses.append(trainer.fetch_losses())
    assert all(math.isfinite(value) for row in losses for value in row.values())
    for name in ("total", "recognition", "l1"):
        start, end = (sum(row[name] for row in part) for part in (losses[:3], losses[-3:]))
        assert end < 0.8 * start, name
    assert trainer.step == trainer.next_batch == 30
    assert trainer.images == 60
    assert trainer.words == 30 * batch.words


def test_steps_after_a_resume_are_the_same(config, folder, tmp_path):
    """Bit for bit, as long as the batches come from the data set itself."""
    whole, half = Trainer(config, folder), Trainer(config, tmp_path / "half")
    for trainer, steps in ((whole, 4), (half, 2)):
        trainer.training.train()
        torch.manual_seed(1)
        for _ in range(steps):
            trainer.update(trainer.dataset[trainer.next_batch, 0.0])
    half.save()
    resumed = Trainer(config, half.folder, resume=True)
    resumed.training.train()
    assert_same_state(resumed, half)
    for _ in range(2):
        resumed.update(resumed.dataset[resumed.next_batch, 0.0])
    assert resumed.next_batch == 4
    assert_same_state(resumed, whole)


def run_in_two(config: TrainConfig, folder: Path) -> tuple[Trainer, Trainer]:
    """A run of four steps, and one that is interrupted after two and resumed."""
    whole = Trainer(config, folder / "whole")
    whole.run(progress=False)
    Interrupted(config, folder / "half").run(progress=False)
    resumed = Trainer(config, folder / "half", resume=True)
    assert resumed.step == resumed.next_batch == 2
    resumed.run(progress=False)
    return whole, resumed


def test_a_resumed_run_is_the_same_bit_for_bit(config, tmp_path):
    whole, resumed = run_in_two(config, tmp_path)
    assert whole.step == resumed.step == 4
    assert whole.words == resumed.words > 0
    assert_same_state(whole, resumed)


def test_the_checkpoint_is_whole_or_the_old_one(config, folder, monkeypatch):
    trainer = Trainer(config, folder)
    trainer.save()
    before = trainer.checkpoint.read_bytes()

    def crash(_, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer_module.torch, "save", crash)
    with pytest.raises(KeyboardInterrupt):
        trainer.save()
    assert trainer.checkpoint.read_bytes() == before


@pytest.mark.parametrize("cause", ["parameter", "learning rate"])
def test_a_loss_that_is_not_finite_stops_the_run(config, folder, cause):
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


def test_a_run_is_not_overwritten(config, folder):
    trainer = Trainer(config, folder)
    trainer.save()
    before = trainer.checkpoint.read_bytes()
    with pytest.raises(TrainingError, match="holds a run already: continue it with --resume"):
        Trainer(config, folder)
    assert trainer.checkpoint.read_bytes() == before


def test_nothing_to_resume(config, folder):
    with pytest.raises(TrainingError, match=r"There is no checkpoint to resume in .*run\.$"):
        Trainer(config, folder, resume=True)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--resume"], "There is no checkpoint to resume in runs/new."),
        (["--start-from", "/nowhere.safetensors"], "There are no weights '/nowhere.safetensors'"),
        (["--data", "/nowhere"], "/nowhere has no folder images/"),
        (["--set", "seed=1"], "do not fit nano: their max_steps differ"),
    ],
)
def test_the_command_ends_with_a_sentence(tmp_path, monkeypatch, capsys, tiny_file, arguments, says):
    monkeypatch.chdir(tmp_path)
    if "--start-from" not in arguments:
        arguments = [*arguments, "--start-from", str(tiny_file)]
    threads = torch.get_num_threads()
    assert main(["--name", "new", "--minutes", "0", *arguments]) == 2
    torch.set_num_threads(threads)
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("pool", [0, 2])
def test_the_command_never_hangs(tmp_path, pool):
    """Without a folder of backgrounds it ends with a sentence, and with all its processes."""
    command = [sys.executable, "-m", "spotter.training", "--backgrounds", "/nowhere", "--device", "cpu"]
    result = subprocess.run(
        [*command, "--set", f"pool.shows={pool}"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 2
    assert result.stderr.strip() == "no photograph of the train split in /nowhere"
    assert not (tmp_path / "runs").exists()


def test_a_run_is_repeated_from_its_settings(config, folder, tmp_path):
    """Bit for bit, with a budget in steps."""
    first = Trainer(config, folder)
    first.run(progress=False)
    again = Trainer(load_recipe(str(folder / "settings.json")), tmp_path / "again")
    again.run(progress=False)
    assert_same_state(first, again)


def test_the_command_keeps_freed_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = []
    monkeypatch.setattr("spotter.training.__main__.retain_freed_memory", kept.append)
    threads = torch.get_num_threads()
    main(["--name", "new", "--resume"])
    torch.set_num_threads(threads)
    assert kept == [RETAINED_IN_TRAINING]


def spoil(config: TrainConfig, folder: Path, change) -> None:
    trainer = Trainer(config, folder)
    trainer.save()
    content = torch.load(trainer.checkpoint, weights_only=True)
    change(content)
    torch.save(content, trainer.checkpoint)


def test_an_unfitted_mask_code_is_refused(config, folder, tiny_model):
    spoil(config, folder, lambda content: content["training"]["model.mask_code.components"].zero_())
    with pytest.raises(TrainingError, match="mask code is all zero"):
        Trainer(config, folder, resume=True)
    model = type(tiny_model)(tiny_model.config)
    with pytest.raises(ValueError, match="mask code is not fitted"):
        TrainingSpotter(model)


@pytest.mark.parametrize("change", ["shape", "missing", "part"])
def test_a_checkpoint_of_another_network_is_refused(config, folder, change):
    def spoiled(content):
        if change == "shape":
            content["training"]["model.fpn.lateral.0.bias"] = torch.zeros(3)
        elif change == "missing":
            del content["training"]["model.fpn.lateral.0.bias"]
        else:
            del content["optimizer"]

    spoil(config, folder, spoiled)
    with pytest.raises(TrainingError, match="of another network"):
        Trainer(config, folder, resume=True)


def test_a_garbage_checkpoint_is_refused(config, folder):
    folder.mkdir()
    (folder / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match="is damaged"):
        Trainer(config, folder, resume=True)


def test_weights_of_other_characters_are_refused(config, folder):
    other = replace(config.model, characters=config.model.characters[::-1])
    with pytest.raises(TrainingError, match="their characters differ"):
        Trainer(replace(config, model=other), folder)


def test_signal_handlers_come_back(config, folder):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    Trainer(replace(config, steps=1), folder).run(progress=False)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_run_in_another_thread(config, folder):
    trainer = Trainer(replace(config, steps=1), folder)
    with ThreadPoolExecutor(1) as threads:
        threads.submit(trainer.run, progress=False).result()
    assert trainer.step == 1


def test_a_log_with_fewer_columns_keeps_them(config, folder, monkeypatch):
    monkeypatch.setattr(trainer_module, "LOG_EVERY", 1)
    folder.mkdir()
    (folder / "log.csv").write_text("step,old,total\n7,1,2\n", encoding="utf-8")
    Trainer(replace(config, steps=1), folder).run(progress=False)
    with (folder / "log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["7", "1"]
    assert rows[1]["old"] == ""
    assert float(rows[1]["total"]) > 0


def test_what_a_run_writes(config, folder, monkeypatch):
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
        parts = set(row) - others
        assert {"text_map", "classification", "recognition", "guided_attention"} <= parts
        assert sum(float(row[k]) for k in parts) == pytest.approx(float(row["total"]), abs=0.01)
    written = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    assert written["stages"][0]["scene"] == 160
    assert written["model"]["name"] == "tiny"
    assert not list(folder.glob("*.partial"))


def test_no_time_no_step(config, folder):
    trainer = Trainer(replace(config, steps=None, minutes=0.0), folder)
    trainer.run(progress=False)
    assert trainer.step == 0
    assert trainer.checkpoint.is_file()


def test_the_pyramid_is_trained_alone_at_first(config, folder):
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


@pytest.mark.parametrize("cut", [False, True])
def test_reading_teaches_detecting(tiny_file, batch, cut, monkeypatch):
    """Through Recognition Conversion alone the recognition loss reaches the proposals."""
    model, _ = load_weights(tiny_file)
    if cut:
        relate = model.conversion.relate
        monkeypatch.setattr(model.conversion, "relate", lambda features: relate(features).detach())
    training = TrainingSpotter(model).train()
    losses = training(batch)
    assert losses["recognition"] > 0
    losses["recognition"].backward()
    gradient = model.proposals.features.grad
    reached = gradient is not None and bool(gradient.any())
    assert reached != cut
    assert model.backbone.stem.conv1.weight.grad.any()  # by way of the picture in any case
    assert model.stages[-1].regress[-1].weight.grad is None  # boxes are detached


@pytest.mark.parametrize("short_side", [160, 400])
def test_proposals_lie_as_far_apart_as_on_a_whole_photograph(tiny_file, short_side):
    model, _ = load_weights(tiny_file)
    model.config = replace(model.config, short_side=short_side)
    size = torch.tensor([[200.0, 160.0]]).repeat(2, 1)
    boxes, features = model.proposals([torch.zeros(2, model.config.channels, 40, 50)], size)
    found = [TrainingSpotter(model).part_of_photograph(boxes, features, size) for _ in range(20)]
    if short_side == 160:  # no larger than the scene
        assert all(torch.equal(b, boxes) and torch.equal(f, features) for b, f in found)
        return
    wide = (boxes[0, 0, 2:] - boxes[0, 0, :2]).tolist()
    for part, its_features in found:
        assert part.shape[:2] == its_features.shape[:2]
        assert torch.equal(part[0], part[1])
        centre = (part[0, :, :2] + part[0, :, 2:]) / 2
        assert (centre >= 0).all()
        assert (centre <= size[0]).all()
        larger = (part[0, 0, 2:] - part[0, 0, :2]).tolist()
        assert larger[0] / wide[0] == pytest.approx(larger[1] / wide[1])
        assert 1 <= larger[0] / wide[0] <= 400 / 160
    assert len({part.shape[1] for part, _ in found}) > 3
    assert (
        len({tuple(its[0, 0].tolist()) for _, its in found}) > 3
    )  # the part lies anywhere, not in one corner


@pytest.mark.parametrize("predicted", [0.0, 1.0])
def test_words_read_in_either_box_give_finite_gradients(tiny_file, batch, predicted):
    """Centres of unknown characters are NaN; none of it may reach the boxes."""
    model, _ = load_weights(tiny_file)
    training = TrainingSpotter(model, LossConfig(predicted=predicted, minimum_iou=-1.0)).train()
    sum(training(batch).values()).backward()
    assert all(p.grad.isfinite().all() for p in training.parameters() if p.grad is not None)


@pytest.mark.parametrize("task", ["all", "reading"])
@pytest.mark.parametrize("predicted", [0.0, 1.0])
def test_words_are_read_in_predicted_boxes_whatever_is_trained(
    tiny_file, batch, task, predicted, monkeypatch
):
    """As they will be read: a reader that knows true boxes alone is lost in those that are found."""
    model, _ = load_weights(tiny_file)
    training = TrainingSpotter(model, LossConfig(predicted=predicted, minimum_iou=-1.0))
    seen = {}

    def keep(name):
        real = getattr(model, name)

        def call(*arguments, **options):
            seen[name] = arguments, real(*arguments, **options)
            return seen[name][1]

        monkeypatch.setattr(model, name, call)

    keep("refine")
    keep("read")
    training(replace(batch, task=task))
    found = seen["refine"][1][-1].boxes.flatten(0, 1)
    read = seen["read"][0][1].boxes
    assert len(read) > 1
    assert [bool((found == box).all(1).any()) for box in read] == [predicted == 1] * len(read)


@pytest.mark.parametrize(("side", "level"), [(40, 0), (220, 0), (230, 1), (300, 1)])
def test_characters_are_seen_on_the_level_their_word_is_read_from(tiny_file, batch, side, level):
    model, _ = load_weights(tiny_file)
    assert model.config.recognition_canonical == 448
    training = TrainingSpotter(model)
    box = torch.tensor([[2.0, 3.0, 2 + side, 3 + side]])
    place = torch.full((1, model.config.max_steps, 2), torch.nan)
    place[0, 0] = torch.tensor([side / 2, side / 2])
    text = torch.full((1, model.config.max_steps), -1)
    text[0, :2] = torch.tensor([5, 0])
    target = Targets(box, torch.ones(1, 28, 28, dtype=torch.uint8), (320, 320), text=text, centres=place)
    levels = [
        torch.randn(1, model.config.channels, 80 // 2**i, 80 // 2**i, requires_grad=True) for i in range(4)
    ]
    one = Batch(batch.images[:1], [target], torch.zeros(1, 80, 80, dtype=torch.uint8), "features")
    training.dense_losses(levels, one)["characters"].backward()
    assert [i for i, cells in enumerate(levels) if cells.grad is not None and cells.grad.any()] == [level]


def test_the_average_follows_slowly(config, folder, batch):
    trainer = Trainer(replace(config, optimiser=OptimiserConfig(ema=0.9)), folder)
    trainer.training.train()
    parameter, average = (
        dict(m.named_parameters())["reader.conv.weight"]
        for m in (trainer.training.model, trainer.average.module)
    )
    trainer.update(batch)  # the first update copies
    expected = parameter.detach().clone()
    assert average.equal(expected)
    for count in (1, 2):  # short at first
        trainer.update(batch)
        decay = (1 + count) / (10 + count)
        expected = decay * expected + (1 - decay) * parameter.detach()
    torch.testing.assert_close(average.detach(), expected)
    buffers = [
        dict(m.named_buffers())["dilated.0.layers.1.running_mean"]
        for m in (trainer.training.model, trainer.average.module)
    ]
    assert buffers[0].equal(buffers[1])


@pytest.mark.parametrize(
    ("progress", "factor"), [(0.0, 0.01), (0.05, 0.5), (0.1, 1.0), (0.55, 0.505), (1.0, 0.01), (1.5, 0.01)]
)
def test_learning_rate(progress, factor):
    assert learning_rate_factor(progress, OptimiserConfig(warmup=0.1)) == pytest.approx(factor)


@pytest.mark.parametrize("minutes", [0.2, 0.4])
def test_a_budget_in_minutes_ends_annealed(config, folder, minutes, monkeypatch):
    """Whatever its length, and over a resume too."""
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


def test_a_gradient_that_is_not_finite_changes_nothing(config, folder, batch):
    trainer = Trainer(replace(config, optimiser=OptimiserConfig(1e-2, warmup=0.0)), folder)
    trainer.training.train()
    trainer.update(batch)
    before = {name: value.clone() for name, value in trainer.training.named_parameters()}
    moments = [each["exp_avg"].clone() for each in trainer.optimizer.state.values()]
    handle = trainer.training.text_head[0].weight.register_hook(lambda g: g * torch.nan)
    trainer.update(batch)
    handle.remove()
    now = dict(trainer.training.named_parameters())
    assert [name for name in before if not before[name].equal(now[name])] == []
    assert all(a.equal(b["exp_avg"]) for a, b in zip(moments, trainer.optimizer.state.values(), strict=True))
    trainer.update(batch)
    assert not before["model.reader.conv.weight"].equal(now["model.reader.conv.weight"])
    assert not math.isfinite(trainer.fetch_losses()["gradient"])  # the losses were finite: no reason to stop


def test_losses_are_means_since_the_last_call(config, folder):
    trainer = Trainer(config, folder)
    assert trainer.fetch_losses() == {}
    for value in (1.0, 3.0):
        trainer.add_losses({"total": torch.tensor(value)})
    trainer.add_losses({"total": torch.tensor(5.0), "giou": torch.tensor(2.0)})
    assert trainer.fetch_losses() == {"total": 3.0, "giou": 2.0}
    assert trainer.fetch_losses() == {}


def test_what_decays(tiny_model):
    decayed, others = (group["params"] for group in parameter_groups(tiny_model, 0.05))
    names = {id(p): name for name, p in tiny_model.named_parameters()}
    assert len(decayed) + len(others) == len(names)
    assert {"reader.conv.weight", "stages.0.attention.qkv.weight"} <= {names[id(p)] for p in decayed}
    kept = {names[id(p)] for p in others}
    assert {"proposals.boxes", "two_level.0.attention.fine_bias", "stages.0.norm1.weight"} <= kept


def test_a_new_run_has_a_fitted_code_and_low_scores(config, folder, monkeypatch):
    draw = initialisation.word_masks
    monkeypatch.setattr(initialisation, "word_masks", lambda count, **options: draw(200, **options))
    model = build(replace(config, start_from=None)).model
    assert model.mask_code.fitted
    stages = model.eval().detect([torch.zeros(3, 64, 64)]).stages
    assert stages[-1].class_logits.sigmoid().mean() < 0.1
    boxes = model.proposals.boxes.detach()
    corners = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1) * 64
    torch.testing.assert_close(stages[-1].boxes[0].detach(), corners, atol=2, rtol=0)
    with pytest.raises(WeightsError):
        build(replace(config, start_from="nowhere"))


def test_places_are_turned_with_the_word(tiny_model):
    """Where the network reads a word down or up, its characters stand side by side."""
    training = TrainingSpotter(tiny_model)
    tall = [20.0, 60.0, 80.0, 20.0]
    rois = torch.tensor([[30.0, 30.0, 40.0, 20.0, 0], [*tall, torch.pi / 2], [*tall, -torch.pi / 2]])
    centres = torch.full((3, 3, 2), torch.nan)
    centres[0, 0] = torch.tensor([20.0, 25.0])  # a quarter to the right, a quarter down
    centres[1:, :2] = torch.tensor([[25.0, 40.0], [25.0, 80.0]])  # both three quarters to the right
    known, place = training.places(centres, rois)
    assert known.tolist() == [[True, False, False], [True, True, False], [True, True, False]]
    height, width = tiny_model.config.reader_size
    parts = [[0.25, 0.25], [0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]
    torch.testing.assert_close(place / torch.tensor([width, height]), torch.tensor(parts))


NAN = torch.nan


@pytest.mark.parametrize(
    ("centres", "way"),
    [
        ([[0, 0], [5, 1], [9, 2]], 0),
        ([[0, 0], [1, 5], [2, 9]], 1),
        ([[2, 9], [1, 5], [NAN, NAN]], 2),
        ([[9, 2], [5, 1], [0, 0]], 0),
        ([[3, 3], [NAN, NAN], [NAN, NAN]], 0),
        ([[NAN, NAN], [NAN, NAN], [NAN, NAN]], 0),
    ],
)
def test_ways_by_hand(centres, way):
    assert ways_of(torch.tensor([centres], dtype=torch.float32)).tolist() == [way]
    assert ways_of(torch.zeros(0, 3, 2)).tolist() == []


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_in_a_wrong_way_there_is_nothing_to_read(tiny_model, wrong):
    """Words that run down and up their tall boxes, and down one that is not tall; a photographed one, of
    which it is not known how it runs; one that runs down to the right, whose smallest rectangle is tall.
    """
    model = SwinTextSpotter(replace(tiny_model.config, vertical_aspect_ratio=1.25, min_rect_area_ratio=0.6))
    model.mask_code.load_state_dict(tiny_model.mask_code.state_dict())
    training = TrainingSpotter(model, LossConfig(wrong_way=wrong))
    down = torch.tensor([[5.0, 1.0], [5.0, 9.0]])
    steep = torch.tensor([[20.0, 20.0], [60.0, 80.0]])
    centres = torch.stack([down, down.flip(0), down, torch.full((2, 2), NAN), steep]).repeat(20, 1, 1)
    boxes = torch.tensor([[0.0, 0, 5, 10]] * 2 + [[0.0, 0, 10, 10]] + [[0.0, 0, 5, 10], [10.0, 10, 70, 90]])
    masks = torch.ones(5, 28, 28)
    y, x = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    masks[4] = ((x - y).abs() < 5).float()
    blank = torch.zeros(100, dtype=torch.long)
    regions = Regions(
        blank, blank, blank, boxes.repeat(20, 1), masks.repeat(20, 1, 1), blank, boxes_to_rois(boxes).repeat(20, 1)
    )
    text = torch.tensor([[4, 5, 0, -1]]).expand(100, 4)
    rois, ids, places = (each.unflatten(0, (20, 5)) for each in training.ways(regions, text, centres))
    degrees = torch.rad2deg(rois[..., 4]).round().int()
    along = round(float(np.degrees(np.arctan2(8, 6))))  # of the last box's diagonal
    found = [set(column.tolist()) for column in degrees.T]
    # A word in a box that is not tall, and a photographed one, are read as they are.
    assert found[2:4] == [{0}, {0}]
    assert ids[:, 2:4].eq(text[0]).all()
    if not wrong:
        assert found[:2] == [{90}, {-90}]
        assert [abs(angle - along) < 3 for angle in found[4]] == [True]
        assert ids.eq(text[0]).all()
        return
    assert found[:2] == [{0, -90}, {0, 90}]
    assert all(min(abs(angle - along + 90), abs(angle - along + 180)) < 3 for angle in found[4])
    assert len(found[4]) == 2
    for row in (0, 1, 4):
        assert (ids[:, row] == torch.tensor([0, -1, -1, -1])).all()
        assert places[:, row].isnan().all()


@torch.no_grad()
def test_weights_grow_without_a_change_and_then_learn(config, folder, tiny_file, tiny_config, photographs):
    """Blocks that the weights do not have change nothing at first, but get gradients."""
    known = load_weights(tiny_file)[0]
    depths = tuple(depth + 2 * (i == 1) for i, depth in enumerate(tiny_config.depths))
    larger = replace(tiny_config, depths=depths, two_level_blocks=len(known.two_level) + 2)
    model = grown(str(tiny_file), larger).eval()
    assert len(model.two_level) == len(known.two_level) + 2
    assert [len(stage) for stage in model.backbone.stages] == list(depths)
    image = torch.from_numpy(photographs[0]).permute(2, 0, 1).float()
    before, after = known([image], -1.0), model([image], -1.0)
    assert len(before.reading.probabilities)
    assert before.reading.probabilities.equal(after.reading.probabilities)
    trainer = Trainer(replace(config, model=larger, steps=2), folder)
    with torch.enable_grad():
        trainer.run(progress=False)
    assert trainer.training.model.two_level[-1].mlp.fc2.weight.any()
    assert trainer.training.model.backbone.stages[1][-1].mlp.fc2.weight.any()
    assert trainer.training.model.backbone.stages[1][-1].attn.proj.weight.any()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"max_steps": 9}, "do not fit tiny: their max_steps differ."),
        ({"channels": 64}, "do not fit tiny: they are of another network."),
        ({"depths": (1, 1, 1, 1)}, "do not fit tiny: they are of another network."),
        ({"two_level_blocks": 0}, "do not fit tiny: they are of another network."),
    ],
)
def test_other_networks_do_not_grow(tiny_file, tiny_config, change, says):
    with pytest.raises(TrainingError, match=re.escape(says)):
        grown(str(tiny_file), replace(tiny_config, **change))


def test_what_the_first_weights_had_seen_counts(config, folder, tiny_model, tmp_path):
    """But once: a resumed run goes on from its own counts."""
    weights = tmp_path / "seen.safetensors"
    save_weights(tiny_model, weights, {"trained_images": 300, "trained_words": 2000, "hours": 1.5})
    config = replace(config, start_from=str(weights))
    trainer = Trainer(config, folder)
    assert (trainer.images, trainer.words, trainer.seconds) == (300, 2000, 5400)
    trainer.images += 4
    trainer.save()
    assert Trainer(config, folder, resume=True).images == 304


@torch.no_grad()
def losses_of_heads(trainer: Trainer) -> float:
    """On four batches that no trainer has seen."""
    c = trainer.config
    data = BatchDataset(c.model, c.stages, c.data, c.sources, seed=5)
    training = trainer.training
    levels = [training.model.extract_features(list(data[k, 0.0].images))[0] for k in range(4)]
    return sum(float(sum(training.dense_losses(levels[k], data[k, 0.0]).values())) for k in range(4))


def test_new_auxiliary_heads_learn_first_and_alone(config, folder, tiny_file):
    """What they have learnt tells on scenes they have not seen; a resumed run has its own."""
    start = dict(load_weights(tiny_file)[0].named_parameters())
    untaught, taught = (Trainer(replace(config, heads=n), folder / str(n)) for n in (0, 12))
    now = dict(taught.training.model.named_parameters())
    assert [name for name in start if not start[name].equal(now[name])] == []
    assert (taught.step, taught.next_batch) == (0, 0)
    buffers = dict(load_weights(tiny_file)[0].named_buffers())
    now = dict(taught.training.model.named_buffers())
    assert [name for name in buffers if not buffers[name].equal(now[name])] == []
    assert losses_of_heads(taught) < losses_of_heads(untaught)
    taught.save()
    resumed = Trainer(replace(config, heads=1), taught.folder, resume=True)
    assert_same_state(resumed, taught)


def test_two_processes_stay_together(tiny_file, tmp_path):
    script = Path(__file__).with_name("ddp_run.py")
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(script),
    ]
    result = subprocess.run(
        [*command, str(tiny_file), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    ranks = [torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in range(2)]
    start = dict(load_weights(tiny_file)[0].named_parameters())
    for part in ("parameters", "average"):
        first, second = (rank[part] for rank in ranks)
        assert [name for name in first if not first[name].equal(second[name])] == []
    changed = ranks[0]["parameters"]["model.reader.conv.weight"]
    assert not changed.equal(start["reader.conv.weight"])
    assert [rank["counts"] for rank in ranks] == [[2, 2, 4, 8]] * 2  # processes, steps, batches, images
    assert (tmp_path / "checkpoint.pt").is_file()


def test_a_rendering_process_that_dies_is_replaced(config, folder, capsys, monkeypatch):
    """And the run is the same as one in which none died."""
    config = replace(config, steps=12, workers=1)
    killed = []

    class Killer(Trainer):
        def update(self, batch, report=None):
            super().update(batch, report)
            if self.step == 2:
                (worker,) = [p for p in multiprocessing.active_children() if p.pid not in before]
                os.kill(worker.pid, signal.SIGKILL)
                killed.append(worker.pid)

    before = {process.pid for process in multiprocessing.active_children()}
    trainer = Killer(config, folder)
    trainer.run(progress=False)
    assert killed
    assert "rendering goes on with new ones (1 of 5)" in capsys.readouterr().out
    assert trainer.step == 12
    whole = Trainer(replace(config, workers=0), folder.with_name("whole"))
    whole.run(progress=False)
    assert whole.words == trainer.words


def test_what_a_rendering_process_cannot_read_is_one_sentence(config, folder, tmp_path):
    shutil.copytree(
        ROOT / "assets/samples", tmp_path / "photos", ignore=shutil.ignore_patterns("*.json", "*.md")
    )
    sources = Sources(backgrounds=str(tmp_path / "photos"))
    trainer = Trainer(replace(config, sources=sources, workers=1), folder)
    for path in (tmp_path / "photos").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"^None of the background photographs can be read\.$"):
        trainer.run(progress=False)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("shows", [0, 2])
def test_a_run_on_a_gpu(config, folder, shows):
    pool = PoolConfig(shows=shows, gigabytes=0.003, minimum=4)
    trainer = Trainer(replace(config, device="cuda", pool=pool, workers=1, steps=8), folder)
    trainer.run(progress=False)
    assert trainer.step == 8
    resumed = Trainer(replace(trainer.config, steps=9), folder, resume=True)
    assert_same_state(trainer, resumed)
    resumed.run(progress=False)
    assert resumed.fetch_losses() == {}
