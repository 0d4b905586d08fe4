"""Large words, from a second pass over a smaller copy of the image.

The preset's size suits small words: large ones are cut off, or fall into pieces. In a smaller copy they are
as large as the words of most training images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from spotter.ops.shapes import overlaps
from spotter.types import Word

MIN_SHARED = 0.5  # of the smaller one's area; two words that share more are the same one


def merge_large_words(
    words: Sequence[Word], coarse: Sequence[Word], min_height: float, threshold: float
) -> list[Word]:
    """The words of an image, with those of a coarse pass that are at least `min_height` pixels high.

    A large word is left out if a word at the same place is surer; else it replaces all words there, such as
    its pieces. Words whose score does not exceed `threshold` do not replace those whose score does,
    so that it may be applied before or after. By descending detection score, numbered anew.
    """

    def certainty(word: Word) -> tuple[bool, float]:
        """How sure it is that this is a word, and reads so."""
        return word.score > threshold, word.score * word.reading_score

    shapes = [np.array(word.polygon, np.float32) for word in coarse]
    heights = [min(cv2.minAreaRect(shape)[1]) for shape in shapes]  # of the smallest rectangle around a word
    large = [i for i, height in enumerate(heights) if height >= min_height]
    shared = overlaps([shapes[i] for i in large], [word.polygon for word in words])
    kept, replaced = [], np.zeros(len(words), bool)
    for i, intersection in zip(large, shared.intersection, strict=True):
        smaller = np.minimum(cv2.contourArea(shapes[i]), shared.other_areas)
        same = intersection > MIN_SHARED * np.maximum(smaller, 1e-9)
        if all(certainty(coarse[i]) > certainty(words[j]) for j in np.flatnonzero(same)):
            kept.append(coarse[i])
            replaced |= same
    kept += [word for word, is_replaced in zip(words, replaced, strict=True) if not is_replaced]
    kept.sort(key=lambda word: -word.score)
    return [replace(word, id=f"w{number}") for number, word in enumerate(kept)]
