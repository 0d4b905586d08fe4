"""Texts with own characters of a project."""

from __future__ import annotations

import random
import string
import unicodedata
from collections.abc import Sequence

SHARE = 0.85  # of the texts in a face that has own characters
KNOWN_WORD_SHARE = 0.4  # of those that are words of the corrected photos, if there are some
MAX_LENGTH = 6  # characters of a text that is made of them alone


def own_text(
    rng: random.Random, own: str, word: str, words: Sequence[str] = (), caps_only: bool = False
) -> str | None:
    """One of `words`, an English word in which a letter becomes an own one, or a few characters of a script.

    own: what the face draws; caps_only: it has no small letters. None: it draws nothing suitable.
    """
    if caps_only:
        own, word = "".join(c for c in own if c == c.upper()), word.upper()
    drawn = set(own) | set(string.printable)
    if words and rng.random() < KNOWN_WORD_SHARE:
        text = rng.choice(words)
        if set(text) <= drawn and not (caps_only and text != text.upper()):
            return text
    if not own:
        return None
    character = rng.choice(own)
    script = script_name(character)
    if script == "LATIN":
        return _replace_letter(rng, word, character)
    same = [c for c in own if script_name(c) == script]
    return character + "".join(rng.choices(same, k=rng.randrange(MAX_LENGTH)))


def script_name(character: str) -> str:
    """The first word of a character's name: LATIN, HANGUL, ..."""
    return unicodedata.name(character, "").partition(" ")[0]


def _replace_letter(rng: random.Random, word: str, character: str) -> str:
    """The word with the character in place of the letter that it resembles, or of any, in its case."""
    if character != character.lower():
        word = word.upper()
    elif character != character.upper():
        word = word.lower()
    base = unicodedata.normalize("NFD", character)[0]
    places = [i for i, c in enumerate(word) if c == base] or list(range(len(word))) or [0]
    place = rng.choice(places)
    return word[:place] + character + word[place + 1 :]
