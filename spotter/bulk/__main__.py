"""Reads millions of photos: `spotter bulk SOURCE OUT`, or `python -m spotter.bulk`."""

from __future__ import annotations

import sys

from spotter.bulk.options import parse
from spotter.read_options import FAILED, INTERRUPTED


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code, see `options`."""
    options = parse(arguments)
    try:
        from spotter.bulk.run import run  # late: `--help` needs neither Ray nor torch

        return run(options)
    except ValueError as error:  # BulkError, or weights that cannot be loaded
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted; the same command with --resume goes on.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
