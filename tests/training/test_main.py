"""`python -m spotter.training`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spotter.config import PRESETS
from spotter.memory import RETAINED_IN_TRAINING
from spotter.training.__main__ import main, parse, to_toml
from spotter.training.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--resume"], "There is no checkpoint to resume in runs/new."),
        (["--start-from", "/nowhere.safetensors"], "There are no weights '/nowhere.safetensors'"),
        (["--data", "/nowhere"], "/nowhere has no folder images/"),
        (["--set", "seed=1"], "do not fit nano: their max_steps differ"),
    ],
)
def test_bad_input_gives_one_sentence(tmp_path, monkeypatch, capsys, tiny_file, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    if "--start-from" not in arguments:
        arguments = [*arguments, "--start-from", str(tiny_file)]
    threads = torch.get_num_threads()
    assert main(["--name", "new", "--minutes", "0", *arguments]) == 2
    torch.set_num_threads(threads)
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("pool", [0, 2])
def test_command_does_not_hang(tmp_path, pool):
    """Without the folder of backgrounds it ends with one sentence, and its processes end too."""
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


def test_command_keeps_freed_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls = []
    monkeypatch.setattr("spotter.training.__main__.retain_freed_memory", calls.append)
    threads = torch.get_num_threads()
    main(["--name", "new", "--resume"])
    torch.set_num_threads(threads)
    assert calls == [RETAINED_IN_TRAINING]


def test_command_trains_one_step(tmp_path, monkeypatch, tiny_config):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PRESETS, "nano", lambda: tiny_config)
    threads = torch.get_num_threads()
    settings = ["workers=0", "data.megapixels=0.01", "stages.characters.until=0.01"]
    assert main(["--steps", "1", "--name", "new", "--device", "cpu", "--set", *settings]) == 0
    torch.set_num_threads(threads)
    assert {path.name for path in Path("runs/new").iterdir()} == {"checkpoint.pt", "log.csv", "settings.json"}


def test_options_override_the_recipe():
    options = parse(["--minutes", "3", "--data", "a", "b c", "--set", "seed=4", "loss.recognition=0.5"])
    config = load_recipe("nano", overrides=options.overrides())
    assert (config.minutes, config.seed, config.loss.recognition) == (3.0, 4, 0.5)
    assert config.sources.data == ("a", "b c")


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.5, "1.5"), ("a", '"a"'), ('a"b\\c', '"a\\"b\\\\c"'), (["a", "b"], '["a", "b"]'), ([], "[]")],
)
def test_to_toml(value, text):
    assert to_toml(value) == text
