"""Every figure that the weights are held to, in one run, beside what is asked of it.

`python -m spotter.evaluation.targets --photographs FOLDER --backgrounds FOLDER [--json OUT]`; without one of
the folders its rows are left out. Nothing measured on was trained on: rendered scenes have held-out fonts,
words and backgrounds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from spotter.data.icdar import read_folder
from spotter.evaluation.evaluate import Report, evaluate
from spotter.evaluation.image_sets import (
    FIRST_SEED,
    Pictures,
    lexicon_of,
    photographs,
    rendered,
    without_text,
)
from spotter.evaluation.metrics import Scores
from spotter.images import ImageError

if TYPE_CHECKING:
    from spotter.predictor import Spotter

THIRDS = ("easy", "mixed", "curved")  # of the rendered scenes
RENDERED, CURVED = "rendered scenes: clear, all kinds, curved, a third each", "the curved third of them"
PHOTOGRAPHS, DENSE = "photographs", "rendered scenes with 60 to 100 words"


@dataclass(frozen=True)
class Row:
    """A figure, what is asked of it, and whether more is better."""

    set: str
    figure: str
    value: float
    asked: float
    more: bool = True

    @property
    def reached(self) -> bool:
        return self.value >= self.asked if self.more else self.value <= self.asked


def measure(spotter: Spotter, options: argparse.Namespace) -> dict[str, Report]:
    """The report of every set there is, by its name. Raises ValueError, OSError or ImageError."""

    def run(pictures: Pictures, count: int, name: str, **more) -> Report:
        return evaluate(
            spotter.spot, pictures, progress=partial(tqdm, total=count, desc=name, unit="image"), **more
        )

    def scenes(style: str, count: int, seed: int) -> Report:
        pictures = rendered([style], count, options.backgrounds, seed)
        return run(pictures, count, style)

    each = -(-options.scenes // len(THIRDS))
    thirds = [scenes(style, each, FIRST_SEED + i * each) for i, style in enumerate(THIRDS)]
    reports = {RENDERED: together(thirds), CURVED: thirds[-1]}
    if options.photographs:
        chosen = read_folder(options.photographs)[: options.limit]
        lexicon = lexicon_of("wordfreq")
        reports[PHOTOGRAPHS] = run(photographs(chosen), len(chosen), PHOTOGRAPHS, lexicon=lexicon)
    reports[DENSE] = scenes("dense", options.dense, FIRST_SEED)
    if options.backgrounds:
        empty = without_text(Path(options.backgrounds))
        reports["without text"] = run(photographs(empty), len(empty), "without text")
    return reports


def together(reports: Sequence[Report]) -> Report:
    """One report of several sets without lexicon; times and calibration error are means over the images."""
    images = max(1, sum(report.images for report in reports))

    def summed(kind: str) -> Scores:
        counts = [getattr(report, kind) for report in reports]
        return Scores.of(*(sum(getattr(c, name) for c in counts) for name in ("matched", "found", "true")))

    def mean(name: str) -> float:
        return sum(getattr(report, name) * report.images for report in reports) / images

    return replace(
        reports[0],
        detection=summed("detection"),
        end_to_end=summed("end_to_end"),
        calibration_error=mean("calibration_error"),
        seconds=mean("seconds"),
        cpu_seconds=mean("cpu_seconds"),
        images=images,
    )


def rows(reports: dict[str, Report]) -> list[Row]:
    """The figures of the sets that were measured."""
    found = []
    for name, detection, reading in ((RENDERED, 0.85, 0.75), (CURVED, 0.80, 0.65), (PHOTOGRAPHS, 0.60, 0.40)):
        if report := reports.get(name):
            found.append(Row(name, "detection H", report.detection.hmean, detection))
            found.append(Row(name, "end-to-end H", report.end_to_end.hmean, reading))
    if report := reports.get(PHOTOGRAPHS):
        lexicon = report.end_to_end_lexicon.hmean if report.end_to_end_lexicon else 0.0
        found.append(Row(PHOTOGRAPHS, "end-to-end H, 90,000 words of wordfreq", lexicon, 0.50))
        error = report.calibration_error
        found.append(Row(PHOTOGRAPHS, "calibration error of reading_score", error, 0.08, more=False))
    if report := reports.get(DENSE):
        found.append(Row(DENSE, "detection recall", report.detection.recall, 0.70))
        found.append(Row(DENSE, "end-to-end H", report.end_to_end.hmean, 0.50))
    if report := reports.get("without text"):
        name = f"{report.images} photographs without text"
        found.append(Row(name, "words an image", report.detection.found / report.images, 0.2, more=False))
    return found


def table(found: Sequence[Row]) -> str:
    """Markdown, a line a figure."""
    lines = ["| set | figure | measured | asked | |", "|---|---|---|---|---|"]
    for row in found:
        sign = "≥" if row.more else "≤"
        state = "reached" if row.reached else "not reached"
        lines.append(f"| {row.set} | {row.figure} | {row.value:.3f} | {sign} {row.asked:.2f} | {state} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    p = argparse.ArgumentParser("python -m spotter.evaluation.targets", description=__doc__.splitlines()[0])
    p.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    p.add_argument("--photographs", metavar="FOLDER", help="annotated photographs (ICDAR 2015 form)")
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs without text")
    p.add_argument("--scenes", type=int, default=501, help="rendered scenes (501)")
    p.add_argument("--dense", type=int, default=20, help="rendered scenes with 60 to 100 words (20)")
    p.add_argument("--limit", type=int, help="the first so many photographs")
    p.add_argument("--json", type=Path, metavar="OUT", help="writes the reports to this file too")
    options = p.parse_args(arguments)
    if min(options.scenes, options.dense, options.limit or 1) < 1:
        p.error("--scenes, --dense and --limit must be at least 1.")
    from spotter import load_spotter  # late: loads torch, which a wrong option need not wait for

    try:
        reports = measure(load_spotter(options.weights), options)
        if options.json:
            content = {name: report.to_json() for name, report in reports.items()}
            options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except (ValueError, OSError, ImageError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(rows(reports)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
