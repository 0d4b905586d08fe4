"""Import and export."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from annotation.archive import unpack
from annotation.commands.stores import add_database_option, add_project_option, existing_store, new_store
from annotation.commands.terminal import progress_bar
from annotation.formats import EXPORTS, FORMATS, export_to, read
from annotation.formats.import_steps import import_in_steps
from annotation.formats.turning import COORDINATES
from annotation.store.selection import SELECTABLE, parse_selection


@dataclass(frozen=True)
class Import:
    """Imports a file, a folder or a zip archive of one."""

    path: Path
    images: Path | None
    format: str | None  # found out by looking at the input if None
    strict: bool
    database: str
    project: str
    coordinates: str | None = None

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE_OR_FOLDER")
        parser.add_argument(
            "--images", type=Path, metavar="FOLDER", help="folder of the images (default: next to the file)"
        )
        parser.add_argument("--format", choices=FORMATS, help="default: found out by looking at the input")
        parser.add_argument(
            "--strict", action="store_true", help="import nothing if anything is invalid (default: the rest)"
        )
        parser.add_argument(
            "--coordinates",
            choices=COORDINATES,
            help="of photos that EXIF turns: as seen upright, or as stored (default: found out)",
        )
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        with ExitStack() as stack:
            path = self.path
            if path.suffix.lower() == ".zip" and path.is_file():
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="import-")), path.name)
                folder.mkdir()
                path = unpack(path, folder)
            entries = read(path, self.format, self.images, self.coordinates)
            store = stack.enter_context(new_store(self.database))
            progress = stack.enter_context(progress_bar("import"))
            who = f"import of {self.path.name}"
            return import_in_steps(store, self.project, entries, who, self.strict, progress).lines()


@dataclass(frozen=True)
class Export:
    """Exports a project, or a part of it, into a new folder or file."""

    out: Path
    format: str
    database: str
    project: str
    state: Sequence[str] | None = None
    by: str | None = None
    since: str | None = None

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("out", type=Path, metavar="OUT", help="a new folder, or a new .json or .csv file")
        parser.add_argument("--format", choices=EXPORTS, default="label-studio", help="default: label-studio")
        parser.add_argument("--state", nargs="+", choices=SELECTABLE, help="only images in these states")
        parser.add_argument(
            "--by", metavar="NAME", help="only images that this person changed last or marked as done"
        )
        parser.add_argument(
            "--since", metavar="DATE", help="only images changed since, such as 2026-11-01 (UTC)"
        )
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        selection = parse_selection(self.state, self.by, self.since)
        with existing_store(self.database) as store, progress_bar("export") as progress:
            project_id = store.find_project(self.project)
            return export_to(store, project_id, self.out, self.format, selection, progress).lines()
