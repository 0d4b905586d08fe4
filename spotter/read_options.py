"""The command line of `spotter read`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from spotter.config import MAX_SHORT_SIDE, MIN_SHORT_SIDE
from spotter.formats import DOCUMENTS, TABLES
from spotter.output_files import STANDARD_OUTPUT
from spotter.program import VERSION, program_name

FAILED, INTERRUPTED, BROKEN_PIPE = 2, 130, 141  # exit codes; the last two by the convention of shells
EXIT_CODES = (
    f"Exit codes: 0, all images were read; {FAILED}, the command line is invalid, an image cannot be read "
    f"(all others are) or a file not be written; {INTERRUPTED}, interrupted (what was read is written); "
    f"{BROKEN_PIPE}, the program that reads the output has ended."
)


@dataclass(frozen=True)
class ReadOptions:
    """The command line."""

    inputs: list[Path]  # images and folders of images
    recursive: bool
    resume: bool
    batch: int  # images per forward pass
    format: str | None  # None: a summary for the terminal
    output: Path | None  # a file, a folder (DOCUMENTS), or "-"; None: the terminal
    weights: str
    threshold: float | None  # None: the weights' own, as for the short side
    short_side: int | None  # pixels
    draw: Path | None  # folder
    device: str | None
    known_words: bool  # whether readings are compared with them


def parse(arguments: list[str] | None) -> ReadOptions:
    """Exits with code 2 if the command line is invalid."""
    parser = argparse.ArgumentParser(
        prog=program_name("spotter"),
        description="Reads the words on photos, scans and pages of PDF documents.",
        epilog=EXIT_CODES,
    )
    add = parser.add_argument
    add("inputs", nargs="+", type=Path, metavar="IMAGE_OR_FOLDER")
    add("--recursive", action="store_true", help="also read the folders inside of folders")
    add("--format", choices=(*TABLES, *DOCUMENTS), help="of the output; by default that of the name of OUT")
    add(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help=f"file to write; a folder for {', '.join(DOCUMENTS)}, which have a file for each photo; "
        f"{STANDARD_OUTPUT}: standard output",
    )
    add("--json", type=Path, metavar="OUT", help="short for --format json -o OUT")
    add("--resume", action="store_true", help="leave out what is in OUT already, also after a crash")
    add("--draw", type=Path, metavar="FOLDER", help="write images with the words drawn in")
    add("--weights", default="nano", metavar="W", help="nano or a .safetensors file (nano)")
    add("--threshold", type=score, metavar="0..1", help="minimum score of a word (the weights' own)")
    add("--short-side", type=pixels, metavar="N", help="pixels images are resized to (the weights' own)")
    add_known_words(parser)
    add("--batch", type=count, default=1, metavar="N", help="images to read at once, for a GPU (1)")
    add("--device", metavar="D", help="cpu, cuda, ... (a GPU if there is one)")
    add("--version", action="version", version=VERSION)
    values = vars(parser.parse_args(arguments))
    json = values.pop("json")
    if json:
        if values["output"] or values["format"] not in (None, "json"):
            parser.error("--json is short for --format json -o OUT; give one of them.")
        values |= {"format": "json", "output": json}
    options = ReadOptions(**(values | {"format": values["format"] or _format_of(values["output"])}))
    if options.output and not options.format:
        parser.error(f"give the --format of {options.output}: {', '.join((*TABLES, *DOCUMENTS))}.")
    to_terminal = not options.output or str(options.output) == STANDARD_OUTPUT
    if options.resume and to_terminal:
        parser.error("--resume needs a file or folder to go on with: give it with -o.")
    return options


def add_known_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--without-known-words",
        dest="known_words",
        action="store_false",
        help="as the network alone reads, without a list of frequent words",
    )


def _format_of(output: Path | None) -> str | None:
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    return suffix if suffix in TABLES else None


def score(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return value


def pixels(text: str) -> int:
    if not text.isdecimal() or not MIN_SHORT_SIDE <= int(text) <= MAX_SHORT_SIDE:
        raise argparse.ArgumentTypeError(
            f"{text} is not a whole number from {MIN_SHORT_SIDE} to {MAX_SHORT_SIDE}"
        )
    return int(text)


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)
