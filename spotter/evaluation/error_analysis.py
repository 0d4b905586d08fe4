"""Which words a spotter reads badly: detected and correct words by height, tilt, contrast, length and
characters, with examples of wrong readings.

`python -m spotter.evaluation.error_analysis FOLDER|synthetic [--json OUT]` prints and writes a report, which
`spotter.training.export --mistakes` adds to a model card.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from spotter.evaluation.arguments import positive_int
from spotter.evaluation.domain_gap import word_statistics
from spotter.evaluation.image_sets import EvaluationImages, named_images
from spotter.evaluation.metrics import match_detections, same_text
from spotter.types import GroundTruth, Word

BINS: dict[str, tuple[str, list[float]]] = {  # name: the column and the limits of its bins
    "text height, pixels": ("height", [0, 12, 20, 32, 64, np.inf]),
    "tilt, degrees": ("tilt", [0, 10, 30, 60, 180]),
    "contrast, gray levels": ("contrast", [0, 15, 30, 60, np.inf]),
    "characters": ("characters", [0.5, 2.5, 5.5, 8.5, 12.5, np.inf]),
}
MIN_WORDS = 20  # in a bin that is reported as read badly: fewer are not meaningful
WORST_BINS = 6
EXAMPLES = 12


@dataclass(frozen=True)
class Options:
    """The command line."""

    folder: str
    weights: str
    count: int
    style: str
    backgrounds: str | None
    json: Path | None


@dataclass(frozen=True)
class ImageComparison:
    """Of one image, as in `Results`: a row per legible true word, and wrong readings of detected words."""

    rows: list[dict[str, Any]]
    wrong: list[tuple[str, str, float]]


@dataclass(frozen=True)
class Results:
    """One row per legible true word, and the wrong readings of detected words."""

    words: pd.DataFrame  # columns of `word_statistics`, tilt, kind, found, correct, exact (bool)
    wrong: list[tuple[str, str, float]]  # true text, reading, reading_score


def kind_of_text(text: str) -> str:
    """Lower, upper or mixed case, with digits, or with other signs."""
    if not text.isalnum():
        return "with other signs"
    if any(c.isdigit() for c in text):
        return "with digits"
    return "lower case" if text.islower() else "upper case" if text.isupper() else "mixed case"


def analyse(spot: Callable[[np.ndarray], list[Word]], images: EvaluationImages) -> Results:
    """Spots every image (H, W, 3) uint8 RGB and compares its legible words with the result."""
    results = [compare(image, true, spot(image)) for image, true in images]
    rows = [row for result in results for row in result.rows]
    return Results(pd.DataFrame(rows), [reading for result in results for reading in result.wrong])


def compare(image: np.ndarray, true: Sequence[GroundTruth], words: Sequence[Word]) -> ImageComparison:
    """Compares the legible words of an image (H, W, 3) uint8 RGB with the words found."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    ignore = [region.ignore or not region.text for region in true]
    pairs, _ = match_detections(true, ignore, [word.polygon for word in words])
    matched = {i: words[j] for i, j in pairs}
    rows, wrong = [], []
    for i, region in enumerate(true):
        statistics = None if ignore[i] else word_statistics(gray, region)
        if statistics is None:
            continue
        word = matched.get(i)
        correct = word is not None and same_text(region.text, word.text)
        if word is not None and not correct:
            wrong.append((region.text, word.text, word.reading_score))
        rows.append(
            {
                **statistics,
                "tilt": abs(statistics["angle"]),
                "kind": kind_of_text(region.text),
                "found": word is not None,
                "correct": correct,
                "exact": word is not None and word.text == region.text,
            }
        )
    return ImageComparison(rows, wrong)


def shares(results: Results) -> pd.DataFrame:
    """One row per bin that has words: by, bin, words, found, correct (both shares of all words, 0..1)."""
    words, rows = results.words, []
    if words.empty:
        return pd.DataFrame(columns=["by", "bin", "words", "found", "correct"])
    groups = {
        name: pd.cut(words[column], limits, include_lowest=True) for name, (column, limits) in BINS.items()
    }
    groups["signs"] = words["kind"]
    for name, bins in groups.items():
        for value, group in words.groupby(bins, observed=True):
            label = _range(value) if isinstance(value, pd.Interval) else value
            rows.append((name, label, len(group), group["found"].mean(), group["correct"].mean()))
    return pd.DataFrame(rows, columns=["by", "bin", "words", "found", "correct"])


def _range(interval: pd.Interval) -> str:
    low, high = interval.left, interval.right
    if low % 1:  # whole numbers lie between the limits
        return f"{math.ceil(low)} and more" if np.isinf(high) else f"{math.ceil(low)} to {math.floor(high)}"
    return f"over {low:.0f}" if np.isinf(high) else f"{max(0, low):.0f} to {high:.0f}"


def report(results: Results) -> dict[str, list[str]]:
    """For a model card: the bins with the fewest correct words, and the most confident wrong readings."""
    table = shares(results)
    table = table[table["words"] >= MIN_WORDS].sort_values("correct")
    wrong = sorted(results.wrong, key=lambda item: -item[2])
    return {
        "reads_badly": [
            f"{row.by}: {row.bin}, {row.correct:.0%} of {row.words} words"
            for row in table.head(WORST_BINS).itertuples()
        ],
        "wrong_readings": [f"{true} → {read or 'nothing'}" for true, read, _ in wrong[:EXAMPLES]],
    }


def summary(results: Results) -> str:
    """The shares as a Markdown table, how many correct readings are exact, and wrong readings."""
    lines = ["| by | | words | found | found and correct |", "|---|---|---|---|---|"]
    lines += [
        f"| {r.by} | {r.bin} | {r.words} | {r.found:.0%} | {r.correct:.0%} |"
        for r in shares(results).itertuples()
    ]
    lines.append("")
    if not results.words.empty:
        correct, exact = results.words["correct"].sum(), results.words["exact"].sum()
        lines.append(f"{exact} of {correct} correct readings match in case and signs")
    lines.append("wrong, most confident first: " + (", ".join(report(results)["wrong_readings"]) or "none"))
    return "\n".join(lines)


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.evaluation.error_analysis", description="Shows which words a spotter reads badly."
    )
    parser.add_argument("folder", metavar="FOLDER", help="holds images/ and gt/ (ICDAR 2015), or synthetic")
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument("--count", type=positive_int, default=200, help="maximum number of images (200)")
    parser.add_argument("--style", default="mixed", help="of rendered scenes (mixed)")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the model card's part to this file")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    from spotter import load_spotter  # late: loads torch's models, which takes seconds

    try:
        images, count = named_images(options.folder, options.count, options.style, options.backgrounds)
        spotter = load_spotter(options.weights)
        results = analyse(spotter.spot, tqdm(images, total=count, unit="image"))
        if options.json:
            text = json.dumps(report(results), indent=1, ensure_ascii=False) + "\n"
            options.json.write_text(text, encoding="utf-8")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(summary(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
