"""Formats that hold the words of all photos in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spotter.formats.photo_words import PhotoWords


class TableWriter(Protocol):
    """Makes the text of the file piece by piece."""

    def begin(self) -> str: ...

    def add(self, photo: PhotoWords) -> str: ...

    def end(self) -> str: ...


@dataclass(frozen=True)
class TableFormat:
    """How a file is written, and read again so that a run can go on with it."""

    writer: Callable[[dict], TableWriter]  # of a model entry, see `results.Results`
    read: Callable[[Path], Iterator[tuple[dict, PhotoWords]]]  # with the model entry; raises ValueError
