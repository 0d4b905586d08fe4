"""Compares all results of the weights with the project's targets, in one run.

    python -m spotter.evaluation.targets --icdar2015 FOLDER --td500 FOLDER --backgrounds FOLDER --json OUT

Without one of the folders its rows are left out. No test data is used in training: rendered scenes have
held-out fonts, words and backgrounds. The network alone reads them, as all their words are known words (see
`spotter.known_words`). Everything runs on one thread. The rows of a set are printed, and its
figures written to OUT, as soon as it is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from tqdm import tqdm

from spotter.data.icdar import AnnotatedImage, read_folder
from spotter.evaluation.arguments import names_from, positive_int
from spotter.evaluation.baselines import INSTALL, load_baseline
from spotter.evaluation.image_results import (
    Figure,
    ImageResult,
    calibration_error,
    cpu_seconds,
    detection_recall,
    found_by_height,
    hmean,
    pooled,
    read_by_length,
    read_images,
    to_report,
    words_per_image,
)
from spotter.evaluation.image_sets import (
    FIRST_SEED,
    EvaluationImages,
    photographs,
    photographs_without_text,
    rendered_scenes,
)
from spotter.evaluation.lexicon import load_lexicon
from spotter.program import program_name
from spotter.types import Word

if TYPE_CHECKING:
    from spotter.predictor import Spotter

Results = dict[str, list[ImageResult]]  # by reader
Spot = Callable[[np.ndarray], list[Word]]  # (H, W, 3) uint8 RGB -> words in pixels of the image

STYLES = ("easy", "mixed", "curved")  # one third of the rendered scenes each
ICDAR, TD500 = "photographs of ICDAR 2015", "photographs of MSRA-TD500"
BOTH = "photographs of both sets"
RENDERED, CURVED = "rendered scenes, one third each: easy, mixed, curved", "rendered scenes, curved"
DENSE, WITHOUT_TEXT = "rendered scenes with 60 to 100 words", "photographs without text"
SPOTTER = "this project"


@dataclass(frozen=True)
class Options:
    """The command line."""

    weights: str
    icdar2015: str | None
    td500: str | None
    backgrounds: str | None
    peers: tuple[str, ...]
    scenes: int
    dense: int
    limit: int | None
    known_words: bool
    json: Path | None


@dataclass(frozen=True)
class Target:
    """What one figure should reach on one set."""

    set: str
    name: str
    limit: float
    figure: Figure
    is_maximum: bool = False  # the limit; else it is the minimum

    def is_met(self, value: float) -> bool:
        return value <= self.limit if self.is_maximum else value >= self.limit


DETECTION, END_TO_END = hmean("detection"), hmean("end_to_end")
TARGETS = (
    Target(ICDAR, "detection H", 0.75, DETECTION),
    Target(ICDAR, "end-to-end H", 0.60, END_TO_END),
    Target(ICDAR, "end-to-end H, 90,000 words of wordfreq as lexicon", 0.66, hmean("end_to_end_lexicon")),
    Target(ICDAR, "found of words over 64 pixels high", 0.70, found_by_height(64)),
    Target(ICDAR, "calibration error of reading_score", 0.03, calibration_error, is_maximum=True),
    Target(ICDAR, "CPU seconds per photograph", 0.60, cpu_seconds, is_maximum=True),
    Target(TD500, "detection H", 0.80, DETECTION),
    Target(TD500, "end-to-end H", 0.76, END_TO_END),
    Target(TD500, "found of words of 100 to 150 pixels", 0.80, found_by_height(100, 150)),
    Target(TD500, "found of words over 150 pixels", 0.70, found_by_height(150)),
    Target(BOTH, "read of the found words of 7 characters and more", 0.75, read_by_length(7)),
    Target(RENDERED, "detection H", 0.85, DETECTION),
    Target(RENDERED, "end-to-end H", 0.75, END_TO_END),
    Target(CURVED, "detection H", 0.80, DETECTION),
    Target(CURVED, "end-to-end H", 0.65, END_TO_END),
    Target(DENSE, "detection recall", 0.80, detection_recall),
    Target(DENSE, "end-to-end H", 0.65, END_TO_END),
    Target(WITHOUT_TEXT, "words per image", 0.10, words_per_image, is_maximum=True),
)


def measure(spots: Mapping[str, Spot], alone: Spot, options: Options) -> Iterator[tuple[str, Results]]:
    """Every available set with its results by reader. spots: this project's spotter and its peers, which read
    photographs only; alone: the network without known words, which reads rendered scenes. Raises ValueError
    or OSError in one sentence.
    """
    lexicon_of = {ICDAR: load_lexicon("wordfreq")} if options.icdar2015 else {}

    def read(spot: Spot, images: EvaluationImages, count: int, name: str) -> list[ImageResult]:
        return read_images(spot, tqdm(images, total=count, desc=name, unit="image"), lexicon_of.get(name))

    def scenes(style: str, count: int, seed: int) -> list[ImageResult]:
        images = rendered_scenes([style], count, options.backgrounds, seed)
        return read(alone, images, count, f"scenes: {style}")

    def on_photographs(name: str, samples: list[AnnotatedImage]) -> Results:
        chosen = samples[: options.limit]
        return {reader: read(spot, photographs(chosen), len(chosen), name) for reader, spot in spots.items()}

    folders = {ICDAR: options.icdar2015, TD500: options.td500}
    both = []
    for name, folder in folders.items():
        if folder:
            both.append(on_photographs(name, read_folder(folder)))
            yield name, both[-1]
    if len(both) == len(folders):
        yield BOTH, {reader: pooled(results[reader] for results in both) for reader in spots}
    count = -(-options.scenes // len(STYLES))
    thirds = [scenes(style, count, FIRST_SEED + i * count) for i, style in enumerate(STYLES)]
    yield RENDERED, {SPOTTER: pooled(thirds)}
    yield CURVED, {SPOTTER: thirds[-1]}
    yield DENSE, {SPOTTER: scenes("dense", options.dense, FIRST_SEED)}
    if options.backgrounds:
        yield WITHOUT_TEXT, on_photographs(WITHOUT_TEXT, photographs_without_text(Path(options.backgrounds)))


def figures(name: str, results: Results) -> dict[str, dict]:
    """Of one set: for each target its limit, and each reader's value with the ends of the 95 % interval."""
    measured = {}
    for target in (target for target in TARGETS if target.set == name):
        readers = {reader: target.figure(each) for reader, each in results.items()}
        measured[target.name] = {
            "target": target.limit,
            "met": target.is_met(readers[SPOTTER].value),
            "readers": {reader: asdict(interval) for reader, interval in readers.items()},
        }
    return measured


