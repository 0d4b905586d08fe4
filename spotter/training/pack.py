"""Makes a pack: one file with all the data that training draws from, for a machine without network.

`python -m spotter.training.pack OUT --data FOLDER ... --backgrounds FOLDER --fonts FOLDER` writes a zip file
with fonts, word lists, backgrounds and annotated photographs.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from spotter.data.pack_file import PackError
from spotter.data.packing import make_pack
from spotter.program import program_name

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True)
class Options:
    """The command line."""

    out: Path
    limit: int  # bytes
    data: tuple[str, ...]
    backgrounds: str | None
    fonts: str | None

    @classmethod
    def parse(cls, arguments: list[str] | None) -> Options:
        p = argparse.ArgumentParser(
            program_name("spotter.training.pack"), description=(__doc__ or "").split("\n")[0]
        )
        p.add_argument("out", type=Path, metavar="OUT", help="file to write (.zip)")
        p.add_argument("--limit", type=size_in_bytes, default="40MB", help="maximum size of the file (40MB)")
        p.add_argument(
            "--data",
            nargs="+",
            default=[],
            metavar="FOLDER",
            help="annotated photographs (ICDAR 2015 format)",
        )
        p.add_argument("--backgrounds", metavar="FOLDER", help="photographs without text")
        p.add_argument("--fonts", metavar="FOLDER", help="more fonts to train with (Fontsource)")
        given = p.parse_args(arguments)
        return cls(given.out, given.limit, tuple(given.data), given.backgrounds, given.fonts)


def size_in_bytes(text: str) -> int:
    """A size such as 40MB in bytes; decimal units."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kMG]?)B?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 40MB")
    return round(float(match[1]) * UNITS[match[2]])


def main(arguments: list[str] | None = None) -> int:
    o = Options.parse(arguments)
    try:
        lines = make_pack(o.out, o.limit, o.data, o.backgrounds, o.fonts)
    except (PackError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
