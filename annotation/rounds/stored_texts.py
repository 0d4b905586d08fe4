"""Sentences about a round are stored in English, as people of all languages read them; the page translates.

`stored(sentence)` finds the text of `tr` that the sentence was made of, and takes its values out of it.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from spotter.language import catalogue, current_language

DIGITS = "[0-9]+"
MIN_LETTERS = 6  # of a text besides its values: "{who} {what}" would fit everything


def stored(text: str) -> str:
    """One or more stored sentences in the current language; any other text is returned unchanged."""
    language = current_language()
    if not catalogue(language):
        return text
    if (found := _translate_all(text, language)) is not None:
        return found
    ends = _ends(text)
    first, rest = text[: ends[0]], text[ends[0] :].lstrip()
    return f"{_translate(first, language) or first} {stored(rest)}" if rest else text


def _translate_all(text: str, language: str) -> str | None:
    """None if a part of it is not in the catalogue. A name in it may contain a full stop."""
    for end in _ends(text):
        rest = text[end:].lstrip()
        if (found := _translate(text[:end], language)) is None:
            continue
        if not rest:
            return found
        if (others := _translate_all(rest, language)) is not None:
            return f"{found} {others}"
    return None


def _ends(text: str) -> list[int]:
    """Where a sentence may end."""
    return [found.end() for found in re.finditer(r"[.!?](?= |$)", text)] or [len(text)]


def _translate(sentence: str, language: str) -> str | None:
    for pattern, translation in _patterns(language):
        if (found := pattern.fullmatch(sentence)) is not None:
            values = found.groupdict()
            parts = {name: _translate_value(value, language) for name, value in values.items()}
            return _without_formats(translation).format(**parts)
    return None


def _translate_value(value: str, language: str) -> str:
    """A value may be a part of a sentence; a single word is a name or a number."""
    return (_translate(value, language) if " " in value else None) or value


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Those with the most letters of their own first."""
    found = []
    for english, translation in catalogue(language).items():
        pattern, letters, names = "", 0, set()
        for literal, name, form, _ in _parse(english):
            pattern, letters = pattern + re.escape(literal), letters + len(literal.strip())
            if name in names:
                pattern += f"(?P={name})"
            elif name is not None:
                pattern += f"(?P<{name}>{DIGITS if form == 'd' else '.+?'})"
                names.add(name)
        if letters >= MIN_LETTERS:
            found.append((letters, re.compile(pattern, re.DOTALL), translation))
    return [(pattern, translation) for _, pattern, translation in sorted(found, key=lambda one: -one[0])]


def _without_formats(text: str) -> str:
    """'{share:.0%}' as '{share}': the values have been formatted."""
    pieces = (
        literal.replace("{", "{{").replace("}", "}}") + (f"{{{name}}}" if name is not None else "")
        for literal, name, _, _ in _parse(text)
    )
    return "".join(pieces)


def _parse(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """A text without values may have single braces."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        return [(text, None, None, None)]
    is_template = all(name is None or name.isidentifier() for _, name, _, _ in parsed)
    return parsed if is_template else [(text, None, None, None)]
