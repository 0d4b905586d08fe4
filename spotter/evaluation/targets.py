"""Compares all results of the weights with the project's targets, in one run.

`python -m spotter.evaluation.targets --photographs FOLDER --backgrounds FOLDER [--json OUT]`; without one of
the folders its rows are left out. No test data is used in training: rendered scenes have held-out fonts,
words and backgrounds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from spotter.data.icdar import read_folder
from spotter.evaluation.arguments import positive_int
from spotter.evaluation.evaluate import Report, evaluate, merge_reports
from spotter.evaluation.image_sets import (
    FIRST_SEED,
    EvaluationImages,
    photographs,
    photographs_without_text,
    rendered_scenes,
)
from spotter.evaluation.lexicon import load_lexicon

if TYPE_CHECKING:
    from spotter.predictor import Spotter

STYLES = ("easy", "mixed", "curved")  # one third of the rendered scenes each
RENDERED, CURVED = "rendered scenes, one third each: easy, mixed, curved", "rendered scenes, curved"
PHOTOGRAPHS, DENSE = "photographs", "rendered scenes with 60 to 100 words"
WITHOUT_TEXT = "photographs without text"


@dataclass(frozen=True)
class Options:
    """The command line."""

    weights: str
    photographs: str | None
    backgrounds: str | None
    scenes: int
    dense: int
    limit: int | None
    json: Path | None


@dataclass(frozen=True)
class Target:
    """What one figure should reach on one set."""

    set: str
    figure: str
    limit: float
    value: Callable[[Report], float]
    is_maximum: bool = False  # the limit; else it is the minimum

    def is_met(self, report: Report) -> bool:
        value = self.value(report)
        return value <= self.limit if self.is_maximum else value >= self.limit


def detection_hmean(report: Report) -> float:
    return report.detection.hmean


def end_to_end_hmean(report: Report) -> float:
    return report.end_to_end.hmean


def lexicon_hmean(report: Report) -> float:
    return report.end_to_end_lexicon.hmean if report.end_to_end_lexicon else 0.0


TARGETS = (
    Target(RENDERED, "detection H", 0.85, detection_hmean),
    Target(RENDERED, "end-to-end H", 0.75, end_to_end_hmean),
    Target(CURVED, "detection H", 0.80, detection_hmean),
    Target(CURVED, "end-to-end H", 0.65, end_to_end_hmean),
    Target(PHOTOGRAPHS, "detection H", 0.60, detection_hmean),
    Target(PHOTOGRAPHS, "end-to-end H", 0.40, end_to_end_hmean),
    Target(PHOTOGRAPHS, "end-to-end H, 90,000 words of wordfreq as lexicon", 0.50, lexicon_hmean),
    Target(
        PHOTOGRAPHS,
        "calibration error of reading_score",
        0.08,
        lambda report: report.calibration_error,
        is_maximum=True,
    ),
    Target(DENSE, "detection recall", 0.70, lambda report: report.detection.recall),
    Target(DENSE, "end-to-end H", 0.50, end_to_end_hmean),
    Target(
        WITHOUT_TEXT,
        "words per image",
        0.2,
        lambda report: report.detection.found / report.images,
        is_maximum=True,
    ),
)


def measure(spotter: Spotter, options: Options) -> dict[str, Report]:
    """The report of every available set, by name. Raises ValueError or OSError in one sentence."""

    def run(images: EvaluationImages, count: int, name: str, **arguments: Any) -> Report:
        progress = partial(tqdm, total=count, desc=name, unit="image")
        return evaluate(spotter.spot, images, progress=progress, **arguments)

    def scenes(style: str, count: int, seed: int) -> Report:
        return run(rendered_scenes([style], count, options.backgrounds, seed), count, style)

    count = -(-options.scenes // len(STYLES))
    thirds = [scenes(style, count, FIRST_SEED + i * count) for i, style in enumerate(STYLES)]
    reports = {RENDERED: merge_reports(thirds), CURVED: thirds[-1]}
    if options.photographs:
        chosen = read_folder(options.photographs)[: options.limit]
        lexicon = load_lexicon("wordfreq")
        reports[PHOTOGRAPHS] = run(photographs(chosen), len(chosen), PHOTOGRAPHS, lexicon=lexicon)
    reports[DENSE] = scenes("dense", options.dense, FIRST_SEED)
    if options.backgrounds:
        empty = photographs_without_text(Path(options.backgrounds))
        reports[WITHOUT_TEXT] = run(photographs(empty), len(empty), WITHOUT_TEXT)
    return reports


def table(reports: dict[str, Report]) -> str:
    """Markdown, one row per target of the measured sets."""
    lines = ["| set | figure | measured | target | met |", "|---|---|---|---|---|"]
    for target in TARGETS:
        if report := reports.get(target.set):
            name = f"{report.images} {target.set}" if target.set == WITHOUT_TEXT else target.set
            sign = "≤" if target.is_maximum else "≥"
            met = "yes" if target.is_met(report) else "no"
            value = target.value(report)
            lines.append(f"| {name} | {target.figure} | {value:.3f} | {sign} {target.limit:.2f} | {met} |")
    return "\n".join(lines)


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.evaluation.targets",
        description="Compares the results of weights with the project's targets.",
    )
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument("--photographs", metavar="FOLDER", help="annotated photographs (ICDAR 2015 format)")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs without text")
    parser.add_argument("--scenes", type=positive_int, default=501, help="rendered scenes (501)")
    parser.add_argument(
        "--dense", type=positive_int, default=20, help="rendered scenes with 60 to 100 words (20)"
    )
    parser.add_argument("--limit", type=positive_int, metavar="N", help="only the first N photographs")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the reports to this file")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    from spotter import load_spotter  # late: loads torch's models, which takes seconds

    try:
        reports = measure(load_spotter(options.weights), options)
        if options.json:
            content = {name: report.to_json() for name, report in reports.items()}
            options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
