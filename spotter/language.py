"""Texts of the page in the language of who reads it, from gettext catalogues.

`tr("Drop a photo here")` is that sentence in the current language; where a catalogue has no translation, it
is the English one. The catalogues are `locale/LANGUAGE/LC_MESSAGES/*.po`: texts of Python and HTML in
`messages*.po`, those of the modules that run in the browser in `scripts*.po`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "ko": "한국어"}
FOLDER = Path(__file__).with_name("locale")
MARKED = re.compile(r"\{\{(.+?)\}\}")

_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


def tr(english: str, **values: Any) -> str:
    """`english` in the current language, with `values` in place of its {names}. Write it out: the texts to be
    translated are found by reading the code.
    """
    text = catalogue(current_language()).get(english) or english
    return text.format(**values) if values else text


def trn(singular: str, plural: str, number: int, **values: Any) -> str:
    """Like `tr`, one of two texts, as `number` asks for it; both may hold {number}."""
    english = singular if number == 1 else plural
    text = catalogue(current_language()).get(singular) or english
    return text.format(number=number, **values)


def tr_html(html: str) -> str:
    """HTML out of a file, with its texts, each in {{double braces}}, in the current language."""
    return _translated(html, current_language())


@cache  # components are made anew with every update
def _translated(html: str, language: str) -> str:
    texts = catalogue(language)
    return MARKED.sub(lambda found: texts.get(found[1]) or found[1], html)


def current_language() -> str:
    """A key of LANGUAGES: that of the page which an event comes from."""
    return _current.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Sets the current language, a key of LANGUAGES, in this thread or task."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


@cache
def catalogue(language: str, kind: str = "messages") -> dict[str, str]:
    """English texts, of a plural its singular, and their translations. kind: "messages" or "scripts"."""
    texts: dict[str, str] = {}
    if language == ENGLISH:
        return texts
    from babel.messages.pofile import read_po  # not needed for English

    for path in sorted(FOLDER.glob(f"{language}/LC_MESSAGES/{kind}*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string and not message.fuzzy:
                    texts[singular(message.id)] = singular(message.string)
    return texts


def singular(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else text[0]
