"""The command line of `spotter export`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.program import program_name


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
