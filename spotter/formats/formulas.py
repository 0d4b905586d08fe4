"""Texts in CSV files that a spreadsheet would run as formulas, such as `=HYPERLINK(...)`.

A text that begins, after spaces, with one of FORMULA_STARTS or an apostrophe gets an apostrophe in front.
"""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guard_formula(value: str) -> str:
    """A text as no spreadsheet runs it."""
    begins = value.lstrip(" ").startswith((*FORMULA_STARTS, "'"))
    return f"'{value}" if begins else value


def unguard_formula(value: str) -> str:
    return value.removeprefix("'")