def label(name: str, images: int) -> str:
    return f"{images} {name}"


def header(peers: Sequence[str]) -> str:
    names = ["set", "figure", "measured", "95 % interval", "target", "met", *peers]
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}"


def rows(name: str, images: int, measured: dict[str, dict], peers: Sequence[str]) -> str:
    """Markdown, one row per target of one set."""
    lines = []
    for target in (target for target in TARGETS if target.set == name):
        readers = measured[target.name]["readers"]
        ours = readers[SPOTTER]
        cells = [
            label(name, images),
            target.name,
            f"{ours['value']:.3f}",
            f"{ours['low']:.3f} to {ours['high']:.3f}",
            f"{'≤' if target.is_maximum else '≥'} {target.limit:.2f}",
            "yes" if measured[target.name]["met"] else "no",
            *(f"{readers[peer]['value']:.3f}" if peer in readers else "" for peer in peers),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        program_name("spotter.evaluation.targets"),
        description="Compares the results of weights with the project's targets.",
    )
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument("--icdar2015", metavar="FOLDER", help="photographs of ICDAR 2015: images/ and gt/")
    parser.add_argument("--td500", metavar="FOLDER", help="photographs of MSRA-TD500 in the same form")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs without text")
    parser.add_argument(
        "--peers",
        type=names_from(INSTALL),
        default=(),
        metavar="A,B",
        help=f"other readers on the same photographs: {','.join(INSTALL)}",
    )
    parser.add_argument("--scenes", type=positive_int, default=501, help="rendered scenes (501)")
    parser.add_argument(
        "--dense", type=positive_int, default=20, help="rendered scenes with 60 to 100 words (20)"
    )
    parser.add_argument(
        "--limit", type=positive_int, metavar="N", help="only the first N photographs of each folder"
    )
    parser.add_argument(
        "--without-known-words",
        dest="known_words",
        action="store_false",
        help="the readings of the network alone, without a list of frequent words",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to this file")
    return Options(**vars(parser.parse_args(arguments)))


def load_readers(options: Options) -> tuple[dict[str, Spot], Spot]:
    """This project's spotter and its peers, and the network alone, on one thread. Raises ValueError, OSError
    or ImportError.
    """
    import torch

    from spotter import load_spotter  # late: loads torch's models, which takes seconds

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    spotter: Spotter = load_spotter(options.weights, known_words=options.known_words)
    peers: dict[str, Spot] = {name: load_baseline(name).read for name in options.peers}
    alone: Spotter = load_spotter(options.weights, known_words=False)
    return {SPOTTER: spotter.spot, **peers}, alone.spot


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    content: dict[str, dict] = {}
    try:
        spots, alone = load_readers(options)
        print(header(options.peers))
        for name, results in measure(spots, alone, options):
            ours, measured = results[SPOTTER], figures(name, results)
            print(rows(name, len(ours), measured, options.peers), flush=True)
            content[label(name, len(ours))] = to_report(ours).to_json() | {"targets": measured}
            if options.json:
                options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except (ValueError, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
