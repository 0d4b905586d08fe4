"""Model cards: what weights are, what they were trained on, and how training went."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotter.data.pack_file import MANIFEST, unpack
from spotter.data.sources import Sources, data_name
from spotter.data.terms import terms_of

AUXILIARY_LOSSES = {  # by their weight in `LossConfig`
    "text_map": ["dense text map at stride 4 (binary cross entropy and dice)"],
    "characters": [
        "classification of each rendered character at its centre, on the level that its word is read from",
        "classification of each character at its centre on the reader's feature map",
    ],
    "guided_attention": [
        "guided attention: cross entropy of the decoder's attention with each character's centre"
    ],
    "background": [
        "what Recognition Conversion lets through around the word: its gates, and the energy of its features"
    ],
}

MEANING = (
    "What this means for users of the weights: name the data sets that ask for attribution or citation. "
    "Sets for research use state no licence for other uses, and whether such terms extend to weights is not "
    "settled: before any other use, ask their authors, or train without these sets."
)


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
        lines = [f"{part['name']} of the pack: {part['source']}" for part in _parts(sources.pack)]
        # The pack's folder is named after its sha256.
        return [f"the training pack {Path(sources.pack).name}, sha256 {unpack(sources.pack).name}", *lines]
    fonts = "fontpkg-* and Fontsource" if sources.fonts else "fontpkg-*"
    data = [f"scenes rendered by spotter.data.synth.scene (fonts: {fonts}, words: wordfreq and Faker)"]
    if sources.backgrounds:
        data.append(f"photographs behind them: {Path(sources.backgrounds).name}")
    return data + [
        f"annotated photographs: {Path(folder).parent.name}/{Path(folder).name}" for folder in sources.data
    ]


def describe_terms(sources: Sources) -> list[str]:
    """The terms of each data set as its authors state them, and what they mean for users of the weights.

    Raises ValueError or OSError if the pack is missing or damaged.
    """
    if not sources.pack:
        folders = [*sources.data, *([sources.backgrounds] if sources.backgrounds else [])]
        names = dict.fromkeys(["wordfreq", "faker", *map(data_name, folders)])
        return [*(f"{name}: {terms_of(name)}" for name in names), MEANING]
    lines = []
    for part in _parts(sources.pack):
        terms = part["terms"]
        if isinstance(terms, str):
            lines.append(f"{part['source']}: {terms}")
        elif part["name"] == "fonts":
            families = [f"{each} ({count})" for each, count in Counter(terms.values()).most_common()]
            lines.append(f"font families: {', '.join(families)}")
        else:
            lines += [f"{name}: {each}" for name, each in terms.items()]
    return [*lines, MEANING]


def _parts(pack: str) -> list[dict[str, Any]]:
    """The parts in the manifest of a pack."""
    return json.loads((unpack(pack) / MANIFEST).read_text(encoding="utf-8"))["parts"]


def make_card(
    name: str, counts: Mapping[str, Any], settings: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """The model card of weights as far as the run knows it; `spotter.training.export` adds the rest.

    counts: step, images, words, seconds; settings: `TrainConfig.to_json`; folder: of the run.
    """
    sources = Sources(**settings["sources"])
    return {
        "name": name,
        "preset": settings["model"]["name"],
        "trained_images": counts["images"],
        "trained_words": counts["words"],
        "hours": round(counts["seconds"] / 3600, 2),
        "steps": counts["step"],
        "data": describe_data(sources),
        "terms": describe_terms(sources),
        "recipe": settings["recipe"],
        "seed": settings["seed"],
        "started_from": settings["start_from"],
        "auxiliary_losses": [
            line for name, lines in AUXILIARY_LOSSES.items() if settings["loss"].get(name) for line in lines
        ],
        "command": "",
        "figures": {},
        "notes": "",
        "experiments": [],
        "curve": curve(folder),
    }
