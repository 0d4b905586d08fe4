"""The command line of `spotter convert`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from spotter.program import program_name


@dataclass(frozen=True)
class Options:
    """The command line."""

    published: Path
    out: Path


def parse(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog=program_name("spotter.convert"), description="Convert a published checkpoint to safetensors."
    )
    parser.add_argument("published", type=Path, help="published checkpoint (.pth)")
    parser.add_argument("out", type=Path, help="file to write (.safetensors)")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.out.suffix != ".safetensors":  # the model card gets its name, with .json
        parser.error(f"OUT must end in .safetensors, not {options.out.name!r}")
    return options
