"""Opens the store of a command, and the options with which it is chosen."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from annotation.region import AnnotationError
from annotation.store.database import DEFAULT_URL, parse_url, sqlite_file
from annotation.store.store import Store

DEFAULT_PROJECT = "default"


def add_database_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", metavar="URL", default=DEFAULT_URL, help=f"default: {DEFAULT_URL}")


def add_project_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--project", metavar="NAME", default=DEFAULT_PROJECT, help=f"default: {DEFAULT_PROJECT}"
    )


@contextmanager
def new_store(url: str) -> Iterator[Store]:
    """Opens a store or creates it. A store created here is deleted again if an exception is raised."""
    file = sqlite_file(parse_url(url))
    is_new = file is not None and not file.exists()
    try:
        with Store(url) as store:
            yield store
    except BaseException:
        if file is not None and is_new:
            for suffix in ("", "-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
            with suppress(OSError):
                file.with_suffix(".images").rmdir()
        raise


@contextmanager
def existing_store(url: str) -> Iterator[Store]:
    """Raises AnnotationError if there is no such database."""
    file = sqlite_file(parse_url(url))
    if file is not None and not file.is_file():
        raise AnnotationError("There is no such database.")
    with Store(url) as store:
        yield store
