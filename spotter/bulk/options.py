"""The command line of `spotter bulk`."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass

from spotter.program import program_name
from spotter.read_options import FAILED, INTERRUPTED, add_known_words, count, pixels, score

PART = 64  # images
EXIT_CODES = (
    f"Exit codes: 0, all images were read; {FAILED}, an image cannot be read (its row says why, all others "
    f"are read), or the run cannot begin or go on; {INTERRUPTED}, interrupted (what was read is written)."
)


@dataclass(frozen=True)
class BulkOptions:
    """The command line."""

    source: str  # path or address of a folder, a shard or an image
    out: str  # path or address of a folder
    resume: bool
    retry: bool  # also what could not be read
    weights: str
    threshold: float | None  # None: the weights' own, as for the short side
    short_side: int | None  # pixels
    batch: int | None  # images per forward pass
    part: int  # images per file of OUT
    column: str | None  # of parquet files; None: the first one that holds bytes
    address: str | None  # of a Ray cluster; None: this machine alone
    workers: int | None  # None: one per core or GPU
    device: str | None  # None: GPUs if the cluster has any
    known_words: bool  # whether readings are compared with them


def parse(arguments: list[str] | None) -> BulkOptions:
    """Exits with code 2 if the command line is invalid."""
    parser = argparse.ArgumentParser(
        prog=program_name("spotter.bulk"),
        description="Reads the words on many photos, with a process for each core or GPU of one or many "
        "machines, into parquet files with a row for each word.",
        epilog=EXIT_CODES,
    )
    add = parser.add_argument
    add(
        "source",
        metavar="SOURCE",
        help="folder with photos, WebDataset shards (.tar) or parquet files with images, at any depth; "
        "a path or an address such as s3://bucket/photos",
    )
    add("out", metavar="OUT", help="folder for the parquet files; a path or an address")
    add("--resume", action="store_true", help="leave out what is in OUT already, also after a crash")
    add("--retry", action="store_true", help="--resume, and read again what could not be read")
    add(
        "--weights", default="nano", metavar="W", help="nano or a .safetensors file, the same on all machines"
    )
    add("--threshold", type=score, metavar="0..1", help="minimum score of a word (the weights' own)")
    add("--short-side", type=pixels, metavar="N", help="pixels images are resized to (the weights' own)")
    add_known_words(parser)
    add("--batch", type=count, metavar="N", help="images to read at once (1; on a GPU 16)")
    add("--part", type=count, default=PART, metavar="N", help=f"images per file of OUT ({PART})")
    add("--column", metavar="NAME", help="of parquet files: the images (the first one that holds bytes)")
    add("--address", help="of a Ray cluster (that of RAY_ADDRESS; without one, this machine alone)")
    add("--workers", type=count, metavar="N", help="processes that read (one for each core or GPU)")
    add("--device", choices=("cpu", "cuda"), help="what they read with (GPUs if there are any)")
    values = vars(parser.parse_args(arguments))
    values["resume"] |= values["retry"]
    values["weights"] = _absolute(values["weights"])
    return BulkOptions(**values)


def _absolute(weights: str) -> str:
    """The processes that read work in other folders."""
    return os.path.abspath(weights) if os.path.isfile(weights) else weights
