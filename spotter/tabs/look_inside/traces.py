"""Stored traces of sample pictures, so that Look inside shows something before the spotter is loaded.

`python -m spotter.tabs.look_inside.traces` makes them with the built-in weights. A trace knows the weights
it was made with; with other ones it is not shown, and the photo is traced when it is looked at.
"""

from __future__ import annotations

import argparse
from lzma import LZMAError
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from spotter.tabs.shared.overlay import FLOOR
from spotter.tabs.shared.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "traces"
STORED = SAMPLES[:1]
DAMAGED = (KeyError, TypeError, ValueError, EOFError, OSError, BadZipFile, LZMAError)
MOST_BYTES = 3_000_000  # of each, since they are in the repository


def stored_trace(source: str | Path, sha256: str | None) -> Trace | None:
    """The trace of a sample picture; None when there is none, or when it is of other weights."""
    sample = next((sample for sample in STORED if sample.path == Path(source)), None)
    file = FOLDER / f"{Path(source).stem}.npz"
    if sample is None or not file.is_file():
        return None
    from spotter.tracing.trace_file import load

    try:
        trace = load(file)
    except (
        KeyError,
        TypeError,
        ValueError,
        EOFError,
        OSError,
        BadZipFile,
        LZMAError,
    ):  # damaged, or of another version: it is only a shortcut
        return None
    return trace if sha256 is not None and trace.model.get("sha256") == sha256 else None


def main() -> None:
    from spotter.predictor import load_spotter
    from spotter.tracing.trace_file import save_within

    parser = argparse.ArgumentParser(prog="python -m spotter.tabs.look_inside.traces", description=__doc__)
    parser.add_argument("--weights", default="nano")
    spotter = load_spotter(parser.parse_args().weights)
    for sample in STORED:
        trace = spotter.trace(sample.path, threshold=FLOOR)
        file = FOLDER / f"{sample.path.stem}.npz"
        try:
            step = save_within(trace, file, MOST_BYTES)
        except ValueError as error:
            parser.exit(1, f"{error} The app traces {sample.file} when it is looked at.\n")
        size = file.stat().st_size / 1e6
        print(f"{file.name}: {len(trace.words)} words, {size:.1f} MB, level maps in steps of {step} of 255")


if __name__ == "__main__":
    main()
