"""How well words are read in each kind of font, in fonts used in training and in held-out ones.

`python -m spotter.evaluation.fonts [--fonts FOLDER] [--backgrounds FOLDER]` renders easy scenes with one
font family each, all with held-out words, and reads the words in their true polygons.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from tqdm import tqdm

from spotter.data.synth.fonts import Face, Fonts, installed_fonts
from spotter.data.synth.scene import SceneGenerator
from spotter.data.synth.style import EASY
from spotter.evaluation.arguments import positive_int
from spotter.evaluation.ground_truth_polygons import read_true_polygons
from spotter.evaluation.image_sets import FIRST_SEED
from spotter.predictor import Spotter, load_spotter

STYLE = replace(EASY, words=(8, 14), text_height=(12, 48))
WORST = 8  # families that are named


@dataclass(frozen=True)
class Options:
    """The command line."""

    weights: str
    count: int
    every: int
    fonts: str | None
    backgrounds: str | None


class SingleFamily(Fonts):
    """One family in place of all fonts of a split."""

    def __init__(self, faces: list[Face]) -> None:
        super().__init__(families=[faces])

    def sample(self, rng: random.Random) -> Face:
        """A random face."""
        return rng.choice(self.families[0])


def measure(
    spotter: Spotter, families: Iterable[list[Face]], split: str, count: int, backgrounds: str | None
) -> Iterator[dict[str, str | int]]:
    """Reads `count` scenes per family. Yields its name, kind, split, and counts of words and correct ones."""
    style = replace(STYLE, backgrounds=backgrounds)
    for faces in families:
        words = correct = 0
        generator = SceneGenerator(style, "held_out", SingleFamily(faces))
        for seed in range(FIRST_SEED, FIRST_SEED + count):
            scene = generator.render(seed)
            ignore = [region.ignore or not region.text for region in scene.regions]
            read, results = read_true_polygons(spotter, scene.image, scene.regions, ignore, None)
            words += len(read)
            correct += sum(results)
        family, kind = faces[0].family, faces[0].kind
        yield {"family": family, "kind": kind, "split": split, "words": words, "correct": correct}


def table(rows: pd.DataFrame) -> str:
    """The shares by kind and split as a Markdown table, and the families with the lowest."""
    lines = ["| font | split | families | words | correct |", "|---|---|---|---|---|"]
    for (kind, split), group in rows.groupby(["kind", "split"]):
        share = group["correct"].sum() / max(1, group["words"].sum())
        name = kind.lower().replace("_", " ")
        lines.append(f"| {name} | {split} | {len(group)} | {group['words'].sum()} | {share:.0%} |")
    read = rows[rows["words"] > 0]
    worst = read.assign(share=read["correct"] / read["words"]).sort_values("share", kind="stable")[:WORST]
    named = (f"{r.family.replace('_', ' ')} ({r.split}) {r.share:.0%}" for r in worst.itertuples())
    return "\n".join([*lines, "", "worst: " + (", ".join(named) or "none")])


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.evaluation.fonts", description="Measures reading by kind of font."
    )
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument("--count", type=positive_int, default=4, help="scenes per family (4)")
    parser.add_argument("--every", type=positive_int, default=4, help="use every n-th training family (4)")
    parser.add_argument("--fonts", metavar="FOLDER", help="more training fonts (`make .venv/fonts`)")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        splits = {
            "trained": installed_fonts("train", options.fonts).families[:: options.every],
            "held out": installed_fonts("held_out").families,
        }
        spotter = load_spotter(options.weights)
        rows = []
        for split, families in splits.items():
            progress = tqdm(families, split, unit="family")
            rows += list(measure(spotter, progress, split, options.count, options.backgrounds))
    except (ValueError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(pd.DataFrame(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
