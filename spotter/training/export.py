"""Exports the averaged weights of a run in half precision, with their model card.

    python -m spotter.training.export runs/nano assets/weights/nano.safetensors --figures report.json ...

In place of a run's folder, its weights may be given, as `spotter.training.snapshots` joins them.
Figures are reports of `python -m spotter.evaluation ... --json`, each named after its file, or those of
`spotter.evaluation.targets`; --mistakes takes the report of `spotter.evaluation.error_analysis`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from spotter.config import SpotterConfig
from spotter.model.spotter import SwinTextSpotter
from spotter.program import program_name
from spotter.training.card import make_card
from spotter.training.errors import TrainingError
from spotter.training.initialisation import load_and_extend
from spotter.weights import WeightsError, load_weights, save_weights

MAX_BYTES = 25_000_000  # of weights that may be committed


@dataclass(frozen=True)
class Options:
    """The command line."""

    run: Path
    out: Path
    figures: list[Path]
    mistakes: Path | None
    notes: str
    experiments: Path | None
    started_from: str | None
    temperature: float | None
    power: float | None
    mix: str | None
    share: float
    command: str

    @property
    def calibration(self) -> dict[str, Any]:
        """The given fields of the model's config."""
        given = {"reading_temperature": self.temperature, "reading_power": self.power}
        return {name: value for name, value in given.items() if value is not None}


def averaged_model(folder: Path) -> tuple[SwinTextSpotter, dict[str, Any]]:
    """The averaged spotter of a run, and the run's counts and settings. Raises TrainingError."""
    try:
        state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
        settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainingError(f"{folder} holds no run: {Path(error.filename).name} is missing.") from error
    model = SwinTextSpotter(SpotterConfig.from_json(json.loads(state["config"])))
    average = {k.removeprefix("module."): v for k, v in state["average"].items() if k.startswith("module.")}
    model.load_state_dict(average)
    return model.eval(), {**state["counts"], "settings": settings}


def model_and_card(run: Path, name: str) -> tuple[SwinTextSpotter, dict[str, Any]]:
    """The averaged spotter of a run, given by its folder or by its weights, and the model card.

    Raises TrainingError, WeightsError or OSError.
    """
    if run.is_file():
        model, card = load_weights(run)
        if "trained_images" not in card:
            raise TrainingError(f"{run} has no model card of a run beside it.")
        return model, {**card, "name": name}
    model, counts = averaged_model(run)
    return model, make_card(name, counts, counts["settings"], run)


def interpolate(model: SwinTextSpotter, weights: str, share: float) -> None:
    """Interpolates the model with other weights: (1 - share) * model + share * other. A fine-tuned model then
    forgets less of its initial weights (Wortsman et al. 2022, robust fine-tuning). Blocks that the other
    weights do not have are unchanged.

    Raises TrainingError if the weights are of another network, WeightsError if there are none.
    """
    load_and_extend(weights, model.config)  # raises if they do not fit
    state, other = model.state_dict(), load_weights(weights)[0].state_dict()
    mean = {
        n: t.lerp(other[n].to(t), share) if n in other and t.is_floating_point() else t
        for n, t in state.items()
    }
    model.load_state_dict(mean)


def export(options: Options) -> int:
    """Writes the weights and their card; returns the number of images they were trained on.

    Raises TrainingError, WeightsError, OSError or JSONDecodeError.
    """
    model, card = model_and_card(options.run, options.out.stem)
    if options.mix:
        interpolate(model, options.mix, options.share)
    model.config = replace(model.config, **options.calibration)
    figures: dict[str, Any] = {}
    for path in options.figures:
        report = json.loads(path.read_text(encoding="utf-8"))
        figures |= {path.stem: report} if "images" in report else report  # of one set, or of several
    text = ""
    if options.experiments:
        text = options.experiments.read_text(encoding="utf-8", errors="replace")
    card |= {
        "figures": figures,
        "notes": options.notes,
        "experiments": [line.strip() for line in text.splitlines() if line.strip()],
        "command": options.command,
    }
    if options.started_from:
        card["started_from"] = options.started_from
    if options.mistakes:
        card |= json.loads(options.mistakes.read_text(encoding="utf-8"))
    save_weights(model, options.out, card, half=True)
    return card["trained_images"]


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog=program_name("spotter.training.export"), description="Exports the averaged weights of a run."
    )
    parser.add_argument("run", type=Path, help="folder of a run, or its weights (.safetensors)")
    parser.add_argument("out", type=Path, help="file to write (.safetensors)")
    parser.add_argument(
        "--figures", type=Path, nargs="*", default=[], help="reports of spotter.evaluation (JSON)"
    )
    parser.add_argument("--mistakes", type=Path, help="report of spotter.evaluation.error_analysis (JSON)")
    parser.add_argument("--notes", default="", help="what the weights are suitable for")
    parser.add_argument("--experiments", type=Path, help="text file, one experiment with its result per line")
    parser.add_argument("--started-from", help="the initial weights, in words (default: their path)")
    parser.add_argument(
        "--temperature",
        type=float,
        help="of the readings, from spotter.evaluation.calibration; default: of the initial weights, or 1",
    )
    parser.add_argument("--power", type=float, help="of the readings, likewise")
    parser.add_argument("--mix", metavar="W", help="weights to interpolate with, such as the initial ones")
    parser.add_argument("--share", type=float, default=0.5, help="of these weights (0.5)")
    parser.add_argument("--command", default="", help="the command that trained the weights")
    options = Options(**vars(parser.parse_args(arguments)))
    if not all(value > 0 for value in options.calibration.values()):
        parser.error("--temperature and --power must be above 0.")
    if not 0 <= options.share <= 1:
        parser.error("--share must be from 0 to 1.")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        images = export(options)
    except (TrainingError, WeightsError, OSError, json.JSONDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    size = options.out.stat().st_size
    print(f"wrote {options.out}: {size / 1e6:.1f} MB, trained on {images} images")
    if size > MAX_BYTES:
        print(f"that is more than {MAX_BYTES / 1e6:.0f} MB: too large to be committed", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
