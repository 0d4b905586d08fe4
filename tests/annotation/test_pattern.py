"""Regular expressions that people type."""

from __future__ import annotations

import pytest

from annotation import pattern
from annotation.pattern import MAX_PATTERN, matcher
from annotation.region import AnnotationError


def test_an_empty_text():
    assert matcher("^$")("")
    assert not matcher(".")("")


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        ("^[0-9]+$", "42", True),
        ("^[0-9]+$", "a42", False),
        ("a.c", "xabcx", True),
        ("NOVA", "nova", False),
        ("(?i)nova", "NOVA", True),
        (r"^\p{Han}+$", "咖啡", True),
        ("é", "cafe\u0301", True),
        ("e\u0301", "café", True),
    ],
)
def test_matches(expression, text, found):
    assert matcher(expression)(text) is found


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("(", "The regular expression is invalid: missing ) at character 2."),
        ("*", "The regular expression is invalid: nothing to repeat at character 1."),
        ("a{999999999999}", "The regular expression is invalid: repeat count too big at character 3."),
        ("(" * 900, "The regular expression is invalid: it is too deep or repeats too often."),
        ("a" * (MAX_PATTERN + 1), "The regular expression is longer than 1000 characters."),
    ],
)
def test_an_invalid_one_gives_one_sentence(expression, sentence):
    with pytest.raises(AnnotationError) as caught:
        matcher(expression)
    assert str(caught.value) == sentence


def test_one_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(pattern, "SECONDS", 0.05)
    matches = matcher("(a+)+$")
    assert not matches("b")
    with pytest.raises(AnnotationError, match=r"more than 0.05 seconds on the text 'a{40}'; avoid"):
        matches("a" * 2000 + "x")
