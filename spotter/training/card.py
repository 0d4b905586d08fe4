"""Model cards: what weights are, what they were trained on, and how training went."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spotter.data.pack_file import MANIFEST, unpack
from spotter.data.sources import Sources

AUXILIARY_LOSSES = [
    "dense text map at stride 4 (binary cross entropy and dice)",
    "classification of each rendered character at its centre, on the level that its word is read from",
    "guided attention: cross entropy of the decoder's attention with each character's centre",
    "classification of each character at its centre on the reader's feature map",
]


def curve(folder: Path, points: int = 60) -> list[dict]:
    """About `points` rows of log.csv, evenly spaced: images, minutes and losses."""
    path = folder / "log.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # A resumed run repeats the steps since its checkpoint: the last line of a step counts.
    rows = sorted({int(row["step"]): row for row in rows}.values(), key=lambda row: int(row["step"]))
    names = ("images", "minutes", "characters", "giou", "recognition", "total")
    return [{n: _finite_or_none(row[n]) for n in names} for row in rows[:: max(1, len(rows) // points)]]


def _finite_or_none(text: str) -> float | None:
    """None for a loss that was not computed: JSON has no NaN."""
    value = float(text)
    return value if math.isfinite(value) else None


def describe_data(sources: Sources) -> list[str]:
    """One line per kind of training data. Raises ValueError or OSError if the pack is missing or damaged."""
    if sources.pack:
        folder = unpack(sources.pack)  # named after the sha256 of the pack
        parts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["parts"]
        # The terms of many fonts are in the pack's manifest.
        terms = [f"; terms: {part['terms']}" if isinstance(part["terms"], str) else "" for part in parts]
        lines = [
            f"{part['name']} of the pack: {part['source']}{each}"
            for part, each in zip(parts, terms, strict=True)
        ]
        return [f"the training pack {Path(sources.pack).name}, sha256 {folder.name}", *lines]
    fonts = "fontpkg-* and Fontsource" if sources.fonts else "fontpkg-*"
    data = [f"scenes rendered by spotter.data.synth.scene (fonts: {fonts}, words: wordfreq and Faker)"]
    if sources.backgrounds:
        data.append(f"photographs behind them: {Path(sources.backgrounds).name}")
    return data + [
        f"annotated photographs: {Path(folder).parent.name}/{Path(folder).name}" for folder in sources.data
    ]


def make_card(
    name: str,
    counts: Mapping[str, Any],
    settings: Mapping[str, Any],
    folder: Path,
    figures: dict | None = None,
    notes: str = "",
    experiments: Sequence[str] = (),
    command: str = "",
) -> dict[str, Any]:
    """The model card of weights.

    counts: step, images, words, seconds; settings: `TrainConfig.to_json`; folder: of the run; experiments:
    one line each.
    """
    return {
        "name": name,
        "preset": settings["model"]["name"],
        "trained_images": counts["images"],
        "trained_words": counts["words"],
        "hours": round(counts["seconds"] / 3600, 2),
        "steps": counts["step"],
        "data": describe_data(Sources(**settings["sources"])),
        "recipe": settings["recipe"],
        "started_from": settings["start_from"],
        "auxiliary_losses": AUXILIARY_LOSSES,
        "command": command,
        "figures": figures or {},
        "notes": notes,
        "experiments": list(experiments),
        "curve": curve(folder),
    }
