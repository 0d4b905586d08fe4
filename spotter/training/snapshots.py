"""The averaged weights of a run, exported while it trains, so that a machine that vanishes costs a minute.

Two snapshots are written in turn, so that one is whole whenever the machine stops. Weights of more than
16 MiB are split into parts, which this joins again:

    python -m spotter.training.snapshots FOLDER OUT.safetensors      the newest whole snapshot of a folder
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spotter.training.card import make_card
from spotter.training.initialisation import TrainingError
from spotter.weights import WeightsError, checksum, load_weights, save_weights

if TYPE_CHECKING:
    from spotter.training.trainer import Trainer

PART = 16 * 2**20  # bytes per file at most
SLOTS = "ab"


class Snapshots:
    """Writes the snapshots of one run into a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError when the folder cannot be made."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.written = 0

    def write(self, trainer: Trainer) -> None:
        """Exports the average in half precision with its card, and the run's log and settings."""
        slot = f"{trainer.config.recipe}-{SLOTS[self.written % len(SLOTS)]}"
        weights = self.folder / f"{slot}.safetensors"
        for old in [weights, *parts_of(weights)]:
            old.unlink(missing_ok=True)
        counts = {name: getattr(trainer, name) for name in ("step", "images", "words", "seconds")}
        card = make_card(slot, counts, trainer.config.to_json(), trainer.folder)
        save_weights(trainer.average.module, weights, card, half=True)
        split(weights)
        for name in ("log.csv", "settings.json"):
            if (trainer.folder / name).is_file():
                shutil.copyfile(trainer.folder / name, self.folder / name)
        self.written += 1


def parts_of(weights: Path) -> list[Path]:
    """The parts into which weights were split, in their order."""
    return sorted(weights.parent.glob(f"{weights.name}.part??"))


def split(weights: Path) -> None:
    """Splits a file of more than PART bytes into NAME.part00, NAME.part01, ...; smaller ones stay whole."""
    if weights.stat().st_size <= PART:
        return
    with weights.open("rb") as file:
        for i, part in enumerate(iter(lambda: file.read(PART), b"")):
            weights.with_name(f"{weights.name}.part{i:02}").write_bytes(part)
    weights.unlink()


def join(folder: Path, out: Path) -> dict:
    """Makes weights with their card of the newest whole snapshot in a folder; returns the card.

    Raises TrainingError if no snapshot is whole.
    """
    found = []
    for card_file in folder.glob("*.json"):
        try:
            card = json.loads(card_file.read_text(encoding="utf-8"))
        except ValueError:  # the machine stopped while it was written
            continue
        weights = card_file.with_suffix(".safetensors")
        files = [weights] if weights.is_file() else parts_of(weights)
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
    raise TrainingError(f"{folder} holds no whole snapshot.")


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m spotter.training.snapshots", description="Joins a snapshot.")
    p.add_argument("folder", type=Path, help="folder of snapshots (--snapshots of the run)")
    p.add_argument("out", type=Path, help="file to write (.safetensors)")
    o = p.parse_args(arguments)
    try:
        card = join(o.folder, o.out)
    except (TrainingError, WeightsError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"wrote {o.out}: {card['steps']} steps, {card['trained_words']:,} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
