"""Compares a GPU with the CPU, then times variants of the settings on it.

    python -m spotter.training.gpu_variants --recipe nano --pack FILE --out variants.txt

prints a table and writes the settings of the fastest variant, one KEY=VALUE per line, for `--set`. Each
variant changes one setting of the best so far. One that fails (out of memory, say) is reported and skipped.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from spotter.data.curriculum import BLOCK, Curriculum
from spotter.data.datasets import BatchDataset
from spotter.data.pooled_batches import PooledBatches
from spotter.data.targets import Batch
from spotter.memory import RETAINED_IN_TRAINING, retain_freed_memory
from spotter.training.errors import TrainingError
from spotter.training.initialisation import build
from spotter.training.losses import total_loss
from spotter.training.recipe import load_recipe
from spotter.training.train_config import LossConfig, TrainConfig
from spotter.training.trainer import Trainer

PROGRESS = 0.99  # of the run, for which batches are made: the last stage
TOLERANCE = 2e-3  # relative difference of losses and gradients between GPU and CPU, in float32
CHECK_MEGAPIXELS = 0.25  # of the batch that is computed on both
PROFILED = 4  # steps in which kernels are timed
VARIANTS = (  # {0.5} is half the recipe's value
    "roi_align=grid_sample",
    "roi_align=torchvision",
    "bfloat16=false",
    "data.megapixels={0.5}",
    "data.megapixels={2}",
    "cuda_graphs=true",  # last: a capture that fails can leave CUDA unusable
)


@dataclass(frozen=True)
class Options:
    """The command line."""

    recipe: str
    pack: str
    out: Path
    batches: int
    device: str | None
    set: list[str]

    def overrides(self) -> list[str]:
        """Settings of all variants: no warm-up of the heads, and a budget that is never used up."""
        return [f"sources.pack={self.pack}", "heads=0", "steps=1000000", *self.set]


@dataclass(frozen=True)
class Timing:
    """How fast a variant trains."""

    settings: tuple[str, ...]
    seconds: float  # per step
    words: float  # trained per second
    gigabytes: float  # of device memory, maximum; 0 on the CPU

    def row(self) -> str:
        settings = " ".join(self.settings) or "the recipe"
        return f"| {settings} | {1000 * self.seconds:.0f} | {self.words:,.0f} | {self.gigabytes:.1f} |"


def compare_with_cpu(config: TrainConfig, batch: Batch) -> dict[str, float]:
    """Relative differences between the device and the CPU, of each loss and of the norm of the gradient.

    In float32 (without TF32) and without random numbers.
    """
    loss = LossConfig(jitter=0.0, predicted=0.0, wrong_way=0.0)
    results = []
    for device in (torch.device("cpu"), torch.device(config.device)):
        training = build(replace(config, loss=loss)).to(device).train()
        torch.manual_seed(0)
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            losses = training(batch.to(device))
            total_loss(losses).backward()
        gradients = [p.grad for p in training.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        results.append({name: value.item() for name, value in (losses | {"gradient": norm}).items()})
    on_cpu, on_device = results
    return {name: abs(on_device[name] - value) / max(abs(value), 1e-6) for name, value in on_cpu.items()}


def time_variant(
    config: TrainConfig, pool: PooledBatches, settings: tuple[str, ...], folder: Path, batches: int
) -> Timing:
    """Times `batches` steps after as many to warm up: one of each block of batches, in the last stage."""
    device = torch.device(config.device)
    trainer = Trainer(config, folder)
    trainer.training.train()
    curriculum = Curriculum(config.stages, config.data)
    plans = [curriculum.plan(block * BLOCK, PROGRESS) for block in range(batches)]
    words, started = 0, 0.0
    for measured in (False, True):
        synchronise(device)
        started, words = time.perf_counter(), 0
        for plan in plans:
            batch = pool.sample(plan)
            trainer.train_step(batch)
            words += batch.words
        if not measured and device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
    trainer.mean_losses()
    synchronise(device)
    seconds = time.perf_counter() - started
    memory = torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else 0.0
    return Timing(settings, seconds / batches, words / seconds, memory)


def slowest_kernels(config: TrainConfig, pool: PooledBatches, folder: Path, rows: int = 12) -> list[str]:
    """The lines of a table of the kernels that take most of a step; on a CPU, of the operators."""
    is_cuda = config.device.startswith("cuda")
    trainer = Trainer(config, folder)
    trainer.training.train()
    curriculum = Curriculum(config.stages, config.data)
    plans = [curriculum.plan(block * BLOCK, PROGRESS) for block in range(PROFILED)]
    trainer.train_step(pool.sample(plans[0]))
    with profile(activities=[ProfilerActivity.CUDA if is_cuda else ProfilerActivity.CPU]) as profiler:
        for plan in plans:
            trainer.train_step(pool.sample(plan))
        synchronise(torch.device(config.device))
    times = {
        event: event.self_device_time_total if is_cuda else event.self_cpu_time_total
        for event in profiler.key_averages()
    }
    total = sum(times.values())
    lines = [
        f"| kernel ({total / PROFILED / 1000:.0f} ms per step) | share | calls per step |",
        "|---|---|---|",
    ]
    for event, microseconds in sorted(times.items(), key=lambda item: -item[1])[:rows]:
        name = event.key[:70].replace("|", "/")
        lines.append(f"| {name} | {100 * microseconds / total:.1f} % | {event.count / PROFILED:,.0f} |")
    return lines


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def find_fastest(
    measure: Callable[[tuple[str, ...]], Timing], variants: Iterable[str], megapixels: float
) -> tuple[Timing, list[str]]:
    """The fastest of the variants, each added to the best so far, and the lines of the table.

    `measure` times settings; its errors are reported in the table.
    """
    lines = ["| settings | ms per step | words/s | GB |", "|---|---|---|---|"]
    best = measure(())
    lines.append(best.row())
    for variant in variants:
        key, _, value = variant.partition("=")
        if value.startswith("{"):
            value = f"{float(value.strip('{}')) * megapixels:g}"
        settings = (*(s for s in best.settings if not s.startswith(f"{key}=")), f"{key}={value}")
        try:
            timing = measure(settings)
        except (RuntimeError, ValueError, OSError) as error:  # CUDA's errors, out of memory among them
            lines.append(f"| {' '.join(settings)} | failed: {str(error).splitlines()[0][:120]} | | |")
            continue
        lines.append(timing.row())
        if timing.words > best.words:
            best = timing
    return best, lines


def compare_variants(options: Options, device: str) -> tuple[Timing, list[str], bool]:
    """Compares the device with the CPU, then times all variants. Prints as it goes.

    Returns the fastest variant, the lines of the table, and whether the device agrees with the CPU.

    Raises TrainingError, RuntimeError, ValueError or OSError.
    """
    config = load_recipe(options.recipe, device, options.overrides())
    if not config.pool.shows:
        config = replace(config, pool=replace(config.pool, shows=1))
    torch.set_num_threads(config.threads)
    dataset = BatchDataset(config.model, config.stages, config.data, config.sources, config.seed)
    small = replace(config.data, megapixels=CHECK_MEGAPIXELS)
    workers = config.rendering_processes()
    with (
        PooledBatches(dataset, config.pool, torch.device(device), 0, 1, workers) as pool,
        tempfile.TemporaryDirectory() as folder,
    ):
        batches = BatchDataset(config.model, config.stages, small, config.sources, config.seed)
        differences = compare_with_cpu(config, batches[0, PROGRESS])
        worst, difference = max(differences.items(), key=lambda item: item[1])
        print(f"largest relative difference from the CPU: {difference:.1e} ({worst})", flush=True)
        pool.prepare(PROGRESS)

        def measure(settings: tuple[str, ...]) -> Timing:
            changed = load_recipe(options.recipe, device, [*options.overrides(), *settings])
            run = Path(tempfile.mkdtemp(dir=folder))
            timing = time_variant(changed, pool, settings, run, options.batches)
            print(timing.row(), flush=True)
            return timing

        best, lines = find_fastest(measure, VARIANTS, config.data.megapixels)
        if device.startswith("cuda"):
            changed = load_recipe(options.recipe, device, [*options.overrides(), *best.settings])
            lines += slowest_kernels(changed, pool, Path(tempfile.mkdtemp(dir=folder)))
        return best, lines, difference <= TOLERANCE


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m spotter.training.gpu_variants",
        description="Compares a GPU with the CPU, then times variants of the settings on it.",
    )
    parser.add_argument("--recipe", default="nano")
    parser.add_argument("--pack", metavar="FILE", required=True, help="training pack (spotter.training.pack)")
    parser.add_argument("--out", type=Path, required=True, help="file for the fastest variant's settings")
    parser.add_argument("--batches", type=int, default=12, help="measured per variant (12)")
    parser.add_argument("--device", help="default: the GPU if there is one")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="change settings of the recipe"
    )
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    retain_freed_memory(RETAINED_IN_TRAINING)
    try:
        best, lines, agrees = compare_variants(
            options, options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        )
    except (TrainingError, RuntimeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("".join(f"{setting}\n" for setting in best.settings), encoding="utf-8")
    print(f"fastest: {' '.join(best.settings) or 'the recipe'}, {best.words:,.0f} words/s")
    if not agrees:
        print("Do not train on this device before you know why it differs from the CPU.", file=sys.stderr)
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
