"""Import and export of annotations, one module per format."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from annotation.formats import (
    alto_xml,
    art,
    coco,
    exporting,
    icdar,
    importing,
    label_studio,
    labelme,
    page_xml,
    ppocrlabel,
    via,
    words_json,
)
from annotation.formats.detection import detect
from annotation.formats.entries import Entry, FormatError, is_turned
from annotation.formats.exporting import ExportReport
from annotation.formats.importing import ImportReport
from annotation.store.store import Store

__all__ = [
    "EXPORTS",
    "FORMATS",
    "ExportReport",
    "FormatError",
    "ImportReport",
    "export_to",
    "import_from",
    "read",
]

# Each has TITLE, recognises() and read(), see `detection.Format`; the first that recognises a file is used.
FORMATS: dict[str, ModuleType] = {
    "label-studio": label_studio,
    "coco": coco,
    "ppocrlabel": ppocrlabel,
    "icdar": icdar,
    "art": art,
    "labelme": labelme,
    "via": via,
    "page-xml": page_xml,
    "alto-xml": alto_xml,
    "words-json": words_json,
}
# In pixels, but without the size of the image, which would say whether its EXIF orientation was applied.
WITHOUT_SIZES = ("ppocrlabel", "icdar", "art")
EXPORTS = [name for name, module in FORMATS.items() if hasattr(module, "write")]


def read(path: str | Path, format_name: str | None = None, images: str | Path | None = None) -> list[Entry]:
    """The entries of a file or folder, without a database; the format is found out if it is not given.

    Raises FormatError.
    """
    path = Path(path)
    if not path.exists():
        raise FormatError(f"{path} does not exist.")
    if images is not None and not Path(images).is_dir():
        raise FormatError(f"{images} is not a folder.")
    name = format_name or detect(path, FORMATS)
    entries: list[Entry] = FORMATS[name].read(path, None if images is None else Path(images))
    if name in WITHOUT_SIZES:
        for entry in entries:
            entry.is_turned = isinstance(entry.file, Path) and is_turned(entry.file)
    return entries


def import_from(
    store: Store,
    project: str,
    path: str | Path,
    format_name: str | None = None,
    images: str | Path | None = None,
    who: str = "import",
    strict: bool = False,
) -> ImportReport:
    """Imports a file or folder into a project, which is created if it does not exist.

    `format_name`: found out if it is not given; `images`: folder of the images (default: next to the file);
    `strict`: all or nothing. Raises FormatError, after which nothing has changed.
    """
    return importing.import_entries(store, project, read(path, format_name, images), who, strict)


def export_to(
    store: Store, project_id: int, out: str | Path, format_name: str = "label-studio"
) -> ExportReport:
    """Writes annotations and images of a project.

    `out`: a new folder; for Label Studio and COCO also a new .json file, with the images next to it. Raises
    FormatError.
    """
    if format_name not in EXPORTS:
        raise FormatError(f"{format_name} cannot be written; expected one of {', '.join(EXPORTS)}.")
    file = {"label-studio": label_studio.FILE, "coco": coco.FILE}.get(format_name, "")
    subfolder = "." if format_name == "ppocrlabel" else "images"
    all_images = format_name == "label-studio"
    write = FORMATS[format_name].write
    return exporting.export_project(store, project_id, Path(out), write, subfolder, file, all_images)
