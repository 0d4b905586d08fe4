"""What is suspicious about a text, by itself."""

from __future__ import annotations

import re
import unicodedata

# What tools and people write until somebody types the text, in small letters.
PLACEHOLDERS = {
    *("待识别", "temporary", "todo", "tbd", "placeholder", "lorem ipsum", "text", "transcription"),
    *("null", "nan", "undefined", "n/a"),
    *("illegible", "unreadable", "don't care", "<unk>", "[unk]", "[illegible]"),
}
MASKED = re.compile(r"#{2,}|\*{2,}|\?{2,}|\*")  # as data sets mark what cannot be read
SEPARATORS = ",;|\t"
QUOTE = '"'
# Cyrillic and Greek letters that look like Latin ones, which stand below them.
LOOKALIKES = dict(
    zip(
        "АВЕЅІЈКМНОРСТХУавеѕіјкморсхуΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
        "ABESIJKMHOPCTXYaBesijkmopcxyABEZHIKMNOPTYXo",
        strict=True,
    )
)
EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO"}


def is_placeholder(text: str) -> bool:
    return text.strip().casefold() in PLACEHOLDERS


def is_masked(text: str) -> bool:
    """Whether a text stands for something that cannot be read: ###."""
    return MASKED.fullmatch(text.strip()) is not None


def leftover(text: str) -> str:
    """Separators or the quote of a file format at the beginning of a text; "" if there are none."""
    text = text.strip()
    if text and text[0] in SEPARATORS:
        return text[: len(text) - len(text.lstrip(SEPARATORS + QUOTE + " "))]
    return QUOTE if text.startswith(QUOTE) and text.count(QUOTE) == 1 and len(text) > 1 else ""


def foreign_letters(text: str) -> str:
    """Letters that look like Latin ones, in words that are Latin otherwise; "" if there are none."""
    found = ""
    for word in text.split():
        letters = [letter for letter in word if letter.isalpha()]
        alike = [letter for letter in letters if letter in LOOKALIKES]
        if any(script_of(letter) == "Latin" for letter in letters):
            found += "".join(alike)
    return found


def script_of(text: str) -> str:
    """The script of the first letter: Latin, Cyrillic, Chinese or Japanese, ...; "" if there is no letter."""
    letter = next((letter for letter in text if letter.isalpha()), "")
    first = unicodedata.name(letter, "").split(" ")[0] if letter else ""
    if first in EAST_ASIAN:
        return "Chinese or Japanese"
    return "Latin" if first == "FULLWIDTH" else first.capitalize()
