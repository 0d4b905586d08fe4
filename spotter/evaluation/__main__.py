"""How well a spotter finds and reads words: `python -m spotter.evaluation FOLDER|synthetic`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import cv2
import torch
from tqdm import tqdm

from spotter.data.icdar import samples
from spotter.evaluation import true_polygons
from spotter.evaluation.baselines import INSTALL, Peer, ours, peer, peer_table
from spotter.evaluation.evaluate import Report, evaluate
from spotter.evaluation.test_pictures import FIRST_SEED, lexicon_of, photographs, rendered, without_text
from spotter.images import ImageError
from spotter.weights import weights_path

if TYPE_CHECKING:
    from spotter.predictor import Spotter

SYNTHETIC = "synthetic"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the scores; exits with 2 and one sentence when an input cannot be used."""
    options = _options(arguments)
    try:
        lexicon = lexicon_of(options.lexicon) if options.lexicon else None
        if options.without_text:
            chosen = without_text(Path(options.folder))[: options.limit]
            scenes, images = photographs(chosen), len(chosen)
        elif options.folder == SYNTHETIC:
            scenes = rendered([options.style], options.count, options.backgrounds, options.seed)
            images = options.count
        else:
            chosen = samples(options.folder)[: options.limit]
            scenes, images = photographs(chosen), len(chosen)
        spotter = _spotter(options)
        spot = partial(spotter.spot, **_settings(options))
        if options.peers:
            print(peer_table(_beside_peers(options, spotter)))
            return
    except (ValueError, OSError, ImportError) as error:
        _stop(str(error))
    try:
        if options.true_polygons:
            progress = partial(tqdm, total=images, unit="image")
            print(true_polygons.measure(spotter, scenes, _settings(options), progress).lines())
            return
        report = evaluate(spot, scenes, lexicon, partial(tqdm, total=images, unit="image"))
    except ImageError as error:
        _stop(str(error))
    if options.without_text:
        mean = report.detection.found / report.images
        print(f"{mean:.2f} words an image, {report.images} images without text")
    else:
        print(table(report))
    if options.json:
        content = {"data": options.folder, "weights": options.weights, "lexicon": options.lexicon}
        try:
            Path(options.json).write_text(json.dumps(content | report.to_json(), indent=2) + "\n")
        except OSError as error:
            _stop(f"The report cannot be written to {options.json}: {error.strerror}.")


def table(report: Report) -> str:
    """The scores in percent, a line each, and the time."""
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
        f"{report.seconds:.2f} seconds an image, {report.images} images, {report.detection.true} words"
    )
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m spotter.evaluation", description=__doc__)
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        help=f"holds images/ and gt/ (ICDAR 2015), or {SYNTHETIC}: rendered, held-out scenes",
    )
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument(
        "--lexicon", metavar="FILE", help="a word a line, or wordfreq: the 90,000 most frequent English words"
    )
    parser.add_argument("--json", metavar="OUT", help="writes the report to this file too")
    parser.add_argument("--threshold", type=float, help="smallest score of a word (default: the model's)")
    parser.add_argument(
        "--short-side", type=_positive, metavar="N", help="pixels images are scaled to (default: the model's)"
    )
    parser.add_argument("--limit", type=_positive, metavar="N", help="the first N images of FOLDER alone")
    parser.add_argument(
        "--peers", type=_peers, default=[], metavar="A,B", help=f"beside others: {','.join(INSTALL)}"
    )
    parser.add_argument(
        "--without-text",
        action="store_true",
        help="FOLDER holds photographs without text: prints how many words are found on them all the same",
    )
    parser.add_argument(
        "--true-polygons",
        action="store_true",
        help="prints how much better words are read in their true polygons than in those found",
    )
    rendered = parser.add_argument_group(f"with {SYNTHETIC}")
    rendered.add_argument("--count", type=_positive, default=200, help="number of scenes (200)")
    rendered.add_argument("--style", default="mixed", help="kind of scenes (mixed)")
    rendered.add_argument("--backgrounds", metavar="FOLDER", help="photographs to write on")
    rendered.add_argument("--seed", type=int, default=FIRST_SEED, help="of the first scene (10000)")
    return parser.parse_args(arguments)


def _peers(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in INSTALL]:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(INSTALL)}")
    return names


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _spotter(options: argparse.Namespace) -> Spotter:
    """The spotter asked for; raises ValueError when the weights cannot be loaded."""
    from spotter import load_spotter  # late: loads torch's models, which a wrong folder need not wait for

    try:
        return load_spotter(options.weights)
    except Exception as error:  # whatever a broken file makes its reader raise
        raise ValueError(
            f"The weights {options.weights} cannot be loaded: {' '.join(str(error).split())}"
        ) from error


def _settings(options: argparse.Namespace) -> dict:
    """What `Spotter.spot` is told beside the image."""
    given = {"threshold": options.threshold, "short_side": options.short_side}
    return {name: value for name, value in given.items() if value is not None}


def _beside_peers(options: argparse.Namespace, spotter: Spotter) -> list[tuple[Peer, Report]]:
    """Our reader and the others on the same photographs, each on one thread.

    Raises ValueError for rendered scenes, ImportError for a reader that is not installed.
    """
    if options.folder == SYNTHETIC:
        raise ValueError("--peers compares on photographs: name a folder with images/ and gt/.")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    readers = [ours(spotter, weights_path(options.weights), partial(spotter.spot, **_settings(options)))]
    readers += [peer(name) for name in options.peers]
    chosen = samples(options.folder)[: options.limit]
    return [
        (who, evaluate(who.read, photographs(chosen), None, partial(tqdm, total=len(chosen), desc=who.name)))
        for who in readers
    ]


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
