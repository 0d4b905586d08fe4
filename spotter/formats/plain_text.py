"""The words alone, a line of text for a line on the photo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotter.formats.photo_words import PhotoWords
from spotter.formats.reading_order import lines


def render(image: np.ndarray, photo: PhotoWords) -> tuple[bytes, list[str]]:
    text = "".join(" ".join(word.text for word in line) + "\n" for line in lines(photo.words))
    return text.encode(), []


def join(pages: Sequence[bytes]) -> bytes:
    """With form feeds between pages, as pdftotext has them."""
    return b"\f".join(pages)
