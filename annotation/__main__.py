"""Annotations in and out: `python -m annotation import|export`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from annotation.database import DEFAULT_URL, parse_url
from annotation.formats import FORMATS, export_to, read
from annotation.formats.importing import import_entries
from annotation.schema import AnnotationError
from annotation.store import Store

PROJECT = "default"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 after one sentence on stderr, with nothing changed."""
    options = _options(arguments)
    try:
        for line in options.run(options):
            print(line)
    except AnnotationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _import(options: argparse.Namespace) -> list[str]:
    entries = read(options.path, options.format, options.images)
    file = _file(options.database)
    is_new = file is not None and not file.exists()
    try:
        with Store(options.database) as store:
            return import_entries(
                store, options.project, entries, f"import of {Path(options.path).name}"
            ).lines()
    except AnnotationError:
        if is_new:  # nothing is there that was not there before
            for ending in ("", "-wal", "-shm"):
                file.with_name(file.name + ending).unlink(missing_ok=True)
            with suppress(OSError):
                file.with_suffix(".images").rmdir()
        raise


def _export(options: argparse.Namespace) -> list[str]:
    file = _file(options.database)
    if file is not None and not file.is_file():
        raise AnnotationError("There is no such database.")
    with Store(options.database) as store:
        return export_to(store, store.find_project(options.project), options.out, options.format).lines()


def _file(url: str) -> Path | None:
    """Of an SQLite database."""
    parsed = parse_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" else None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m annotation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    importing = commands.add_parser("import", help="annotations in")
    importing.add_argument("path", metavar="FILE_OR_FOLDER")
    importing.add_argument(
        "--images", metavar="FOLDER", help="where the images are (default: beside the file)"
    )
    importing.set_defaults(run=_import)
    exporting = commands.add_parser("export", help="annotations out")
    exporting.add_argument("out", metavar="OUT", help="a new folder, or a new .json file")
    exporting.set_defaults(run=_export)
    for command in (importing, exporting):
        command.add_argument("--database", metavar="URL", default=DEFAULT_URL, help=f"default: {DEFAULT_URL}")
        command.add_argument(
            "--format", choices=FORMATS, default="label-studio", help="default: label-studio"
        )
        command.add_argument("--project", metavar="NAME", default=PROJECT, help=f"default: {PROJECT}")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
