"""Multiple-choice questions about one photo and one word, answered with what the network computed there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spotter.language import tr

MAX_OPTIONS = 4


@dataclass(frozen=True)
class Question:
    text: str
    options: tuple[str, ...]  # two to MAX_OPTIONS
    answer: Callable[[], tuple[int, str]]  # index of the right option, and why; may run the network


def feedback(question: Question, chosen: int | None) -> str:
    """What to say to somebody who chose an option, or none. Markdown."""
    right, reason = question.answer()
    values = {"answer": question.options[right], "reason": reason}
    if chosen is None:
        return tr("**{answer}.** {reason}", **values)
    if chosen == right:
        return tr("✓ **Right: {answer}.** {reason}", **values)
    return tr("✗ **No: {answer}.** {reason}", **values)


def numbers(right: int, *wrong: int) -> tuple[tuple[str, ...], int]:
    """Options in ascending order, and the index of the right one; a wrong one that is right is left out."""
    values = sorted({right, *wrong})
    return tuple(f"{value:,}" for value in values), values.index(right)


def thirds() -> tuple[str, ...]:
    return tr("less than a third"), tr("a third to two thirds"), tr("more than two thirds")


def interval(value: float, bounds: Sequence[float]) -> int:
    """Index of the interval that a value lies in, `bounds` between them; on a bound, of the upper one."""
    return sum(value >= bound for bound in bounds)


def third(share: float) -> int:
    """Index among `thirds` of a share, 0..1."""
    return interval(share, (1 / 3, 2 / 3))
