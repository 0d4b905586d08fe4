"""Import and export of annotations, one module per format."""

from __future__ import annotations

from pathlib import Path

from annotation.formats import coco, exporting, icdar, importing, label_studio, ppocrlabel
from annotation.formats.entries import Entry, FormatError
from annotation.formats.exporting import ExportReport
from annotation.formats.importing import ImportReport
from annotation.store.store import Store

__all__ = ["FORMATS", "ExportReport", "FormatError", "ImportReport", "export_to", "import_from", "read"]

FORMATS = {"label-studio": label_studio, "icdar": icdar, "ppocrlabel": ppocrlabel, "coco": coco}


def read(
    path: str | Path, format_name: str = "label-studio", images: str | Path | None = None
) -> list[Entry]:
    """The entries of a file or folder, without a database. Raises FormatError."""
    path = Path(path)
    if not path.exists():
        raise FormatError(f"{path} does not exist.")
    if images is not None and not Path(images).is_dir():
        raise FormatError(f"{images} is not a folder.")
    return FORMATS[format_name].read(path, None if images is None else Path(images))


def import_from(
    store: Store,
    project: str,
    path: str | Path,
    format_name: str = "label-studio",
    images: str | Path | None = None,
    who: str = "import",
) -> ImportReport:
    """Imports a file or folder into a project, created if there is none; all or nothing.

    `images`: folder of the images (default: next to the file). Raises FormatError.
    """
    return importing.import_entries(store, project, read(path, format_name, images), who)


def export_to(
    store: Store, project_id: int, out: str | Path, format_name: str = "label-studio"
) -> ExportReport:
    """Writes annotations and images of a project.

    `out`: a new folder; for Label Studio and COCO also a new .json file, with the images next to it. Raises
    FormatError.
    """
    file = {"label-studio": label_studio.FILE, "coco": coco.FILE}.get(format_name, "")
    subfolder = "." if format_name == "ppocrlabel" else "images"
    all_images = format_name == "label-studio"
    write = FORMATS[format_name].write
    return exporting.export_project(store, project_id, Path(out), write, subfolder, file, all_images)
