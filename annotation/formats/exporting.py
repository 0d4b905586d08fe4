"""Writes a project into a folder: annotations and images, complete or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from annotation.formats.entries import FormatError, Item
from annotation.store.records import ImageRecord
from annotation.store.store import Store

Writer = Callable[[Path, str, Iterator[Item], list[str]], None]


@dataclass
class ExportReport:
    """What went out, and what the form could not hold."""

    images: int = 0
    regions: int = 0
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [f"images: {self.images}, regions: {self.regions}", *self.notes]


def export_project(
    store: Store, project_id: int, out: Path, write: Writer, subfolder: str, file: str, all_images: bool
) -> ExportReport:
    """Writes the folder `out`, or beside `out` when it is a .json file and the form has one (`file`).

    `subfolder`: of the images; `all_images`: new images too, which no person has seen. Raises FormatError.
    """
    report = ExportReport()
    images = store.image_list(project_id)
    if not all_images:
        left = [image for image in images if image.state == "new"]
        images = [image for image in images if image.state != "new"]
        if left:
            report.notes.append(f"images left out, because nobody has worked on them: {len(left)}")
    if not images:
        raise FormatError("There is no image to export.")
    is_file = bool(file) and out.suffix.lower() == ".json"
    folder = out.parent if is_file else out
    if is_file:
        file, subfolder = out.name, f"{out.stem}-images"
    targets = [folder / file, folder / subfolder] if is_file else [folder]
    for target in targets:
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise FormatError(f"{target} exists already; choose another name.")
    names = file_names(images)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if is_file:
            folder.mkdir(exist_ok=True)
        beside = folder if is_file else folder.parent
        with tempfile.TemporaryDirectory(dir=beside, prefix=".export-") as temporary:
            made = Path(temporary) / "out"
            (made / subfolder).mkdir(parents=True)
            name = file or out.resolve().name
            write(made, name, _items(store, images, names, made, subfolder, report), report.notes)
            for target in targets:
                if target.is_dir():
                    target.rmdir()
                (made / target.name if is_file else made).rename(target)
    except OSError as error:
        raise FormatError(f"{out} cannot be written: {error.strerror}.") from error
    return report


def file_names(images: list[ImageRecord]) -> dict[int, str]:
    """Image id -> a file name that is safe everywhere and, without its ending, one of its kind."""
    names, used = {}, set()
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
) -> Iterator[Item]:
    for image in images:
        file = (Path(subfolder) / names[image.id]).as_posix()
        stored = store.image_path(image)
        if not stored.is_file():
            raise FormatError(f"The stored file of the image {image.name} is missing.")
        shutil.copyfile(stored, folder / file)
        regions = store.regions(image.id)
        report.images += 1
        report.regions += len(regions)
        yield Item(file, image, regions, store.predictions(image.id))
