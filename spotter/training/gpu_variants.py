"""What only the GPU itself can decide: checks that it computes what the CPU does, then times variants.

    python -m spotter.training.gpu_variants --recipe nano --pack FILE --out variants.txt

prints a table and writes the settings of the fastest variant, one KEY=VALUE per line, for `--set`. Variants
differ from the best so far in one setting. One that fails (out of memory, say) is reported and not chosen.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from spotter.data.curriculum import BLOCK, Curriculum
from spotter.data.datasets import BatchDataset
from spotter.data.pooled_batches import PooledBatches
from spotter.data.targets import Batch
from spotter.memory import KEPT_IN_TRAINING, keep_freed_memory
from spotter.training.initialisation import TrainingError, build
from spotter.training.recipe import load_recipe
from spotter.training.train_config import LossConfig, TrainConfig
from spotter.training.trainer import Trainer

PROGRESS = 0.99  # of the run, for which batches are made
TOLERANCE = 2e-3  # relative difference of losses and gradients between GPU and CPU, in float32
VARIANTS = (  # each against the best so far
    "roi_align=grid_sample",
    "roi_align=torchvision",
    "bfloat16=false",
    "cuda_graphs=true",
    "data.megapixels={0.5}",
    "data.megapixels={2}",
)


@dataclass(frozen=True)
class Timing:
    """How fast a variant trains."""

    settings: tuple[str, ...]
    seconds: float  # per step
    words: float  # trained per second
    gigabytes: float  # of device memory at most; 0 on the CPU


def check(config: TrainConfig, batch: Batch) -> dict[str, float]:
    """Relative differences between the device and the CPU: of each loss, and of the norm of the gradient.

    In float32, without anything random. Raises TrainingError when one is above TOLERANCE.
    """
    loss = LossConfig(jitter=0.0, predicted=0.0, wrong_way=0.0)
    found = []
    for device in (torch.device("cpu"), torch.device(config.device)):
        training = build(replace(config, loss=loss)).to(device).train()
        torch.manual_seed(0)
        losses = training(batch.to(device))
        sum(losses.values()).backward()
        gradients = [p.grad for p in training.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        found.append({name: value.item() for name, value in (losses | {"gradient": norm}).items()})
    differences = {
        name: abs(found[1][name] - value) / max(abs(value), 1e-6) for name, value in found[0].items()
    }
    worst = max(differences, key=lambda name: differences[name])
    if not differences[worst] <= TOLERANCE:
        raise TrainingError(
            f"{config.device} computes {worst} as {found[1][worst]:.5g}, the CPU as {found[0][worst]:.5g}."
        )
    return differences


def time_variant(
    config: TrainConfig, pool: PooledBatches, settings: tuple[str, ...], folder: Path, batches: int
) -> Timing:
    """Trains `batches` steps to warm up, and as many measured ones: one of each block, in the last stage."""
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
            pool.pool.fill()
            batch = pool.pool.sample(plan.kind, plan.count, plan.task)
            trainer.update(batch)
            words += batch.words
        if not measured and device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
    trainer.fetch_losses()
    synchronise(device)
    seconds = time.perf_counter() - started
    memory = torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else 0.0
    return Timing(settings, seconds / batches, words / seconds, memory)


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def fastest(
    measure: Callable[[tuple[str, ...]], Timing], variants: Iterable[str], megapixels: float
) -> tuple[Timing, list[str]]:
    """The fastest of the variants, each added to the best so far, and the lines of the table.

    `measure` times settings; what it raises is reported in the table.
    """
    lines = ["| settings | ms per step | words/s | GB |", "|---|---|---|---|"]
    best = measure(())
    lines.append(line(best))
    for variant in variants:
        key, _, value = variant.partition("=")
        if value.startswith("{"):
            value = f"{float(value.strip('{}')) * megapixels:g}"
        settings = (*(s for s in best.settings if not s.startswith(f"{key}=")), f"{key}={value}")
        try:
            found = measure(settings)
        except (RuntimeError, ValueError, OSError) as error:  # CUDA's errors, out of memory among them
            lines.append(f"| {' '.join(settings)} | failed: {str(error).splitlines()[0][:120]} | | |")
            continue
        lines.append(line(found))
        if found.words > best.words:
            best = found
    return best, lines


def line(timing: Timing) -> str:
    settings = " ".join(timing.settings) or "the recipe"
    return f"| {settings} | {1000 * timing.seconds:.0f} | {timing.words:,.0f} | {timing.gigabytes:.1f} |"


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(
        prog="python -m spotter.training.gpu_variants", description=__doc__.splitlines()[0]
    )
    p.add_argument("--recipe", default="nano")
    p.add_argument("--pack", metavar="FILE", required=True, help="training pack (spotter.training.pack)")
    p.add_argument("--out", type=Path, required=True, help="file for the settings of the fastest variant")
    p.add_argument("--batches", type=int, default=12, help="measured for each variant (12)")
    p.add_argument("--device", help="default: the GPU if there is one")
    p.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="changes of the recipe's settings"
    )
    o = p.parse_args(arguments)
    device = o.device or ("cuda" if torch.cuda.is_available() else "cpu")
    keep_freed_memory(KEPT_IN_TRAINING)
    options = [f"sources.pack={o.pack}", "heads=0", "steps=1000000", *o.set]
    try:
        config = load_recipe(o.recipe, device, options)
        if not config.pool.shows:
            config = replace(config, pool=replace(config.pool, shows=1))
        torch.set_num_threads(config.threads)
        dataset = BatchDataset(config.model, config.stages, config.data, config.sources, config.seed)
        workers = config.rendering_processes()
        with PooledBatches(dataset, config.pool, torch.device(device), 0, 1, workers) as pool:
            small = BatchDataset(
                config.model,
                config.stages,
                replace(config.data, megapixels=0.25),
                config.sources,
                config.seed,
            )
            differences = check(config, small[0, PROGRESS])
            print("largest relative difference from the CPU:", f"{max(differences.values()):.1e}", flush=True)
            pool.render_for(PROGRESS)
            pool.pool.wait_until_ready(config.pool.minimum, config.pool.timeout)
            with tempfile.TemporaryDirectory() as folder:

                def measure(settings: tuple[str, ...]) -> Timing:
                    changed = load_recipe(o.recipe, device, [*options, *settings])
                    run = Path(tempfile.mkdtemp(dir=folder))
                    found = time_variant(changed, pool, settings, run, o.batches)
                    print(line(found), flush=True)
                    return found

                best, lines = fastest(measure, VARIANTS, config.data.megapixels)
    except (TrainingError, RuntimeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    o.out.parent.mkdir(parents=True, exist_ok=True)
    o.out.write_text("".join(f"{setting}\n" for setting in best.settings), encoding="utf-8")
    print(f"fastest: {' '.join(best.settings) or 'the recipe'}, {best.words:,.0f} words/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
