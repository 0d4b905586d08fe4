"""What is suspicious about a text, by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from spotter.language import tr

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


def unknown_characters(texts: Iterable[str], known: str) -> str:
    """The characters of texts that a reader does not know, in the order of their codes. Placeholders and
    letters that only look like Latin ones are mistakes, and no word contains spaces.
    """
    found: set[str] = set()
    for text in texts:
        if not is_placeholder(text):
            found |= set(text) - set(foreign_letters(text)) - set(known)
    return "".join(sorted(c for c in found if c.isprintable() and not c.isspace()))


def script_of(text: str) -> str:
    """The script of the first letter: Latin, Cyrillic, Chinese or Japanese, ...; "" if there is no letter."""
    letter = next((letter for letter in text if letter.isalpha()), "")
    first = unicodedata.name(letter, "").split(" ")[0] if letter else ""
    if first in EAST_ASIAN:
        return "Chinese or Japanese"
    return "Latin" if first == "FULLWIDTH" else first.capitalize()


def script_name(script: str) -> str:
    """A script in the current language; those that are rare here keep the name that Unicode gives them."""
    names = {
        "Latin": tr("Latin"),
        "Cyrillic": tr("Cyrillic"),
        "Greek": tr("Greek"),
        "Hangul": tr("Hangul"),
        "Chinese or Japanese": tr("Chinese or Japanese"),
    }
    return names.get(script, script)
