"""Exports the averaged weights of a run while it trains, so that a machine that vanishes costs a minute.

Two snapshots are written alternately, so that one is always complete. Weights of more than 16 MiB are split
into parts, which this command joins again:

    python -m spotter.training.snapshots FOLDER OUT.safetensors      the newest complete snapshot of a folder
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.model.spotter import SwinTextSpotter
from spotter.training.card import make_card
from spotter.training.errors import TrainingError
from spotter.training.train_config import TrainConfig
from spotter.weights import WeightsError, checksum, load_weights, save_weights

MAX_PART = 16 * 2**20  # bytes per file
SLOTS = "ab"


@dataclass(frozen=True)
class Options:
    """The command line."""

    folder: Path
    out: Path


class Snapshots:
    """Writes the snapshots of one run into a folder."""

    def __init__(self, folder: Path, config: TrainConfig, run: Path) -> None:
        """`run`: the run's folder, with log.csv and settings.json. Raises OSError if the folder cannot be
        created.
        """
        self.folder, self.config, self.run = folder, config, run
        folder.mkdir(parents=True, exist_ok=True)
        self.written = 0

    def write(self, model: SwinTextSpotter, counts: Mapping[str, Any]) -> None:
        """Exports the averaged weights in half precision with their card, and the run's log and settings.

        counts: step, images, words, seconds.
        """
        slot = f"{self.config.recipe}-{SLOTS[self.written % len(SLOTS)]}"
        weights = self.folder / f"{slot}.safetensors"
        for old in [weights, *part_files(weights)]:
            old.unlink(missing_ok=True)
        card = make_card(slot, counts, self.config.to_json(), self.run)
        save_weights(model, weights, card, half=True)
        split_file(weights)
        for name in ("log.csv", "settings.json"):
            if (self.run / name).is_file():
                shutil.copyfile(self.run / name, self.folder / name)
        self.written += 1


def part_files(weights: Path) -> list[Path]:
    """The parts into which weights were split, in order."""
    return sorted(weights.parent.glob(f"{weights.name}.part??"))


def split_file(weights: Path) -> None:
    """Splits a file of more than MAX_PART bytes into NAME.part00, NAME.part01, ..."""
    if weights.stat().st_size <= MAX_PART:
        return
    with weights.open("rb") as file:
        for i, part in enumerate(iter(lambda: file.read(MAX_PART), b"")):
            weights.with_name(f"{weights.name}.part{i:02}").write_bytes(part)
    weights.unlink()


def join_newest(folder: Path, out: Path) -> dict[str, Any]:
    """Writes the newest complete snapshot of a folder as weights with their card; returns the card.

    Raises TrainingError if no snapshot is complete.
    """
    found = []
    for card_file in folder.glob("*.json"):
        try:
            card = json.loads(card_file.read_text(encoding="utf-8"))
        except ValueError:  # the machine stopped while it was written
            continue
        weights = card_file.with_suffix(".safetensors")
        files = [weights] if weights.is_file() else part_files(weights)
        if files and isinstance(card.get("steps"), int):
            found.append((card["steps"], card, files))
    for _, card, files in sorted(found, key=lambda each: each[0], reverse=True):
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = out.with_suffix(".partial")
        with partial.open("wb") as target:
            for file in files:
                target.write(file.read_bytes())
        if checksum(partial) == card.get("sha256"):
            partial.replace(out)
            card = {**card, "name": out.stem}
            text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
            out.with_suffix(".json").write_text(text, encoding="utf-8")
            load_weights(out)
            return card
        partial.unlink()
    raise TrainingError(f"{folder} holds no complete snapshot.")


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m spotter.training.snapshots", description="Joins the newest snapshot of a run."
    )
    parser.add_argument("folder", type=Path, help="folder of snapshots (--snapshots of the run)")
    parser.add_argument("out", type=Path, help="file to write (.safetensors)")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        card = join_newest(options.folder, options.out)
    except (TrainingError, WeightsError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"wrote {options.out}: {card['steps']} steps, {card['trained_words']:,} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
