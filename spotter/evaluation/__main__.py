"""Measures how well a spotter detects and reads words: `python -m spotter.evaluation FOLDER|synthetic`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from spotter.data.icdar import AnnotatedImage, read_folder
from spotter.evaluation.arguments import names_from, positive_int
from spotter.evaluation.baselines import INSTALL, Baseline, comparison_table, load_baseline, this_project
from spotter.evaluation.evaluate import Report, evaluate
from spotter.evaluation.ground_truth_polygons import compare_polygons
from spotter.evaluation.image_sets import (
    FIRST_SEED,
    SYNTHETIC,
    photographs,
    photographs_without_text,
    rendered_scenes,
)
from spotter.evaluation.lexicon import load_lexicon
from spotter.program import program_name

if TYPE_CHECKING:
    from spotter.predictor import Spotter


@dataclass(frozen=True)
class Options:
    """The command line."""

    folder: str  # or SYNTHETIC
    weights: str
    lexicon: str | None
    json: Path | None
    threshold: float | None  # None: the model's
    short_side: int | None  # None: the model's
    limit: int | None
    peers: tuple[str, ...]
    without_text: bool
    true_polygons: bool
    known_words: bool
    count: int
    style: str
    backgrounds: str | None
    seed: int

    @property
    def settings(self) -> dict[str, Any]:
        """Keyword arguments of `Spotter.spot`."""
        given = {"threshold": self.threshold, "short_side": self.short_side}
        return {name: value for name, value in given.items() if value is not None}

    def samples(self) -> list[AnnotatedImage]:
        """The chosen images of the folder. Raises ValueError."""
        found = photographs_without_text(Path(self.folder)) if self.without_text else read_folder(self.folder)
        return found[: self.limit]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the scores. Returns 2, after one sentence on stderr, if an input cannot be used."""
    options = parse(arguments)
    try:
        run(options)
    except (ValueError, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(options: Options) -> None:
    """Raises ValueError, OSError or ImportError in one sentence."""
    lexicon = load_lexicon(options.lexicon) if options.lexicon else None
    if options.folder == SYNTHETIC and not options.without_text:
        images = rendered_scenes([options.style], options.count, options.backgrounds, options.seed)
        count = options.count
    else:
        chosen = options.samples()
        images, count = photographs(chosen), len(chosen)
    spotter = load(options.weights, options.known_words)
    if options.peers:
        print(comparison_table(compare_with_baselines(options, spotter)))
        return
    progress = partial(tqdm, total=count, unit="image")
    if options.true_polygons:
        print(compare_polygons(spotter, images, options.settings, progress).table())
        return
    report = evaluate(partial(spotter.spot, **options.settings), images, lexicon, progress)
    if options.without_text:
        mean = report.detection.found / report.images
        print(f"{mean:.2f} words per image, {report.images} images without text")
    else:
        print(table(report))
    if options.json:
        content = {"data": options.folder, "weights": options.weights, "lexicon": options.lexicon}
        try:
            options.json.write_text(json.dumps(content | report.to_json(), indent=2) + "\n")
        except OSError as error:
            raise ValueError(f"The report cannot be written to {options.json}: {error.strerror}.") from error


def load(weights: str, known_words: bool = True) -> Spotter:
    """Raises ValueError if the weights cannot be loaded."""
    from spotter import load_spotter  # late: loads torch's models, which takes seconds

    try:
        return load_spotter(weights, known_words=known_words)
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"The weights {weights} cannot be loaded: {' '.join(str(error).split())}") from error


def compare_with_baselines(options: Options, spotter: Spotter) -> list[tuple[Baseline, Report]]:
    """This project and the other readers on the same photographs, each on one thread.

    Raises ValueError for rendered scenes, ImportError if a reader is not installed.
    """
    import cv2
    import torch

    from spotter.weights import weights_path

    if options.folder == SYNTHETIC:
        raise ValueError("--peers compares on photographs: name a folder with images/ and gt/.")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    spot = partial(spotter.spot, **options.settings)
    readers = [this_project(spotter, weights_path(options.weights), spot)]
    readers += [load_baseline(name) for name in options.peers]
    chosen = options.samples()
    reports = []
    for reader in readers:
        progress = partial(tqdm, total=len(chosen), desc=reader.name)
        reports.append((reader, evaluate(reader.read, photographs(chosen), None, progress)))
    return reports


def table(report: Report) -> str:
    """One line per score, in percent, then calibration and time."""
    rows = {
        "detection": report.detection,
        "end-to-end": report.end_to_end,
        "end-to-end, lexicon": report.end_to_end_lexicon,
    }
    lines = [f"{'':20}{'precision':>10}{'recall':>10}{'H-mean':>10}"]
    for name, scores in rows.items():
        if scores:
            values = (scores.precision, scores.recall, scores.hmean)
            lines.append(f"{name:20}" + "".join(f"{100 * value:10.1f}" for value in values))
    lines.append(f"{'calibration error of reading_score':40}{report.calibration_error:10.3f}")
    lines.append(
        f"{report.seconds:.2f} seconds per image, {report.images} images, {report.detection.true} words"
    )
    return "\n".join(lines)


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(program_name("spotter.evaluation"), description=__doc__)
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        help=f"holds images/ and gt/ (ICDAR 2015), or {SYNTHETIC}: rendered scenes",
    )
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument(
        "--lexicon",
        metavar="FILE",
        help="one word per line, or wordfreq: the 90,000 most frequent English words",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the report to this file")
    parser.add_argument("--threshold", type=float, help="minimum score of a word (default: the model's)")
    parser.add_argument(
        "--short-side",
        type=positive_int,
        metavar="N",
        help="pixels images are resized to (default: the model's)",
    )
    parser.add_argument("--limit", type=positive_int, metavar="N", help="only the first N images of FOLDER")
    parser.add_argument(
        "--peers",
        type=names_from(INSTALL),
        default=(),
        metavar="A,B",
        help=f"compare with other readers: {','.join(INSTALL)}",
    )
    parser.add_argument(
        "--without-text",
        action="store_true",
        help="FOLDER holds photographs without text: prints the false positives per image",
    )
    parser.add_argument(
        "--true-polygons",
        action="store_true",
        help="compare reading in the ground-truth polygons with reading in the detected ones",
    )
    parser.add_argument(
        "--without-known-words",
        dest="known_words",
        action="store_false",
        help="the readings of the network alone, without a list of frequent words",
    )
    group = parser.add_argument_group(f"with {SYNTHETIC}")
    group.add_argument("--count", type=positive_int, default=200, help="number of scenes (200)")
    group.add_argument("--style", default="mixed", help="style of the scenes (mixed)")
    group.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    group.add_argument("--seed", type=int, default=FIRST_SEED, help=f"of the first scene ({FIRST_SEED})")
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
