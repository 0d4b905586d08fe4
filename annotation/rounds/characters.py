"""The characters that a round teaches the reader: those of the corrected texts, and those that a person
names.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError, safe_open

from annotation.rounds.records import RoundError
from spotter.config import SpotterConfig
from spotter.language import tr

MAX_CHARACTERS = 3000  # that one round adds
MAX_SHOWN = 20  # characters in a sentence


def read_characters(weights: Path) -> str | None:
    """The characters that weights can read; None if they cannot be used."""
    try:
        return _read(weights, weights.stat().st_mtime_ns)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


@lru_cache
def _read(path: Path, changed: int) -> str:
    with safe_open(path, "np") as file:
        config = json.loads((file.metadata() or {})["config"])
    return SpotterConfig.from_json(config).characters


def named_characters(text: str) -> str:
    """What a person typed, each character once; spaces and commas between them do not matter.

    Raises RoundError.
    """
    found = "".join(dict.fromkeys(c for c in text if not c.isspace() and c != ","))
    if not found.isprintable():
        raise RoundError(
            tr("Only characters that can be printed can be learnt; type them one after the other.")
        )
    return found


def merge_characters(known: str, *more: str) -> str:
    """Known characters, then the others, each once; the known ones keep their places."""
    return known + "".join(c for c in dict.fromkeys("".join(more)) if c not in known)


def check_number(characters: str) -> str:
    """Raises RoundError if one round cannot learn so many."""
    if len(characters) > MAX_CHARACTERS:
        raise RoundError(
            tr(
                "A round teaches at most {limit} characters, not {number}; name fewer.",
                limit=MAX_CHARACTERS,
                number=len(characters),
            )
        )
    return characters


def learns_sentence(characters: str) -> str:
    """What the reader will learn; "" for nothing. Names the characters that no installed font has."""
    if not characters:
        return ""
    shown = spoken(characters)
    if len(characters) == 1:
        sentence = tr("The reader learns 1 more character: {characters}.", characters=shown)
    else:
        sentence = tr(
            "The reader learns {number:d} more characters: {characters}.",
            number=len(characters),
            characters=shown,
        )
    try:
        from spotter.data.synth.own_fonts import without_font  # late: needs fontTools

        missing = without_font("".join(sorted(characters)))
    except ImportError:
        return sentence
    if not missing:
        return sentence
    fonts = tr(
        "No installed font has {characters}: install one, or only the photos teach this.",
        characters=spoken(missing),
    )
    return f"{sentence} {fonts}"


def spoken(characters: str) -> str:
    """'é ü ñ', with the number of those that are left out."""
    left = len(characters) - MAX_SHOWN
    shown = " ".join(characters[:MAX_SHOWN])
    return tr("{characters} and {number:d} more", characters=shown, number=left) if left > 0 else shown
