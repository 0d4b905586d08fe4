"""Trains a spotter.

python -m spotter.training --recipe nano --minutes 60 [--resume] [--pack FILE] [--data FOLDER ...]
torchrun --nproc-per-node 2 -m spotter.training ...        (the same on two processes)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spotter.config import PRESETS
from spotter.memory import RETAINED_IN_TRAINING, retain_freed_memory
from spotter.program import program_name
from spotter.training.errors import TrainingError

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Options:
    """The command line; None: the recipe's value."""

    recipe: str | None
    preset: str | None
    name: str | None
    minutes: float | None
    steps: int | None
    resume: bool
    start_from: str | None
    pack: str | None
    data: list[str] | None
    backgrounds: str | None
    fonts: str | None
    seed: int | None
    device: str | None
    set: list[str]
    snapshots: str | None

    def overrides(self) -> list[str]:
        """The options that change settings of the recipe, as KEY=VALUE."""
        settings = {
            "minutes": self.minutes,
            "steps": self.steps,
            "seed": self.seed,
            "start_from": self.start_from,
            "snapshots": self.snapshots,
            "sources.pack": self.pack,
            "sources.data": self.data,
            "sources.backgrounds": self.backgrounds,
            "sources.fonts": self.fonts,
        }
        given = {key: value for key, value in settings.items() if value is not None}
        return [f"{key}={to_toml(value)}" for key, value in given.items()] + self.set


def to_toml(value: object) -> str:
    """A number, a string or a list of strings as TOML."""
    if isinstance(value, list):
        return "[" + ", ".join(to_toml(each) for each in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


def parse(arguments: Sequence[str] | None) -> Options:
    recipes = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml")))
    parser = argparse.ArgumentParser(prog=program_name("spotter.training"), description="Trains a spotter.")
    parser.add_argument(
        "--recipe",
        metavar="R",
        help=f"built-in ({recipes}), a .toml file, or the settings.json of a run; default: nano",
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), help="the recipe of this name")
    parser.add_argument("--name", help="name of the run, whose folder is runs/NAME; default: the recipe's")
    parser.add_argument("--minutes", type=float, help="budget of the whole run; the schedule ends with it")
    parser.add_argument("--steps", type=int, help="a budget in steps instead of minutes")
    parser.add_argument("--resume", action="store_true", help="continue the run from its checkpoint")
    parser.add_argument(
        "--start-from", metavar="W", help="initial weights: built-in name or .safetensors file"
    )
    parser.add_argument(
        "--pack", metavar="FILE", help="training pack (spotter.training.pack) to take all data from"
    )
    parser.add_argument(
        "--data", nargs="*", metavar="FOLDER", help="annotated photographs (ICDAR 2015 format)"
    )
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs behind rendered text")
    parser.add_argument("--fonts", metavar="FOLDER", help="more fonts, from Fontsource (`make .venv/fonts`)")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", help="cpu or cuda; default: the GPU if there is one")
    parser.add_argument(
        "--set",
        nargs="*",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, such as loss.recognition=0.5 or stages.scenes.photographs=0.4",
    )
    parser.add_argument(
        "--snapshots", metavar="FOLDER", help="export the averaged weights there every minute"
    )
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)

    import cv2  # late: `--help` needs neither these, which take seconds to import, nor torch
    import torch

    from spotter.data.renderers import RenderingError
    from spotter.training.distributed import process_group
    from spotter.training.recipe import load_recipe
    from spotter.training.trainer import Trainer

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with process_group(device) as device:
            config = load_recipe(options.recipe or options.preset or "nano", device, options.overrides())
            retain_freed_memory(RETAINED_IN_TRAINING)
            torch.set_num_threads(config.threads)
            cv2.setNumThreads(1)
            Trainer(config, Path("runs") / (options.name or config.recipe), options.resume).run()
    except (TrainingError, RenderingError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
