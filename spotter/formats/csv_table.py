"""CSV with a line per word, and one without a word for a photo without any. Formulas: see `formulas`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from spotter.formats.formulas import guard_formula, unguard_formula
from spotter.formats.photo_words import PhotoWords
from spotter.types import Word

COLUMNS = (
    "image",
    "width",
    "height",
    "seconds",
    "word",  # its id
    "text",
    "score",
    "reading_score",
    "x1",
    "y1",
    "x2",
    "y2",
    "polygon",  # [[x, y], ...]
    "model",
    "sha256",
    "trained_images",
    "settings",  # of the run, as JSON
)
MARK = "\ufeff"  # without which Excel does not take the file for UTF-8


class Writer:
    def __init__(self, model: dict) -> None:
        known = [model[key] for key in ("name", "sha256", "trained_images")]
        self.model = ["" if value is None else str(value) for value in known]
        self.model.append(json.dumps(model["settings"]))

    def begin(self) -> str:
        return MARK + _lines([COLUMNS])

    def add(self, photo: PhotoWords) -> str:
        head = [photo.name, photo.width, photo.height, photo.seconds]
        words = [
            [word.id, word.text, word.score, word.reading_score, *word.box, json.dumps(word.polygon)]
            for word in photo.words
        ] or [[""] * 9]
        return _lines([*head, *word, *self.model] for word in words)

    def end(self) -> str:
        return ""


def _lines(rows) -> str:
    stream = StringIO()
    writer = csv.writer(stream)
    for row in rows:
        writer.writerow([guard_formula(value) if isinstance(value, str) else value for value in row])
    return stream.getvalue()


def read(path: Path) -> Iterator[tuple[dict, PhotoWords]]:
    """Without the characters."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for name, rows in groupby(csv.DictReader(stream), itemgetter("image")):
            lines = [{key: unguard_formula(value) for key, value in row.items()} for row in rows]
            first = lines[0]
            count = first["trained_images"]
            model = {
                "name": first["model"] or None,
                "sha256": first["sha256"] or None,
                "trained_images": int(count) if count else None,
                "settings": json.loads(first.get("settings") or "{}"),
            }
            size = int(first["width"]), int(first["height"]), float(first["seconds"])
            words = [_word(line) for line in lines if line["word"]]
            yield model, PhotoWords(unguard_formula(name), *size, words)


def _word(line: dict[str, str]) -> Word:
    box = [float(line[key]) for key in ("x1", "y1", "x2", "y2")]
    scores = float(line["score"]), float(line["reading_score"])
    return Word(line["word"], json.loads(line["polygon"]), box, line["text"], *scores)
