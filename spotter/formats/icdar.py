"""Ground truth files of ICDAR 2015, see `spotter.data.icdar`: a line per word, in whole pixels."""

from __future__ import annotations

import numpy as np

from spotter.data.icdar import ground_truth_line, simplify_polygon
from spotter.formats.photo_words import PhotoWords
from spotter.types import GroundTruth


def render(image: np.ndarray, photo: PhotoWords) -> tuple[bytes, list[str]]:
    found, notes = [], []
    for word in photo.words:
        polygon = np.array(simplify_polygon(word.polygon), np.float32)
        try:
            found.append(ground_truth_line(GroundTruth(polygon, word.text)) + "\n")
        except ValueError:
            notes.append(f"The word {word.text!r} is left out: ICDAR's format cannot express it.")
    return "".join(found).encode("utf-8-sig"), notes
