from __future__ import annotations

import pytest

from spotter.formats.reading_order import lines
from spotter.types import Word


def word(text: str, x: float, y: float, height: float = 10) -> Word:
    return Word("w0", [], [x, y, x + 20, y + height], text, 1.0, 1.0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        ([word("a", 0, 0)], ["a"]),
        ([word("b", 30, 2), word("a", 0, 0)], ["a b"]),
        ([word("b", 0, 20), word("a", 0, 0)], ["a", "b"]),
        ([word("a", 0, 0), word("b", 30, 4), word("c", 60, 8)], ["a b c"]),  # a line that runs down
        ([word("big", 0, 0, 100), word("a", 30, 10), word("b", 30, 80)], ["a", "big", "b"]),
    ],
)
def test_lines(words, expected):
    assert [" ".join(each.text for each in line) for line in lines(words)] == expected
