"""Frequent words, to choose among similar readings: RESTAURANT is more probable than RESTAURAHT.

A soft lexicon: a word of the list gains evidence, any other text remains possible, and numbers, codes and
signs gain none. The list is `assets/known_words/words.txt.xz`, which
`python -m spotter.training.known_word_list` makes.
"""

from __future__ import annotations

import lzma
import math
import string
from collections.abc import Sequence
from functools import cache

from spotter.resources import ASSETS

FILE = ASSETS / "known_words" / "words.txt.xz"  # one per line, lower case, the most frequent first
KNOWN_SHARE = 0.7  # of the words on photographs; the others are names, numbers and rare words
FIRST_RANK = 100  # Zipf-Mandelbrot law: the frequency of a word is proportional to 1 / (rank + this)
CHARACTERS = 42  # that an unknown word is made of, as if all were as frequent


class KnownWords:
    """How much more probable a text is because it is a word of the list."""

    def __init__(self, words: Sequence[str]) -> None:
        """words: lower case, the most frequent first."""
        self._ranks = {word: rank for rank, word in enumerate(words, FIRST_RANK)}
        self._total = sum(1 / rank for rank in self._ranks.values())

    def evidence(self, text: str) -> float:
        """log(P(text | a word of the list) / P(text | any characters)), at least 0. Neither case nor signs
        at the ends matter.
        """
        word = text.casefold().strip(string.punctuation)
        if word not in self._ranks:
            return 0.0
        known = math.log(KNOWN_SHARE / (self._ranks[word] * self._total))
        unknown = math.log(1 - KNOWN_SHARE) - len(word) * math.log(CHARACTERS)
        return max(0.0, known - unknown)

    def choose(
        self, candidates: Sequence[tuple[str, float]], own: str, weight: float
    ) -> tuple[int, float] | None:
        """The index of the most probable candidate that is a known word or the network's own reading, and its
        probability among all, with those that differ in case only; None if there is no such candidate.

        candidates: texts and their log-probabilities on the photo alone. weight: of the evidence.
        """
        evidence = [self.evidence(text) for text, _ in candidates]
        logs = [log + weight * gain for (_, log), gain in zip(candidates, evidence, strict=True)]
        allowed = [i for i, (text, _) in enumerate(candidates) if evidence[i] or text == own]
        if not allowed:
            return None
        best = max(allowed, key=logs.__getitem__)
        shares = [math.exp(log - logs[best]) for log in logs]
        folded = [text.casefold() for text, _ in candidates]
        same = sum(share for share, text in zip(shares, folded, strict=True) if text == folded[best])
        return best, same / sum(shares)


@cache
def load_known_words() -> KnownWords:
    """The list that comes with the package."""
    return KnownWords(lzma.decompress(FILE.read_bytes()).decode("ascii").splitlines())
