"""The JSON format of words, as `python -m spotter --json` writes it and the app stores and shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotter.output_files import STANDARD_OUTPUT, replacing

if TYPE_CHECKING:
    from spotter.types import Word


def words_json(card: dict, images: dict[str, dict]) -> dict:
    """The whole file: the model, by its card, and the `photo_entry` of each image, by name."""
    return {"model": model_entry(card), "images": images}


def model_entry(card: dict) -> dict:
    """The weights that were used; None for fields missing from the card."""
    return {key: card.get(key) for key in ("name", "sha256", "trained_images")}


def model_version(card: dict) -> str:
    """The version under which a spotter's words are stored; other weights are another version."""
    name, sha256 = card.get("name", "spotter"), card.get("sha256", "")
    return card.get("model_version") or (f"{name}-{sha256[:8]}" if sha256 else name)


def photo_entry(image: np.ndarray, words: Sequence[Word], seconds: float) -> dict:
    """One image (H, W, 3) and its words in pixels of the image; `seconds`: time taken."""
    height, width = image.shape[:2]
    return {
        "width": width,
        "height": height,
        "seconds": round(seconds, 3),
        "words": [word.to_dict() for word in words],
    }


def write_json(path: Path, content: dict) -> None:
    """Writes the file, or "-": standard output. Raises OSError, leaving no partial file."""
    # Bytes of file names that are not UTF-8 are lone surrogates here; they become JSON escapes.
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    if str(path) == STANDARD_OUTPUT:
        print(text, end="")
        return
    with replacing(path) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
