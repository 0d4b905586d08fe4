"""Files that programs write: whole or not at all, and never in the place of a device or a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

STANDARD_OUTPUT = "-"
DEVICES = ("/dev/", "/proc/")


class OutputError(OSError):
    """An output that cannot be written; the message is one sentence."""


def check_output(path: Path) -> None:
    """Raises OutputError unless a file can be made here, or is one that may be replaced."""
    if os.path.normpath(path.absolute()).startswith(DEVICES) or (path.exists() and not path.is_file()):
        if path.is_dir() and not os.path.normpath(path.absolute()).startswith(DEVICES):
            raise OutputError(f"{path} cannot be written: give a file in a folder that exists.")
        raise OutputError(f"{path} is not a regular file; use {STANDARD_OUTPUT} for standard output.")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path} cannot be written: give a file in a folder that exists.")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file when all has been written. Raises OutputError."""
    check_output(path)
    place = Path(os.path.realpath(path))  # a link stays one
    partial = place.with_name(f".{os.getpid()}.partial")  # short: a name may be as long as allowed
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(place)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
