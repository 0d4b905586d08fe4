"""Writes a project into a folder, annotations and images: completely or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from annotation.formats.entries import ExportItem, FormatError
from annotation.formats.export_notes import ExportNotes
from annotation.review import OPEN_STATES
from annotation.store import queue
from annotation.store.records import ImageRecord
from annotation.store.selection import SELECTABLE, Selection, authors, select_images
from annotation.store.store import Store
from annotation.upload import Progress
from spotter.language import tr

Writer = Callable[[Path, str, Iterator[ExportItem], ExportNotes], None]  # (folder, name, images, notes)


@dataclass(frozen=True)
class Form:
    """How a format is written."""

    write: Writer
    title: Callable[[], str]
    purpose: Callable[[], str]  # one sentence
    images: str | None = "images"  # folder of the image files in the exported folder; None: without them
    file: str = ""  # its only other file, which may be exported under another name; "" if there are more
    with_new: bool = False  # also new images, which no person has worked on
    with_state: bool = False  # the format says which images are done
    with_predictions: bool = False
    with_authors: bool = False


@dataclass
class ExportReport:
    """What was exported, and what the format could not represent."""

    selection: Selection
    images: int = 0
    regions: int = 0
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        chosen = str(self.selection)
        only = [tr("only images that are: {selection}", selection=chosen)] if chosen else []
        counts = tr("images: {images}, regions: {regions}", images=self.images, regions=self.regions)
        return [counts, *only, *self.notes]


def export_project(
    store: Store,
    project_id: int,
    out: Path,
    form: Form,
    selection: Selection,
    progress: Progress | None = None,
) -> ExportReport:
    """Writes the folder `out`, or the file `out` and a folder of images if it ends like the form's file.

    Without states in `selection`, all that the form takes. Raises AnnotationError.
    """
    report, notes = ExportReport(selection), ExportNotes()
    images = _choose(store, project_id, form, selection, report)
    is_file = bool(form.file) and out.suffix.lower() == Path(form.file).suffix
    folder = out.parent if is_file else out
    file, subfolder = form.file, form.images
    if is_file:
        file, subfolder = out.name, None if form.images is None else f"{out.stem}-images"
    parts = [part for part in (file, subfolder) if part is not None]
    targets = [folder / part for part in parts] if is_file else [folder]
    for target in targets:
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise FormatError(tr("{name} already exists; choose another name.", name=target.name))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if is_file:
            folder.mkdir(exist_ok=True)
        parent = folder if is_file else folder.parent
        with tempfile.TemporaryDirectory(dir=parent, prefix=".export-") as temporary:
            written = Path(temporary) / "out"
            (written / (subfolder or ".")).mkdir(parents=True)
            items = _items(store, images, written, replace(form, images=subfolder), report, notes, progress)
            form.write(written, file or out.resolve().name, items, notes)
            if not report.images:
                raise FormatError(tr("The stored files of all these images are missing."))
            for target in targets:
                if target.is_dir():
                    target.rmdir()
                (written / target.name if is_file else written).rename(target)
    except OSError as error:
        message = tr("{name} cannot be written: {reason}.", name=out.name, reason=error.strerror)
        raise FormatError(message) from error
    report.notes += notes.lines()
    return report


def file_names(images: list[ImageRecord]) -> dict[int, str]:
    """Image id -> a portable file name; unique without its extension."""
    names: dict[int, str] = {}
    used: set[str] = set()
    for image in images:
        stem = re.sub(r"[^\w .()+-]", "_", Path(image.name).stem).strip(" .") or "image"
        if stem.casefold() in used or stem.startswith("-"):
            stem = f"{stem.lstrip('-')}-{image.sha256[:12]}"
        used.add(stem.casefold())
        names[image.id] = f"{stem}{image.extension}"
    return names


def _choose(
    store: Store, project_id: int, form: Form, selection: Selection, report: ExportReport
) -> list[ImageRecord]:
    """The images to export. Raises FormatError if there are none."""
    chosen = selection
    if not selection.states and not form.with_new:
        chosen = replace(selection, states=tuple(state for state in SELECTABLE if state != "new"))
    images = select_images(store, project_id, chosen)
    if not images and str(selection):
        raise FormatError(
            tr("No image fits the filter ({selection}); nothing was exported.", selection=selection)
        )
    counts = queue.progress(store, project_id)
    if not str(selection):
        if counts.new and not form.with_new:
            note = tr("images left out because they have not been annotated: {number}", number=counts.new)
            report.notes.append(note)
        if counts.skipped:
            note = tr("images left out because they were skipped: {number}", number=counts.skipped)
            report.notes.append(note)
    if not images:
        if report.notes:
            reasons = "; ".join(report.notes)
            raise FormatError(tr("There is no image to export ({reasons}).", reasons=reasons))
        raise FormatError(tr("There is no image to export."))
    return images


def _items(
    store: Store,
    images: list[ImageRecord],
    folder: Path,
    form: Form,
    report: ExportReport,
    notes: ExportNotes,
    progress: Progress | None,
) -> Iterator[ExportItem]:
    """Copies the images one by one and counts what is exported."""
    names = file_names(images)
    for number, image in enumerate(images):
        if progress is not None:
            progress(number, len(images), image.name)
        item = ExportItem((Path(form.images or "") / names[image.id]).as_posix(), image, [])
        item.source = store.image_path(image)
        if not item.source.is_file():
            notes.add(tr("images left out because their stored file is missing"), image.name)
            continue
        if form.images is not None:
            shutil.copyfile(item.source, folder / item.file)
        item.regions = store.regions(image.id)
        item.predictions = store.predictions(image.id) if form.with_predictions else []
        item.authors = authors(store, image.id) if form.with_authors else {}
        if image.state in OPEN_STATES and not form.with_state:
            what = tr("images that are not done, which this format cannot tell from those that are")
            notes.add(what, image.name)
        report.images += 1
        report.regions += len(item.regions)
        yield item
