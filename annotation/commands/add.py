"""Adds photos to a project."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annotation.commands.stores import add_database_option, add_project_option, new_store
from annotation.commands.terminal import printable, progress_bar
from annotation.region import AnnotationError
from annotation.signals import trace_signals
from annotation.store.predictions import model_version
from annotation.store.project_changes import delete_project
from annotation.store.purge import erase_project
from annotation.store.store import Store
from annotation.upload import UploadReport, upload
from spotter.images import ImageError

if TYPE_CHECKING:
    from spotter.predictor import Spotter


@dataclass(frozen=True)
class Add:
    """Adds photos: files, folders, zip archives, PDF files."""

    paths: list[Path]
    recursive: bool
    read: bool
    weights: str
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("paths", type=Path, nargs="+", metavar="FILE_OR_FOLDER")
        parser.add_argument("--recursive", action="store_true", help="with the subfolders of the folders")
        parser.add_argument("--read", action="store_true", help="read them with the spotter at once")
        parser.add_argument(
            "--weights", default="nano", metavar="W", help="for --read: nano (default) or a .safetensors file"
        )
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        spotter = _load(self.weights) if self.read else None
        paths, skipped = (self.paths, []) if self.recursive else _without_subfolders(self.paths)
        with new_store(self.database) as store:
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
                lines += _read(store, spotter, project, report)
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


def _load(weights: str) -> Spotter:
    from spotter import load_spotter  # late: importing torch takes seconds
    from spotter.weights import WeightsError

    try:
        return load_spotter(weights)
    except WeightsError as error:
        raise AnnotationError(str(error)) from error


def _read(store: Store, spotter: Spotter, project: int, report: UploadReport) -> list[str]:
    """Reads those of the photos that these weights have not read yet."""
    version = model_version(spotter.card)
    images = {record.id: record for record in (*report.added, *report.existing)}
    unread = [images[i] for i in store.unpredicted_images(project, version) if i in images]
    lines, words = [], 0
    with progress_bar("read") as progress:
        for number, image in enumerate(unread):
            progress(number, len(unread), image.name)
            try:
                trace = spotter.trace(store.image_path(image))
            except ImageError as error:
                lines.append(printable(f"{image.name}: {error}"))
                continue
            store.add_prediction(image.id, version, trace.words, trace_signals(trace))
            words += len(trace.words)
    return [*lines, f"read by {version}: {len(unread) - len(lines)} photos, {words} words"]
