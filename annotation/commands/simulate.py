"""`python -m annotation.rounds simulate`."""

from __future__ import annotations

import argparse
import csv
import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from annotation.commands.terminal import aligned, printable, tab_separated
from annotation.region import AnnotationError
from annotation.rounds.config import RoundConfig
from annotation.rounds.context import app_version
from annotation.rounds.photo_orders import PHOTO_ORDERS
from annotation.rounds.records import RoundError
from annotation.rounds.simulation import Plan, Step, baseline, curves, photos_to_reach, simulate
from annotation.rounds.simulation_chart import write_chart

WEIGHTS = "nano-synthetic"  # they have never seen a photograph
ORDERS = ("random", "uncertainty")
MINUTES = RoundConfig.minutes
COLUMNS = [*(field.name for field in fields(Step)), "settings"]  # of a CSV file


@dataclass(frozen=True)
class Simulate:
    """Simulates the loop on photographs whose words are known, and compares orders of correcting.

    Every round is a real one in a temporary database, promoted by the rule. After each, the served weights
    read test photos that are never corrected.
    """

    data: Path
    weights: str
    orders: Sequence[str]
    rounds: int
    photos: int
    seeds: int
    minutes: float
    steps: int | None
    limit: int | None
    csv: Path | None
    chart: Path | None

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("data", type=Path, help="folder with images/ and gt/ in the form of ICDAR 2015")
        parser.add_argument("--weights", default=WEIGHTS, metavar="W", help=f"to begin with ({WEIGHTS})")
        parser.add_argument(
            "--orders",
            nargs="+",
            choices=PHOTO_ORDERS,
            default=ORDERS,
            help=f"of correcting (default: {' '.join(ORDERS)})",
        )
        parser.add_argument("--rounds", type=int, default=8, help="default: 8")
        parser.add_argument("--photos", type=int, default=25, help="corrected per round (default: 25)")
        parser.add_argument("--seeds", type=int, default=3, help="repetitions (default: 3)")
        parser.add_argument(
            "--minutes", type=float, default=MINUTES, help=f"of training per round (default: {MINUTES:g})"
        )
        parser.add_argument(
            "--steps",
            type=int,
            help="of training per round in place of minutes: then it does not matter how busy the machine is",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="use the first N photographs only")
        parser.add_argument(
            "--csv",
            type=Path,
            metavar="FILE",
            help="write every figure to this file; orders and seeds that are complete in it are not repeated",
        )
        parser.add_argument("--chart", type=Path, metavar="PNG", help="draw a chart to a new file")

    def run(self) -> Iterator[str]:
        from spotter.data.icdar import read_folder  # late: importing torch takes seconds
        from spotter.predictor import load_spotter

        self._check()
        version = app_version(self.weights)  # raises RoundError if there are none
        try:
            photographs = read_folder(self.data)[: self.limit]
        except ValueError as error:
            raise AnnotationError(printable(str(error))) from error
        plan = Plan(self.orders, self.rounds, self.photos, self.seeds, self.minutes, self.weights)
        settings = self._settings(version)
        steps = self._complete(settings)
        yield tab_separated("order", "seed", "round", "photos", "end-to-end H", "promoted")
        yield from map(line, steps)
        config, done = RoundConfig(steps=self.steps), {(step.order, step.seed) for step in steps}
        with sigterm_as_interrupt():
            for step in simulate(photographs, plan, load_spotter, config, done=done):
                steps.append(step)
                self._write_csv(steps, settings)
                yield line(step)
        yield ""
        yield from summary(steps)
        if self.chart is not None:
            budget = f"{self.steps} steps" if self.steps else f"{self.minutes:g} minutes"
            title = f"{self.data.name}, from {self.weights}, {budget} of training per round"
            write_chart(curves(steps), printable(title), self.chart)

    def _settings(self, version: str) -> str:
        """What all figures of a file have in common, as it is written there."""
        budget = {"steps": self.steps} if self.steps else {"minutes": self.minutes}
        counts = {"limit": self.limit, "rounds": self.rounds, "photos": self.photos}
        folder = "/".join(self.data.resolve().parts[-2:])
        return json.dumps({"data": folder, "weights": version, **counts, **budget})

    def _complete(self, settings: str) -> list[Step]:
        """The figures of the file, of orders and seeds that have all rounds.

        Raises RoundError if it holds something else, or was made with other settings.
        """
        if self.csv is None or not self.csv.exists():
            return []
        name = printable(str(self.csv))
        try:
            with self.csv.open(encoding="utf-8", newline="") as stream:
                reader = csv.DictReader(stream)
                rows = list(reader)
            if reader.fieldnames != COLUMNS:
                raise ValueError
            steps = [Step.from_text(row) for row in rows]
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise RoundError(f"{name} holds no figures of a simulation; choose another name.") from error
        if any(row["settings"] != settings for row in rows):
            raise RoundError(f"{name} was made with other settings; choose another name.")
        complete = {(step.order, step.seed) for step in steps if step.round == self.rounds}
        return [step for step in steps if (step.order, step.seed) in complete]

    def _check(self) -> None:
        for name in ("rounds", "photos", "seeds", "steps", "limit"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise RoundError(f"--{name} must be at least 1.")
        if self.chart is not None and self.chart.exists():
            raise RoundError(f"{printable(str(self.chart))} already exists; choose another name.")

    def _write_csv(self, steps: Sequence[Step], settings: str) -> None:
        """After every step: a simulation takes hours, and may be stopped."""
        if self.csv is None:
            return
        with self.csv.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(asdict(step) | {"settings": settings} for step in steps)


def line(step: Step) -> str:
    promoted = "promoted" if step.promoted else ""
    return tab_separated(step.order, step.seed, step.round, step.photos, f"{step.h:.3f}", promoted)


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """SIGTERM ends the program as Ctrl+C does: the round is stopped, the temporary folder removed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def summary(steps: Sequence[Step]) -> Iterator[str]:
    """Mean and standard deviation by the number of corrected photos, and what each order needs."""
    found = curves(steps)
    points = {order: {point.photos: point for point in curve} for order, curve in found.items()}
    rows = [
        [
            str(photos),
            *(
                f"{point.mean:.3f} ± {point.spread:.3f}" if (point := of_order.get(photos)) else ""
                for of_order in points.values()
            ),
        ]
        for photos in sorted({photos for of_order in points.values() for photos in of_order})
    ]
    yield from aligned(("photos", *points), rows, names=0)
    if (end := baseline(found)) is None:
        return
    for order, curve in found.items():
        if order != "random":
            needed = photos_to_reach(curve, end.mean)
            what = "never" if needed is None else f"with {needed} photos"
            yield f"{order} reaches {end.mean:.3f}, random's figure of {end.photos} photos: {what}"
