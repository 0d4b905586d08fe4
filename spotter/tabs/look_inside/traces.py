"""Stored traces of sample photos, so that Look inside shows something before the spotter is loaded.

`python -m spotter.tabs.look_inside.traces` makes them with the built-in weights. A trace records the weights
it was made with; with other weights it is not used, and the photo is traced when it is opened.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import lru_cache
from lzma import LZMAError
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from spotter.resources import ASSETS
from spotter.tabs.shared.overlay import MIN_SCORE
from spotter.tabs.shared.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

FOLDER = ASSETS / "traces"
STORED = SAMPLES[:1]
UNREADABLE = (KeyError, TypeError, ValueError, EOFError, OSError, BadZipFile, LZMAError)
MAX_BYTES = 3_000_000  # per trace, since they are part of the repository


def stored_trace(source: str | Path, sha256: str | None) -> Trace | None:
    """The trace of a sample photo; None if there is none made with the weights of this checksum."""
    file = FOLDER / f"{Path(source).stem}.npz"
    if Path(source) not in [sample.path for sample in STORED] or not file.is_file():
        return None
    try:
        trace = _load(file, file.stat().st_mtime_ns)
    except UNREADABLE:  # damaged, or of another version: it is only a shortcut
        return None
    return trace if sha256 is not None and trace.card.get("sha256") == sha256 else None


@lru_cache(maxsize=len(STORED))  # all visitors look at the same one
def _load(file: Path, changed: int) -> Trace:
    from spotter.tracing.trace_file import load

    return load(file)


@dataclass(frozen=True)
class Options:
    weights: str


def parse(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m spotter.tabs.look_inside.traces",
        description="Traces the sample photos that the tab Look inside shows before the spotter is loaded.",
    )
    parser.add_argument("--weights", default="nano", help="built-in name or .safetensors file")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: list[str] | None = None) -> int:
    from spotter.predictor import load_spotter
    from spotter.tracing.trace_file import save_within

    options = parse(arguments)
    try:
        spotter = load_spotter(options.weights)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    for sample in STORED:
        trace = spotter.trace(sample.path, threshold=MIN_SCORE)
        file = FOLDER / f"{sample.path.stem}.npz"
        try:
            step = save_within(trace, file, MAX_BYTES)
        except ValueError as error:
            print(f"{error} The app traces {sample.file} when it is opened.", file=sys.stderr)
            return 1
        size = file.stat().st_size / 1e6
        print(f"{file.name}: {len(trace.words)} words, {size:.1f} MB, level maps in steps of {step} of 255")
    return 0


if __name__ == "__main__":
    sys.exit(main())
