"""JSON lines: one object per photo, `{"image": NAME, "width": ..., "words": [...], "model": {...}}`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from spotter.formats.photo_words import PhotoWords


class Writer:
    def __init__(self, model: dict) -> None:
        self.model = model

    def begin(self) -> str:
        return ""

    def add(self, photo: PhotoWords) -> str:
        line = {"image": photo.name, **photo.to_dict(), "model": self.model}
        return json.dumps(line, ensure_ascii=False) + "\n"

    def end(self) -> str:
        return ""


def read(path: Path) -> Iterator[tuple[dict, PhotoWords]]:
    with path.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            values = json.loads(line)
            yield values["model"], PhotoWords.from_dict(values["image"], values)
