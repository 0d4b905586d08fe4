"""Snapshots: one is always complete; large ones are split and joined."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch

from spotter.data.data_config import DataConfig, StageConfig
from spotter.training import snapshots
from spotter.training.errors import TrainingError
from spotter.training.snapshots import Snapshots, join_newest, main, part_files, split_file
from spotter.training.train_config import TrainConfig
from spotter.training.trainer import Trainer
from spotter.weights import load_weights


@pytest.fixture(scope="module")
def trainer(tiny_config, tiny_file, tmp_path_factory) -> Trainer:
    config = TrainConfig(
        model=tiny_config,
        recipe="tiny",
        steps=2,
        start_from=str(tiny_file),
        heads=0,
        stages=(StageConfig("characters", scene=96, large=0.0, features=1.0),),
        data=DataConfig(megapixels=0.02),
        workers=0,
    )
    with torch.random.fork_rng():
        trainer = Trainer(config, tmp_path_factory.mktemp("runs") / "run")
        trainer.run(progress=False)
    return trainer


def test_snapshot_is_weights_with_their_card(trainer, tmp_path):
    trainer.export(Snapshots(tmp_path / "out", trainer.config, trainer.folder))
    model, card = load_weights(tmp_path / "out/tiny-a.safetensors")
    assert (card["steps"], card["recipe"], card["preset"]) == (2, "tiny", "tiny")
    assert card["trained_words"] == trainer.words
    average = dict(trainer.average.module.named_parameters())["reader.conv.weight"]
    torch.testing.assert_close(model.reader.conv.weight, average, atol=1e-3, rtol=1e-3)  # half precision
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"tiny-a.safetensors", "tiny-a.json", "log.csv", "settings.json"}


def test_two_snapshots_alternate(trainer, tmp_path, monkeypatch):
    """One is complete while the other is written."""
    out = Snapshots(tmp_path / "out", trainer.config, trainer.folder)
    for step in (10, 20, 30):
        monkeypatch.setattr(trainer, "step", step)
        trainer.export(out)
    steps = {name: load_weights(tmp_path / f"out/tiny-{name}.safetensors")[1]["steps"] for name in "ab"}
    assert steps == {"a": 30, "b": 20}
    assert len(list((tmp_path / "out").iterdir())) == 6
    assert join_newest(tmp_path / "out", tmp_path / "weights.safetensors")["steps"] == 30


@pytest.mark.parametrize("damage", ["truncated", "card", "missing"])
def test_newest_complete_snapshot_is_joined(trainer, tmp_path, monkeypatch, damage):
    out = Snapshots(tmp_path / "out", trainer.config, trainer.folder)
    for step in (10, 20):
        monkeypatch.setattr(trainer, "step", step)
        trainer.export(out)
    newest = tmp_path / "out/tiny-b.safetensors"
    if damage == "truncated":
        newest.write_bytes(newest.read_bytes()[:1000])
    elif damage == "card":
        newest.with_suffix(".json").write_text('{"steps": 2')
    else:
        newest.unlink()
    assert join_newest(tmp_path / "out", tmp_path / "weights.safetensors")["steps"] == 10
    assert load_weights(tmp_path / "weights.safetensors")[1]["name"] == "weights"


def test_large_weights_are_split_and_joined(trainer, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(snapshots, "MAX_PART", 100_000)
    out = Snapshots(tmp_path / "out", trainer.config, trainer.folder)
    trainer.export(out)
    weights = tmp_path / "out/tiny-a.safetensors"
    parts = part_files(weights)
    assert not weights.exists()
    assert len(parts) > 1
    assert all(part.stat().st_size <= 100_000 for part in parts)
    assert main([str(tmp_path / "out"), str(tmp_path / "new/weights.safetensors")]) == 0
    assert "2 steps" in capsys.readouterr().out
    assert load_weights(tmp_path / "new/weights.safetensors")[1]["steps"] == 2
    parts[0].unlink()
    assert main([str(tmp_path / "out"), str(tmp_path / "again.safetensors")]) == 2
    assert "holds no complete snapshot" in capsys.readouterr().err
    assert not (tmp_path / "again.safetensors").exists()
    assert not list(tmp_path.glob("*.partial"))


def test_small_files_are_not_split(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"x" * 10)
    split_file(path)
    assert path.exists()
    assert part_files(path) == []


def test_folder_without_a_snapshot(tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"steps": 4}))
    with pytest.raises(TrainingError, match="holds no complete snapshot"):
        join_newest(tmp_path, tmp_path / "weights.safetensors")


def test_run_ends_with_a_snapshot(trainer, tmp_path):
    shutil.copytree(trainer.folder, tmp_path / "run")
    config = replace(trainer.config, steps=3, snapshots=str(tmp_path / "out"))
    with torch.random.fork_rng():
        Trainer(config, tmp_path / "run", resume=True).run(progress=False)
    assert load_weights(tmp_path / "out/tiny-a.safetensors")[1]["steps"] == 3
