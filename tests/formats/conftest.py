"""Photos with no word, one and several."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.formats.photo_words import PhotoWords
from spotter.types import Character, Word


def make_word(
    text: str, x: float = 10, y: float = 20, width: float = 40, height: float = 12, number: int = 0
):
    polygon = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    box = [x, y, x + width, y + height]
    return Word(f"w{number}", polygon, box, text, 0.93, 0.88, [Character(c, 0.97) for c in text])


def photo(*words: Word, name: str = "photo.jpg") -> PhotoWords:
    return PhotoWords(name, 200, 100, 0.84, list(words))


@pytest.fixture
def image() -> np.ndarray:
    return np.full((100, 200, 3), 128, np.uint8)


@pytest.fixture
def empty() -> PhotoWords:
    return photo(name="empty.jpg")


@pytest.fixture
def two_lines() -> PhotoWords:
    """`Hello <&"> world` on two lines, given out of order."""
    return photo(
        make_word("world", 10, 60, number=0),
        make_word('<&">', 70, 22, number=1),
        make_word("Hello", 10, 20, number=2),
        name='sub/"photo".jpg',
    )
