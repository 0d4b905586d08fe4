"""Train a spotter.

python -m spotter.training --recipe nano --minutes 60 [--resume] [--pack FILE] [--data FOLDER ...]
torchrun --nproc-per-node 2 -m spotter.training ...        (the same on two processes)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import torch

from spotter.config import PRESETS
from spotter.data.renderers import RenderingError
from spotter.memory import KEPT_IN_TRAINING, keep_freed_memory
from spotter.training.initialisation import TrainingError
from spotter.training.recipe import FOLDER, load_recipe
from spotter.training.trainer import Trainer, distributed


def parser() -> argparse.ArgumentParser:
    recipes = ", ".join(sorted(path.stem for path in FOLDER.glob("*.toml")))
    p = argparse.ArgumentParser(prog="python -m spotter.training", description=__doc__.splitlines()[0])
    p.add_argument(
        "--recipe",
        metavar="R",
        help=f"built-in ({recipes}), a .toml file, or the settings.json of a run; default: nano",
    )
    p.add_argument("--preset", choices=sorted(PRESETS), help="the recipe of this name")
    p.add_argument("--name", help="name of the run, whose folder is runs/NAME; default: the recipe's")
    p.add_argument("--minutes", type=float, help="budget of the whole run; the schedule ends with it")
    p.add_argument("--steps", type=int, help="a budget in steps in place of minutes")
    p.add_argument("--resume", action="store_true", help="continue the run from its checkpoint")
    p.add_argument("--start-from", metavar="W", help="initial weights: built-in name or .safetensors file")
    p.add_argument(
        "--pack", metavar="FILE", help="training pack (spotter.training.pack) to take all data from"
    )
    p.add_argument("--data", nargs="*", metavar="FOLDER", help="annotated photographs (ICDAR 2015 form)")
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs behind rendered text")
    p.add_argument("--fonts", metavar="FOLDER", help="more fonts, those of Fontsource (`make .venv/fonts`)")
    p.add_argument("--seed", type=int)
    p.add_argument("--device", help="cpu or cuda; default: the GPU if there is one")
    p.add_argument(
        "--set",
        nargs="*",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, such as loss.recognition=0.5 or stages.scenes.photographs=0.4",
    )
    p.add_argument("--snapshots", metavar="FOLDER", help="export the averaged weights there every minute")
    return p


def overrides(o: argparse.Namespace) -> list[str]:
    """The options that stand for settings, as KEY=VALUE."""
    settings = {
        "minutes": o.minutes,
        "steps": o.steps,
        "seed": o.seed,
        "start_from": o.start_from,
        "snapshots": o.snapshots,
        "sources.pack": o.pack,
        "sources.data": o.data,
        "sources.backgrounds": o.backgrounds,
        "sources.fonts": o.fonts,
    }
    return [f"{key}={toml(value)}" for key, value in settings.items() if value is not None] + o.set


def toml(value: object) -> str:
    """A number, a string or a list of strings as TOML."""
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


def main(arguments: list[str] | None = None) -> int:
    o = parser().parse_args(arguments)
    device = o.device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with distributed(device) as device:
            config = load_recipe(o.recipe or o.preset or "nano", device, overrides(o))
            keep_freed_memory(KEPT_IN_TRAINING)
            torch.set_num_threads(config.threads)
            cv2.setNumThreads(1)
            Trainer(config, Path("runs") / (o.name or config.recipe), o.resume).run()
    except (TrainingError, RenderingError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
