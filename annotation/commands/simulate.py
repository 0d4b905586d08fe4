"""`python -m annotation.rounds simulate`."""

from __future__ import annotations

import argparse
import csv
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
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
        parser.add_argument("--limit", type=int, metavar="N", help="use the first N photographs only")
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write every figure to a new file")
        parser.add_argument("--chart", type=Path, metavar="PNG", help="draw a chart to a new file")

    def run(self) -> Iterator[str]:
        from spotter.data.icdar import read_folder  # late: importing torch takes seconds
        from spotter.predictor import load_spotter

        self._check()
        app_version(self.weights)  # raises RoundError if there are none
        try:
            photographs = read_folder(self.data)[: self.limit]
        except ValueError as error:
            raise AnnotationError(printable(str(error))) from error
        plan = Plan(self.orders, self.rounds, self.photos, self.seeds, self.minutes, self.weights)
        steps: list[Step] = []
        yield tab_separated("order", "seed", "round", "photos", "end-to-end H", "promoted")
        with sigterm_as_interrupt():
            for step in simulate(photographs, plan, load_spotter):
                steps.append(step)
                self._write_csv(steps)
                promoted = "promoted" if step.promoted else ""
                figures = step.order, step.seed, step.round, step.photos, f"{step.h:.3f}"
                yield tab_separated(*figures, promoted)
        yield ""
        yield from summary(steps)
        if self.chart is not None:
            title = f"{self.data.name}, from {self.weights}, {self.minutes:g} minutes per round"
            write_chart(curves(steps), printable(title), self.chart)

    def _check(self) -> None:
        for name in ("rounds", "photos", "seeds", "limit"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise RoundError(f"--{name} must be at least 1.")
        for file in (self.csv, self.chart):
            if file is not None and file.exists():
                raise RoundError(f"{printable(str(file))} already exists; choose another name.")

    def _write_csv(self, steps: Sequence[Step]) -> None:
        """After every step: a simulation takes hours, and may be stopped."""
        if self.csv is None:
            return
        with self.csv.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(field.name for field in fields(Step))
            writer.writerows(map(astuple, steps))


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
