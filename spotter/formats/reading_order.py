"""Words in the order in which a person reads them."""

from __future__ import annotations

from collections.abc import Iterable

from spotter.types import Word


def lines(words: Iterable[Word]) -> list[list[Word]]:
    """Lines from top to bottom, each from left to right.

    A word continues the line that its centre lies in, by the height of the line's last word, and vice versa.
    """
    found: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.box[0], word.box[1])):
        fitting = [line for line in found if _continues(line[-1], word)]
        if fitting:
            min(fitting, key=lambda line: abs(_middle(line[-1]) - _middle(word))).append(word)
        else:
            found.append([word])
    return sorted(found, key=lambda line: sum(map(_middle, line)) / len(line))


def _continues(last: Word, word: Word) -> bool:
    return _holds(last, _middle(word)) and _holds(word, _middle(last))


def _middle(word: Word) -> float:
    return (word.box[1] + word.box[3]) / 2


def _holds(word: Word, y: float) -> bool:
    return word.box[1] <= y <= word.box[3]
