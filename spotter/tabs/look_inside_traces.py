"""Stored traces of sample pictures, so that Look inside shows something at once.

`python -m spotter.tabs.look_inside_traces` makes them with the built-in weights.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spotter.tabs.overlay import FLOOR
from spotter.tabs.samples import SAMPLES

if TYPE_CHECKING:
    from spotter.explain.trace import Trace

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "traces"
STORED = SAMPLES[:1]


def stored_trace(source: str | Path, sha256: str | None) -> Trace | None:
    """The trace of a sample picture; None when there is none, or when it is of other weights."""
    sample = next((sample for sample in STORED if sample.path == Path(source)), None)
    file = FOLDER / f"{Path(source).stem}.npz"
    if sample is None or not file.is_file():
        return None
    from spotter.explain.trace_file import load  # it imports torch

    trace = load(file)
    return trace if sha256 is not None and trace.model.get("sha256") == sha256 else None


def main() -> None:
    from spotter.explain.trace_file import save
    from spotter.predictor import load_spotter

    parser = argparse.ArgumentParser(prog="python -m spotter.tabs.look_inside_traces", description=__doc__)
    parser.add_argument("--weights", default="nano")
    spotter = load_spotter(parser.parse_args().weights)
    for sample in STORED:
        trace = spotter.trace(sample.path, threshold=FLOOR)
        file = FOLDER / f"{sample.path.stem}.npz"
        save(trace, file)
        print(f"{file.name}: {len(trace.words)} words, {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
