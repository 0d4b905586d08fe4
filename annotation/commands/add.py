"""Adds photos to a project."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from annotation.commands.spotters import add_weights_option, read_photos, spotter_of
from annotation.commands.stores import add_database_option, add_project_option, new_store
from annotation.commands.terminal import printable, progress_bar
from annotation.region import AnnotationError
from annotation.store.predictions import model_version
from annotation.store.project_changes import delete_project
from annotation.store.purge import erase_project
from annotation.upload import UploadReport, upload


@dataclass(frozen=True)
class Add:
    """Adds photos: files, folders, zip archives, PDF files."""

    paths: list[Path]
    recursive: bool
    read: bool
    weights: str | None
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("paths", type=Path, nargs="+", metavar="FILE_OR_FOLDER")
        parser.add_argument("--recursive", action="store_true", help="with the subfolders of the folders")
        parser.add_argument("--read", action="store_true", help="read them with the spotter at once")
        add_weights_option(parser, "for --read: ")
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        paths, skipped = (self.paths, []) if self.recursive else _without_subfolders(self.paths)
        with new_store(self.database) as store:
            spotter = spotter_of(store, self.weights)() if self.read else None
            is_new = self.project not in dict(store.projects()).values()
            project = store.ensure_project(self.project)
            with progress_bar("add") as progress:
                report = upload(store, project, paths, progress)
            lines = [*skipped, *_lines(report)]
            if not report.photos:
                if is_new:
                    delete_project(store, project, "")
                    erase_project(store, project)
                raise AnnotationError("\n".join(["No photo was added.", *lines]))
            if spotter is not None:
                photos = {record.id: record for record in (*report.added, *report.existing)}
                unread = store.unpredicted_images(project, model_version(spotter.card))
                lines += read_photos(store, spotter, [photos[i] for i in unread if i in photos])
        return lines


def _without_subfolders(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files in the folders, and a sentence per folder whose subfolders are left out."""
    files, lines = [], []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        found = sorted(path.iterdir())
        files += [file for file in found if not file.is_dir()]
        if folders := sum(file.is_dir() for file in found):
            what = "1 subfolder was" if folders == 1 else f"{folders} subfolders were"
            lines.append(printable(f"{path.name}: {what} left out; add --recursive for them."))
    return files, lines


def _lines(report: UploadReport) -> list[str]:
    lines = [f"{name}: {text}" for name, text in (*report.notes, *report.refused)]
    counts = (
        f"photos: {len(report.added)} added, {len(report.existing)} already in the project; "
        f"files refused: {len(report.refused)}"
    )
    return [*map(printable, lines), counts]
