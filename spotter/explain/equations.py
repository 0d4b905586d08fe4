"""Printed equations that add up: as many digits as it takes for a reader who checks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

MOST_DIGITS = 5  # more than the base of an operand


def agreeing(
    compute: Callable[..., float], operands: Sequence[float], digits: Sequence[int], result_digits: int
) -> tuple[list[str], str]:
    """The operands and `compute(*operands)` as texts.

    Operands get at least their own number of `digits`, and more if the result of the rounded ones would
    otherwise be printed differently. Zero has no sign.
    """
    result = compute(*operands)
    shown = f"{result:z.{result_digits}f}"
    texts: list[str] = []
    for more in range(MOST_DIGITS + 1):
        texts = [f"{value:z.{count + more}f}" for value, count in zip(operands, digits, strict=True)]
        if f"{compute(*map(float, texts)):z.{result_digits}f}" == shown:
            return texts, shown
    return texts, f"{compute(*map(float, texts)):z.{result_digits}f}"  # half way between two numbers


def signed(text: str) -> str:
    """A number as a summand after others."""
    return f"- {text[1:]}" if text.startswith("-") else f"+ {text}"


def in_brackets(text: str) -> str:
    """A factor, in brackets if it is negative."""
    return f"({text})" if text.startswith("-") else text
