"""Types of command-line arguments."""

from argparse import ArgumentTypeError

import pytest

from spotter.evaluation.arguments import names_from, positive_int


def test_positive_int():
    assert positive_int("12") == 12


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "wide", ""])
def test_not_a_positive_int(text):
    with pytest.raises(ArgumentTypeError, match="is not a whole number above 0"):
        positive_int(text)


@pytest.mark.parametrize(("text", "names"), [("", ()), ("a", ("a",)), ("b, a", ("b", "a"))])
def test_known_names(text, names):
    assert names_from(["a", "b"])(text) == names


def test_unknown_name():
    with pytest.raises(ArgumentTypeError, match="c is not one of a, b"):
        names_from(["a", "b"])("a,c")
