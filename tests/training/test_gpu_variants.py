"""Comparison with the CPU and timing of variants, on the CPU."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from spotter.data.data_config import DataConfig, PoolConfig, StageConfig
from spotter.data.datasets import BatchDataset
from spotter.data.pooled_batches import PooledBatches
from spotter.data.targets import Batch
from spotter.training import gpu_variants
from spotter.training.gpu_variants import TOLERANCE, Timing, compare_with_cpu, find_fastest, main
from spotter.training.train_config import TrainConfig


def measured(words: dict[tuple[str, ...], float]):
    """Looks up words per second; settings that are not in the table fail."""

    def measure(settings: tuple[str, ...]) -> Timing:
        if settings not in words:
            raise RuntimeError("out of memory\nTraceback")
        return Timing(settings, 0.1, words[settings], 1.5)

    return measure


def test_without_variants_the_recipe_is_the_fastest():
    best, lines = find_fastest(measured({(): 10.0}), [], 12.0)
    assert best.settings == ()
    assert lines[-1] == "| the recipe | 100 | 10 | 1.5 |"


def test_variants_change_the_best_so_far():
    words = {(): 10.0, ("a=1",): 20.0, ("a=1", "b=1"): 5.0, ("a=1", "data.megapixels=24"): 30.0}
    best, lines = find_fastest(measured(words), ["a=1", "b=1", "a=2", "data.megapixels={2}"], 12.0)
    assert best.settings == ("a=1", "data.megapixels=24")
    assert [line.split(" | ")[1] for line in lines[2:]] == [
        "100",
        "100",
        "100",
        "failed: out of memory",
        "100",
    ]


@pytest.fixture(scope="module")
def config(tiny_config, tiny_file) -> TrainConfig:
    return TrainConfig(
        model=tiny_config,
        start_from=str(tiny_file),
        stages=(StageConfig("scenes", scene=160, large=0.0),),
        data=DataConfig(megapixels=2 * 160**2 / 1e6),
    )


@pytest.fixture(scope="module")
def batch(config) -> Batch:
    data = BatchDataset(config.model, config.stages, config.data)
    return next(b for b in (data[k, 0.0] for k in range(20)) if b.words >= 4)


def test_same_device_has_no_differences(config, batch):
    with torch.random.fork_rng():
        differences = compare_with_cpu(config, batch)
    assert max(differences.values()) == 0
    assert {"recognition", "giou", "text_map", "gradient"} <= set(differences)


def test_differing_device_is_reported(config, batch, monkeypatch):
    real, calls = gpu_variants.build, []

    def build(config):
        training = real(config)
        calls.append(training)
        if len(calls) == 2:
            training.text_head[0].bias.data += 1
        return training

    monkeypatch.setattr(gpu_variants, "build", build)
    with torch.random.fork_rng():
        differences = compare_with_cpu(config, batch)
    assert differences["text_map"] > TOLERANCE


def test_command_writes_the_settings_of_the_fastest_variant(tmp_path, config, monkeypatch, capsys):
    pool = PoolConfig(shows=1, gigabytes=0.003, minimum=2)
    config = replace(config, pool=pool, workers=1, steps=100, heads=0)
    monkeypatch.setattr(gpu_variants, "load_recipe", lambda recipe, device, overrides: config)
    monkeypatch.setattr(gpu_variants, "VARIANTS", ("bfloat16=false",))
    real = gpu_variants.time_variant

    def faster(config, pool, settings, folder, batches):
        timing = real(config, pool, settings, folder, batches)
        return replace(timing, words=1e9 if settings else timing.words)

    monkeypatch.setattr(gpu_variants, "time_variant", faster)
    out = tmp_path / "variants.txt"
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        arguments = ["--pack", "unused.zip", "--out", str(out), "--device", "cpu", "--batches", "1"]
        assert main(arguments) == 0
    torch.set_num_threads(threads)
    output = capsys.readouterr().out
    assert "largest relative difference from the CPU: 0.0e+00 (" in output
    assert output.count("| bfloat16=false |") == 2  # as soon as it is measured, and in the table
    assert output.endswith("fastest: bfloat16=false, 1,000,000,000 words/s\n")
    assert out.read_text() == "bfloat16=false\n"


def test_command_fails_after_the_table_if_the_device_differs(tmp_path, monkeypatch, capsys):
    fastest = Timing((), 0.1, 10, 0)
    monkeypatch.setattr(gpu_variants, "compare_variants", lambda *_: (fastest, ["the table"], False))
    out = tmp_path / "variants.txt"
    assert main(["--pack", "unused.zip", "--out", str(out), "--device", "cpu"]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("the table\n")
    assert "differs from the CPU" in printed.err
    assert out.exists()


def test_missing_pack_gives_one_sentence(tmp_path, capsys):
    arguments = ["--pack", str(tmp_path / "none.zip"), "--out", str(tmp_path / "v.txt"), "--device", "cpu"]
    assert main(arguments) == 2
    assert "There is no pack" in capsys.readouterr().err
    assert not (tmp_path / "v.txt").exists()


def test_slowest_kernels_are_listed(config, tmp_path):
    pool = PoolConfig(shows=1, gigabytes=0.003, minimum=2)
    config = replace(config, pool=pool, workers=1, steps=100, heads=0)
    dataset = BatchDataset(config.model, config.stages, config.data)
    with (
        torch.random.fork_rng(),
        PooledBatches(dataset, pool, torch.device("cpu"), 0, 1, 1) as batches,
    ):
        lines = gpu_variants.slowest_kernels(config, batches, tmp_path, rows=3)
    assert len(lines) == 2 + 3
    shares = [float(line.split(" | ")[1].removesuffix(" %")) for line in lines[2:]]
    assert 100 > shares[0] >= shares[1] >= shares[2] > 0
