"""The command line of `spotter benchmark`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spotter.evaluation.arguments import INSTALL, names_from, positive_int
from spotter.program import program_name

NANO_WORDS = 30  # regions read without --threshold: about as many words as in a busy street
PARTS = ("nano", "official", "page")


@dataclass(frozen=True)
class Options:
    """The command line."""

    image: Path | None
    weights: str
    threshold: float | None
    threads: int
    runs: int
    peers: tuple[str, ...]
    parts: tuple[str, ...]
    json: Path | None


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog=program_name("spotter.evaluation.benchmark"), description="Measures speed and memory."
    )
    parser.add_argument("--image", type=Path, metavar="F", help="photo to read (default: a rendered one)")
    parser.add_argument("--weights", default="nano", metavar="W", help="nano or a .safetensors file")
    parser.add_argument(
        "--threshold",
        type=float,
        help=f"minimum score of a word (default: such that {NANO_WORDS} regions are read)",
    )
    parser.add_argument("--threads", type=positive_int, default=2, metavar="N", help="of the computation (2)")
    parser.add_argument("--runs", type=positive_int, default=9, metavar="N", help="runs per median (9)")
    parser.add_argument(
        "--peers", type=names_from(INSTALL), default=(), help=f"other readers: {','.join(INSTALL)}"
    )
    parser.add_argument(
        "--parts", type=names_from(PARTS), default=PARTS, help=f"what to measure ({','.join(PARTS)})"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the table to this file")
    return Options(**vars(parser.parse_args(arguments)))
