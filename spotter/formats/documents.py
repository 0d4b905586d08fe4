"""Formats with a file for each photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotter.formats.photo_words import PhotoWords

Render = Callable[[np.ndarray, PhotoWords], tuple[bytes, list[str]]]  # with a sentence per word left out


@dataclass(frozen=True)
class DocumentFormat:
    """How the file of a photo is named and made."""

    suffix: str
    render: Render  # of one page
    join: Callable[[Sequence[bytes]], bytes] | None = None  # None: every page has a file of its own
    prefix: str = ""

    def file_name(self, name: str, keep_suffix: bool = False) -> str:
        """Of a photo, which may be in folders."""
        path = Path(name)
        stem = path.name if keep_suffix else path.stem
        return str(path.with_name(f"{self.prefix}{stem}{self.suffix}"))
