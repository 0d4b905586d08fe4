"""Measures what the parts of the network contribute (paper, section 4.5): the same preset with parts switched
off, trained on the same data with the same budget, and evaluated.

`python -m spotter.training.ablation --minutes 30 --seeds 3 --data FOLDER` prints a table. The same command
continues where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spotter.config import SpotterConfig
from spotter.training.errors import TrainingError

PARTS_OFF: dict[str, Any] = {"recognition_conversion": False, "dilations": (), "two_level_blocks": 0}
VARIANTS: dict[str, tuple[str, ...]] = {  # name: the parts that are on
    "base": (),
    "base + RC": ("recognition_conversion",),
    "base + dilated": ("dilations",),
    "base + two-level attention": ("two_level_blocks",),
    "all": tuple(PARTS_OFF),
}
# Detection and end-to-end H on Total-Text, from the paper. Its rows add one part after the other and change
# the backbone as well; the other variants have no counterpart there.
PAPER = {"base": (78.9, 55.7), "base + RC": (81.9, 62.6), "all": (83.2, 66.9)}

Figures = dict[str, list[float]]  # by set: detection and end-to-end H in percent


@dataclass(frozen=True)
class Options:
    """The command line."""

    minutes: float
    seeds: int
    folder: Path
    recipe: str
    set: list[str]
    device: str
    backgrounds: str | None
    data: str | None
    limit: int | None
    scenes: int


@dataclass(frozen=True)
class Job:
    """One training: a variant and a seed."""

    variant: str
    seed: int
    folder: Path

    @property
    def figures_file(self) -> Path:
        """Exists once the job is trained and evaluated."""
        return self.folder / "figures.json"


def variant_config(preset: SpotterConfig, variant: str) -> SpotterConfig:
    """The preset with only the parts of a variant on."""
    off = {name: value for name, value in PARTS_OFF.items() if name not in VARIANTS[variant]}
    return replace(preset, name=f"{preset.name}, {variant}", **off)


def plan_jobs(folder: Path, seeds: int) -> list[Job]:
    """All trainings, seed by seed, so that a table with few seeds is complete first."""
    return [
        Job(variant, seed, folder / f"{variant.replace(' ', '')}-{seed}")
        for seed in range(seeds)
        for variant in VARIANTS
    ]


def train(job: Job, options: Options) -> None:
    """Trains one variant for its minutes, or the rest of them, in this process.

    Raises TrainingError if a signal stops it.
    """
    from spotter.training.recipe import load_recipe
    from spotter.training.trainer import Trainer

    recipe = load_recipe(options.recipe, options.device, options.set)
    config = replace(
        recipe,
        model=variant_config(recipe.model, job.variant),
        minutes=options.minutes,
        seed=job.seed,
        checkpoint_minutes=1.0,
    )
    if not Trainer(config, job.folder, resume=(job.folder / "checkpoint.pt").exists()).run():
        raise TrainingError("Stopped. Run the same command to continue.")


def evaluate(job: Job, options: Options) -> Figures:
    """Figures on held-out rendered scenes, and on the photographs of `--data` if given."""
    weights = job.folder / "weights.safetensors"
    run_command([sys.executable, "-m", "spotter.training.export", str(job.folder), str(weights)])
    sets = {"synthetic": ["synthetic", "--count", str(options.scenes)]}
    if options.backgrounds:
        sets["synthetic"] += ["--backgrounds", options.backgrounds]
    if options.data:
        sets["photographs"] = [options.data] + (["--limit", str(options.limit)] if options.limit else [])
    figures = {}
    for name, arguments in sets.items():
        out = job.folder / f"{name}.json"
        command = [sys.executable, "-m", "spotter.evaluation", *arguments]
        run_command([*command, "--weights", str(weights), "--json", str(out)])
        report = json.loads(out.read_text(encoding="utf-8"))
        figures[name] = [100 * report[kind]["hmean"] for kind in ("detection", "end_to_end")]
    job.figures_file.write_text(json.dumps(figures), encoding="utf-8")
    return figures


def run_command(command: Sequence[str]) -> None:
    """Raises ValueError with the last line on stderr of a command that fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError((done.stderr.strip().splitlines() or ["no message"])[-1])


def table(results: dict[str, list[Figures]]) -> str:
    """Markdown: detection / end-to-end H of every variant, mean and half the range over the seeds.

    results: by variant, the figures of each seed.
    """
    sets = sorted({name for seeds in results.values() for figures in seeds for name in figures}, reverse=True)
    header = [f"{name}, {len(next(iter(results.values())))} seeds" for name in sets]
    lines = [
        "| variant | " + " | ".join(header) + " | paper, Total-Text |",
        "|---" * (len(sets) + 2) + "|",
    ]
    for variant, seeds in results.items():
        cells = []
        for name in sets:
            values = [figures[name] for figures in seeds if name in figures]
            cells.append(" / ".join(mean_and_spread([value[k] for value in values]) for k in (0, 1)))
        paper = PAPER.get(variant)
        cells.append(f"{paper[0]} / {paper[1]}" if paper else "-")
        lines.append(f"| {variant} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def mean_and_spread(values: Sequence[float]) -> str:
    """Mean and half the range."""
    if not values:
        return "-"
    text = f"{statistics.mean(values):.1f}"
    return text + (f" ± {(max(values) - min(values)) / 2:.1f}" if len(values) > 1 else "")


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.training.ablation",
        description="Measures what the parts of the network contribute.",
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="training per variant and seed (30)")
    parser.add_argument("--seeds", type=int, default=1, help="trainings per variant (1)")
    parser.add_argument("--folder", type=Path, default=Path("runs/ablation"), help="folder of the runs")
    parser.add_argument("--recipe", default="nano", help="recipe of each training (nano)")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="change settings of the recipe"
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs behind the held-out scenes")
    parser.add_argument("--data", metavar="FOLDER", help="photographs to evaluate on (ICDAR 2015 format)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N of these photographs")
    parser.add_argument("--scenes", type=int, default=200, help="held-out scenes to evaluate on (200)")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.seeds < 1 or not options.minutes > 0:
        parser.error("--seeds must be at least 1 and --minutes above 0.")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    jobs = plan_jobs(options.folder, options.seeds)
    results: dict[str, list[Figures]] = {variant: [] for variant in VARIANTS}
    try:
        for number, job in enumerate(jobs, 1):
            if job.figures_file.is_file():
                figures = json.loads(job.figures_file.read_text(encoding="utf-8"))
            else:
                print(f"{number} of {len(jobs)}: {job.variant}, seed {job.seed} ({time.strftime('%H:%M')})")
                train(job, options)
                figures = evaluate(job, options)
            results[job.variant].append(figures)
    except (TrainingError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
