"""How well words are read in each kind of font, in fonts that were trained with and in held-out ones.

`python -m spotter.evaluation.fonts [--fonts FOLDER] [--backgrounds FOLDER]` renders clear scenes of one
family each, all with held-out words, and reads the words in their true polygons.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from tqdm import tqdm

from spotter.data.synth.fonts import Face, fonts
from spotter.data.synth.scene import EASY, SceneGenerator
from spotter.evaluation.test_pictures import FIRST_SEED
from spotter.evaluation.true_polygons import read_drawn
from spotter.predictor import Spotter

CLEAR = replace(EASY, words=(8, 14), text_height=(12, 48))
WORST = 8  # families that are named


@dataclass(frozen=True)
class Family:
    """One family in place of all fonts of a split."""

    faces: list[Face]

    def sample(self, rng: random.Random) -> Face:
        """One of its styles."""
        return rng.choice(self.faces)


def measure(
    spotter: Spotter, families: list[list[Face]], split: str, count: int, backgrounds: str | None
) -> Iterator[dict]:
    """`count` scenes of each family: a row with its name, kind, split, words and those read right."""
    style = replace(CLEAR, backgrounds=backgrounds)
    for faces in families:
        row = {"family": faces[0].family, "kind": faces[0].kind, "split": split, "words": 0, "right": 0}
        generator = SceneGenerator(style, "held_out", Family(faces))
        for seed in range(FIRST_SEED, FIRST_SEED + count):
            scene = generator.render(seed)
            ignore = [region.ignore or not region.text for region in scene.regions]
            read, right = read_drawn(spotter, scene.image, scene.regions, ignore, None)
            row["words"] += len(read)
            row["right"] += sum(right)
        yield row


def lines(rows: pd.DataFrame) -> str:
    """The shares by kind and split as a Markdown table, and the families that are read worst."""
    told = ["| font | split | families | words | read right |", "|---|---|---|---|---|"]
    for (kind, split), group in rows.groupby(["kind", "split"]):
        share = group["right"].sum() / max(1, group["words"].sum())
        name = kind.lower().replace("_", " ")
        told.append(f"| {name} | {split} | {len(group)} | {group['words'].sum()} | {share:.0%} |")
    read = rows[rows["words"] > 0]
    worst = read.assign(share=read["right"] / read["words"]).sort_values("share", kind="stable")[:WORST]
    named = (f"{r.family.replace('_', ' ')} ({r.split}) {r.share:.0%}" for r in worst.itertuples())
    return "\n".join([*told, "", "read worst: " + (", ".join(named) or "none")])


def main(arguments: Sequence[str] | None = None) -> int:
    p = argparse.ArgumentParser("python -m spotter.evaluation.fonts", description=__doc__.splitlines()[0])
    p.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    p.add_argument("--count", type=int, default=4, help="scenes of each family (4)")
    p.add_argument("--every", type=int, default=4, help="of the families trained with, one in so many (4)")
    p.add_argument("--fonts", metavar="FOLDER", help="more fonts that were trained with (`make .venv/fonts`)")
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    o = p.parse_args(arguments)
    if o.count < 1 or o.every < 1:
        p.error("--count and --every must be at least 1.")
    from spotter import load_spotter  # late: loads torch, which a wrong option need not wait for

    try:
        sets = {
            "trained": fonts("train", o.fonts).families[:: o.every],
            "held out": fonts("held_out").families,
        }
        spotter = load_spotter(o.weights)
        rows = [
            row
            for split, families in sets.items()
            for row in measure(spotter, tqdm(families, split, unit="family"), split, o.count, o.backgrounds)
        ]
    except (ValueError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(lines(pd.DataFrame(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
