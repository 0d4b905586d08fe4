"""Writes a project into a folder, annotations and images: completely or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from annotation.formats.entries import ExportItem, FormatError
from annotation.store.records import ImageRecord
from annotation.store.store import Store

Writer = Callable[[Path, str, Iterator[ExportItem], list[str]], None]


@dataclass
class ExportReport:
    """What was exported, and what the format could not represent."""

    images: int = 0
    regions: int = 0
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [f"images: {self.images}, regions: {self.regions}", *self.notes]


def export_project(
    store: Store, project_id: int, out: Path, write: Writer, subfolder: str, file: str, all_images: bool
) -> ExportReport:
    """Writes the folder `out`, or the file `out` and a folder of images if it ends in .json.

    `subfolder`: of the images; `file`: the name of the format's .json file, "" if it has none; `all_images`:
    also new images, which no person has worked on. Raises FormatError.
    """
    report = ExportReport()
    images = store.image_list(project_id)
    if not all_images:
        new = [image for image in images if image.state == "new"]
        images = [image for image in images if image.state != "new"]
        if new:
            report.notes.append(f"images left out because they have not been annotated: {len(new)}")
    if not images:
        raise FormatError("There is no image to export.")
    is_file = bool(file) and out.suffix.lower() == ".json"
    folder = out.parent if is_file else out
    if is_file:
        file, subfolder = out.name, f"{out.stem}-images"
    targets = [folder / file, folder / subfolder] if is_file else [folder]
    for target in targets:
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise FormatError(f"{target} already exists; choose another name.")
    names = file_names(images)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if is_file:
            folder.mkdir(exist_ok=True)
        parent = folder if is_file else folder.parent
        with tempfile.TemporaryDirectory(dir=parent, prefix=".export-") as temporary:
            written = Path(temporary) / "out"
            (written / subfolder).mkdir(parents=True)
            name = file or out.resolve().name
            write(written, name, _items(store, images, names, written, subfolder, report), report.notes)
            for target in targets:
                if target.is_dir():
                    target.rmdir()
                (written / target.name if is_file else written).rename(target)
    except OSError as error:
        raise FormatError(f"{out} cannot be written: {error.strerror}.") from error
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


def _items(
    store: Store,
    images: list[ImageRecord],
    names: dict[int, str],
    folder: Path,
    subfolder: str,
    report: ExportReport,
) -> Iterator[ExportItem]:
    """Copies the images one by one and counts what is exported."""
    for image in images:
        file = (Path(subfolder) / names[image.id]).as_posix()
        stored = store.image_path(image)
        if not stored.is_file():
            raise FormatError(f"The stored file of the image {image.name} is missing.")
        shutil.copyfile(stored, folder / file)
        regions = store.regions(image.id)
        report.images += 1
        report.regions += len(regions)
        yield ExportItem(file, image, regions, store.predictions(image.id))
