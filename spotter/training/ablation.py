"""What the parts of the network are worth (paper, section 4.5): the same preset with parts switched off,
trained on the same data with the same budget, and evaluated.

`python -m spotter.training.ablation --minutes 30 --seeds 3 --data FOLDER` trains what is not trained yet and
prints the table; stopped, it continues where it was.
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

from spotter.config import SpotterConfig

PARTS_OFF = {"recognition_conversion": False, "dilations": (), "two_level_blocks": 0}
VARIANTS = {  # name: the parts that are on
    "base": (),
    "base + RC": ("recognition_conversion",),
    "base + dilated": ("dilations",),
    "base + two-level attention": ("two_level_blocks",),
    "all": tuple(PARTS_OFF),
}
# Detection and end-to-end H on Total-Text, from the paper. Its rows add one part after the other and change
# the backbone on the way; the other variants have no counterpart there.
PAPER = {"base": (78.9, 55.7), "base + RC": (81.9, 62.6), "all": (83.2, 66.9)}


@dataclass(frozen=True)
class Job:
    """One training: a variant and a seed."""

    variant: str
    seed: int
    folder: Path

    @property
    def done(self) -> Path:
        """The file with its figures, once it is trained and evaluated."""
        return self.folder / "figures.json"


def variant_config(preset: SpotterConfig, variant: str) -> SpotterConfig:
    """The preset with only the parts of a variant on."""
    off = {name: value for name, value in PARTS_OFF.items() if name not in VARIANTS[variant]}
    return replace(preset, name=f"{preset.name}, {variant}", **off)


def jobs(folder: Path, seeds: int) -> list[Job]:
    """All trainings, seed by seed, so that a table with few seeds is complete first."""
    return [
        Job(variant, seed, folder / f"{variant.replace(' ', '')}-{seed}")
        for seed in range(seeds)
        for variant in VARIANTS
    ]


def train(job: Job, options: argparse.Namespace) -> None:
    """Trains one variant for its minutes, or what is left of them, in this process.

    Raises TrainingError when a signal stops it.
    """
    from spotter.training.initialisation import TrainingError
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
        raise TrainingError("Stopped. The same command continues where it was.")


def evaluate(job: Job, options: argparse.Namespace) -> dict[str, list[float]]:
    """Detection and end-to-end H in percent by set: the synthetic hold-out, and `--data` if given."""
    weights = job.folder / "weights.safetensors"
    run([sys.executable, "-m", "spotter.training.export", str(job.folder), str(weights)])
    sets = {"synthetic": ["synthetic", "--count", str(options.scenes)]}
    if options.backgrounds:
        sets["synthetic"] += ["--backgrounds", options.backgrounds]
    if options.data:
        sets["photographs"] = [options.data] + (["--limit", str(options.limit)] if options.limit else [])
    figures = {}
    for name, arguments in sets.items():
        out = job.folder / f"{name}.json"
        command = [sys.executable, "-m", "spotter.evaluation", *arguments]
        run([*command, "--weights", str(weights), "--json", str(out)])
        report = json.loads(out.read_text(encoding="utf-8"))
        figures[name] = [100 * report[kind]["hmean"] for kind in ("detection", "end_to_end")]
    job.done.write_text(json.dumps(figures), encoding="utf-8")
    return figures


def run(command: Sequence[str]) -> None:
    """Raises ValueError with the last line of a command that fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError((done.stderr.strip().splitlines() or ["no message"])[-1])


def table(found: dict[str, list[dict[str, list[float]]]]) -> str:
    """Markdown: detection / end-to-end H of every variant, mean over the seeds and half their range.

    found: by variant the figures of each seed.
    """
    sets = sorted({name for figures in found.values() for each in figures for name in each}, reverse=True)
    header = [f"{name}, {len(next(iter(found.values())))} seeds" for name in sets]
    lines = [
        "| variant | " + " | ".join(header) + " | paper, Total-Text |",
        "|---" * (len(sets) + 2) + "|",
    ]
    for variant, figures in found.items():
        cells = []
        for name in sets:
            values = [each[name] for each in figures if name in each]
            cells.append(" / ".join(spread([value[k] for value in values]) for k in (0, 1)))
        paper = PAPER.get(variant)
        cells.append(f"{paper[0]} / {paper[1]}" if paper else "-")
        lines.append(f"| {variant} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def spread(values: Sequence[float]) -> str:
    """Mean and half the range of some figures."""
    if not values:
        return "-"
    text = f"{statistics.mean(values):.1f}"
    return text + (f" ± {(max(values) - min(values)) / 2:.1f}" if len(values) > 1 else "")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser("python -m spotter.training.ablation", description=__doc__.splitlines()[0])
    p.add_argument("--minutes", type=float, default=30.0, help="training of each variant and seed (30)")
    p.add_argument("--seeds", type=int, default=1, help="trainings of each variant (1)")
    p.add_argument("--folder", type=Path, default=Path("runs/ablation"), help="where the runs are kept")
    p.add_argument("--recipe", default="nano", help="recipe of each training (nano)")
    p.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="changes of the recipe's settings"
    )
    p.add_argument("--device", default="cpu")
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs behind the held-out scenes")
    p.add_argument("--data", metavar="FOLDER", help="photographs to evaluate on (ICDAR 2015 form)")
    p.add_argument("--limit", type=int, help="the first so many of these photographs")
    p.add_argument("--scenes", type=int, default=200, help="held-out scenes to evaluate on (200)")
    options = p.parse_args(arguments)
    if options.seeds < 1 or not options.minutes > 0:
        p.error("--seeds must be at least 1 and --minutes above 0.")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    from spotter.training.initialisation import TrainingError

    options = parse(arguments)
    todo = jobs(options.folder, options.seeds)
    found: dict[str, list[dict]] = {variant: [] for variant in VARIANTS}
    try:
        for number, job in enumerate(todo, 1):
            if job.done.is_file():
                figures = json.loads(job.done.read_text(encoding="utf-8"))
            else:
                print(f"{number} of {len(todo)}: {job.variant}, seed {job.seed} ({time.strftime('%H:%M')})")
                train(job, options)
                figures = evaluate(job, options)
            found[job.variant].append(figures)
    except (TrainingError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
