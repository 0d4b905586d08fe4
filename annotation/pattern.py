"""Regular expressions that people type, with a time limit: some take longer than a life on a short text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import regex

from annotation.region import AnnotationError
from spotter.language import tr

MAX_PATTERN = 1000  # characters
SECONDS = 2  # per text: thousands of times what a text takes
MAX_SHOWN = 40  # characters of a text in a message


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text contains a match; composed and decomposed letters are the same, upper and lower case are
    not.

    Raises AnnotationError, as does the function if a text takes too long.
    """
    if len(pattern) > MAX_PATTERN:
        raise AnnotationError(
            tr("The regular expression is longer than {max_pattern} characters.", max_pattern=MAX_PATTERN)
        )
    try:
        compiled = regex.compile(unicodedata.normalize("NFC", pattern))
    except (regex.error, OverflowError, RecursionError) as error:
        raise AnnotationError(_sentence(error)) from error

    def matches(text: str) -> bool:
        try:
            return compiled.search(unicodedata.normalize("NFC", text), timeout=SECONDS) is not None
        except TimeoutError as error:
            raise AnnotationError(
                tr(
                    "The regular expression takes more than {seconds:g} seconds on the text "
                    "{text!r}; avoid repetitions of repetitions, such as (a+)+.",
                    seconds=SECONDS,
                    text=text[:MAX_SHOWN],
                )
            ) from error

    return matches


def _sentence(error: Exception) -> str:
    if isinstance(error, regex.error) and error.msg:
        if error.pos is None:
            return tr("The regular expression is invalid: {reason}.", reason=error.msg)
        return tr(
            "The regular expression is invalid: {reason} at character {number}.",
            reason=error.msg,
            number=error.pos + 1,
        )
    return tr("The regular expression is invalid: it is too deep or repeats too often.")
