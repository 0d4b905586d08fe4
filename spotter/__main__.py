"""Reads the words on images: `spotter read IMAGE_OR_FOLDER...`, or `python -m spotter`."""

from __future__ import annotations

import io
import os
import sys

from spotter.read_options import BROKEN_PIPE, INTERRUPTED, parse


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code, see `read_options`."""
    options = parse(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any text and file name on any terminal
    try:
        from spotter.reading import run  # late: `--help` needs no image libraries

        return run(options)
    except KeyboardInterrupt:  # before the first image; later ones are handled in `run`
        return INTERRUPTED
    except BrokenPipeError:  # the reader of the output has gone, as in "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


if __name__ == "__main__":
    sys.exit(main())
