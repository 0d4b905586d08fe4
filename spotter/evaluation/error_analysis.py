"""What a spotter reads badly: words found and read by their height, tilt, contrast, length and signs, with
examples of wrong readings.

`python -m spotter.evaluation.error_analysis FOLDER|synthetic [--json OUT]`; `spotter.training.export --mistakes`
puts the report into a model card.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from spotter.data.icdar import samples
from spotter.evaluation.domain_gap import word_figures
from spotter.evaluation.metrics import match, same_text
from spotter.evaluation.test_pictures import photographs, rendered
from spotter.images import ImageError
from spotter.types import GroundTruth, Word

BINS = {  # name: the column and the limits of its bins
    "text height, pixels": ("height", [0, 12, 20, 32, 64, np.inf]),
    "tilt, degrees": ("tilt", [0, 10, 30, 60, 180]),
    "contrast, gray levels": ("contrast", [0, 15, 30, 60, np.inf]),
    "characters": ("characters", [0.5, 2.5, 5.5, 8.5, 12.5, np.inf]),
}
LEAST_WORDS = 20  # in a bin, for its share to be told
EXAMPLES = 12


@dataclass(frozen=True)
class Mistakes:
    """One row a legible true word that has figures, and the wrong readings of those found."""

    words: pd.DataFrame  # columns of `word_figures`, tilt, signs, found, right, exact (bool)
    wrong: list[tuple[str, str, float]]  # true text, reading, reading_score


def signs_of(text: str) -> str:
    """What a text is made of: lower, upper, mixed case, digits, or with other signs."""
    if not text.isalnum():
        return "with other signs"
    if any(c.isdigit() for c in text):
        return "with digits"
    return "lower case" if text.islower() else "upper case" if text.isupper() else "mixed case"


def collect(
    spot: Callable[[np.ndarray], list[Word]],
    pictures: Iterable[tuple[np.ndarray, list[GroundTruth]]],
) -> Mistakes:
    """Spots every picture (H, W, 3) uint8 RGB and looks at each of its legible words."""
    rows, wrong = [], []
    for image, true in pictures:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        words = spot(image)
        pairs, _ = match(true, [r.ignore or not r.text for r in true], [word.polygon for word in words])
        read = {i: words[j] for i, j in pairs}
        for i, region in enumerate(true):
            seen = None if region.ignore or not region.text else word_figures(gray, region)
            if seen is None:
                continue
            word = read.get(i)
            right = word is not None and same_text(region.text, word.text)
            if word is not None and not right:
                wrong.append((region.text, word.text, word.reading_score))
            rows.append(
                seen
                | {"tilt": abs(seen["angle"]), "signs": signs_of(region.text), "found": word is not None}
                | {"right": right, "exact": word is not None and word.text == region.text}
            )
    return Mistakes(pd.DataFrame(rows), wrong)


def shares(mistakes: Mistakes) -> pd.DataFrame:
    """Columns by, bin, words, found, read (shares of all words, 0..1): a row a bin that has words."""
    words, found = mistakes.words, []
    if words.empty:
        return pd.DataFrame(columns=["by", "bin", "words", "found", "read"])
    kinds = {
        name: pd.cut(words[column], limits, include_lowest=True) for name, (column, limits) in BINS.items()
    }
    kinds["signs"] = words["signs"]
    for name, kind in kinds.items():
        for value, group in words.groupby(kind, observed=True):
            label = _range(value) if isinstance(value, pd.Interval) else value
            found.append((name, label, len(group), group["found"].mean(), group["right"].mean()))
    return pd.DataFrame(found, columns=["by", "bin", "words", "found", "read"])


def _range(interval: pd.Interval) -> str:
    low, high = interval.left, interval.right
    if low % 1:  # whole numbers lie between the limits
        return f"{math.ceil(low)} and more" if np.isinf(high) else f"{math.ceil(low)} to {math.floor(high)}"
    return f"over {low:.0f}" if np.isinf(high) else f"{max(0, low):.0f} to {high:.0f}"


def report(mistakes: Mistakes) -> dict:
    """For a model card: the worst bins in words, and the surest of the wrong readings."""
    table = shares(mistakes)
    table = table[table["words"] >= LEAST_WORDS].sort_values("read")
    surest = sorted(mistakes.wrong, key=lambda item: -item[2])
    return {
        "reads_badly": [
            f"{row.by}: {row.bin}, {row.read:.0%} of {row.words} words" for row in table.head(6).itertuples()
        ],
        "wrong_readings": [f"{true} → {read or 'nothing'}" for true, read, _ in surest[:EXAMPLES]],
    }


def lines(mistakes: Mistakes) -> str:
    """The shares as a Markdown table, how many readings keep the case, and wrong readings."""
    rows = [
        f"| {r.by} | {r.bin} | {r.words} | {r.found:.0%} | {r.read:.0%} |"
        for r in shares(mistakes).itertuples()
    ]
    told = ["| by | | words | found | found and read |", "|---|---|---|---|---|", *rows, ""]
    if not mistakes.words.empty:
        right, exact = mistakes.words["right"].sum(), mistakes.words["exact"].sum()
        told.append(f"{exact} of {right} right readings keep case and signs")
    told.append("wrong, the surest first: " + (", ".join(report(mistakes)["wrong_readings"]) or "none"))
    return "\n".join(told)


def main(arguments: Sequence[str] | None = None) -> int:
    p = argparse.ArgumentParser(
        "python -m spotter.evaluation.error_analysis", description=__doc__.splitlines()[0]
    )
    p.add_argument("folder", metavar="FOLDER", help="holds images/ and gt/ (ICDAR 2015), or synthetic")
    p.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    p.add_argument("--count", type=int, default=200, help="at most so many pictures (200)")
    p.add_argument("--style", default="mixed", help="of rendered scenes (mixed)")
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    p.add_argument("--json", type=Path, metavar="OUT", help="writes what a model card takes to this file")
    o = p.parse_args(arguments)
    if o.count < 1:
        p.error("--count must be at least 1.")
    from spotter import load_spotter  # late: loads torch, which a wrong option need not wait for

    try:
        if o.folder == "synthetic":
            pictures, count = rendered([o.style], o.count, o.backgrounds), o.count
        else:
            chosen = samples(o.folder)[: o.count]
            pictures, count = photographs(chosen), len(chosen)
        spotter = load_spotter(o.weights)
        found = collect(spotter.spot, tqdm(pictures, total=count, unit="image"))
        if o.json:
            o.json.write_text(
                json.dumps(report(found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
    except (ValueError, OSError, ImageError) as error:
        print(error, file=sys.stderr)
        return 2
    print(lines(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
