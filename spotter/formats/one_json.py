"""One JSON file, as described in `words_json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from spotter.formats.photo_words import PhotoWords


class Writer:
    def __init__(self, model: dict) -> None:
        self.model, self.is_first = model, True

    def begin(self) -> str:
        return f'{{\n "model": {json.dumps(self.model, ensure_ascii=False)},\n "images": {{'

    def add(self, photo: PhotoWords) -> str:
        comma, self.is_first = "" if self.is_first else ",", False
        entry = json.dumps(photo.to_dict(), ensure_ascii=False)
        return f"{comma}\n  {json.dumps(photo.name, ensure_ascii=False)}: {entry}"

    def end(self) -> str:
        return "\n }\n}\n"


def read(path: Path) -> Iterator[tuple[dict, PhotoWords]]:
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, entry in content["images"].items():
        yield content["model"], PhotoWords.from_dict(name, entry)
