"""Import and export of annotations, one module per format."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from annotation.formats import (
    alto_xml,
    art,
    coco,
    ctw1500,
    exporting,
    hiertext,
    hugging_face,
    icdar,
    label_studio,
    labelme,
    page_xml,
    ppocrlabel,
    recogniser_crops,
    regions_csv,
    via,
    words_json,
    words_parquet,
)
from annotation.formats.entries import Entry, FormatError
from annotation.formats.exporting import ExportReport, Form
from annotation.formats.image_files import names_below, tell_apart
from annotation.formats.import_steps import import_in_steps
from annotation.formats.importing import ImportReport
from annotation.formats.sources import find_sources, read_sources
from annotation.formats.turning import turn_along
from annotation.store.selection import Selection
from annotation.store.store import Store
from annotation.upload import Progress
from spotter.language import tr

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

# Each has title(), recognises() and read(), see `detection.Format`; the first that recognises a file is used.
FORMATS: dict[str, ModuleType] = {
    "label-studio": label_studio,
    "coco": coco,
    "hiertext": hiertext,
    "ppocrlabel": ppocrlabel,
    "icdar": icdar,
    "art": art,
    "labelme": labelme,
    "csv": regions_csv,
    "via": via,
    "page-xml": page_xml,
    "alto-xml": alto_xml,
    "ctw1500-xml": ctw1500,
    "words-json": words_json,
    "words-parquet": words_parquet,
}
EVERYTHING = Selection()
# Their coordinates always refer to upright photos, those of the others may not.
UPRIGHT = ("label-studio", "csv", "words-json", "words-parquet")
EXPORTS: dict[str, Form] = {
    "label-studio": Form(
        label_studio.write,
        lambda: tr("Label Studio"),
        lambda: tr(
            "Everything: to go on in Label Studio, to keep a copy, or to move a project to another computer."
        ),
        file=label_studio.FILE,
        with_new=True,
        with_state=True,
        with_predictions=True,
    ),
    "coco": Form(
        coco.write,
        lambda: tr("COCO"),
        lambda: tr("For detectors and tools that read COCO, with the texts added."),
        file=coco.FILE,
        with_state=True,
    ),
    "ppocrlabel": Form(
        ppocrlabel.write,
        lambda: tr("PPOCRLabel"),
        lambda: tr("To go on in PPOCRLabel, where photos that are done here are marked as checked."),
        images=".",
        with_state=True,
    ),
    "icdar": Form(
        icdar.write,
        lambda: tr("ICDAR"),
        lambda: tr("To train or evaluate a spotter: one text file per photo, as in ICDAR 2015."),
    ),
    "crops": Form(
        recogniser_crops.write,
        lambda: tr("Cropped words"),
        lambda: tr(
            "To train a recogniser: a small image per word and rec_gt.txt, as PaddleOCR expects them."
        ),
        images=None,
    ),
    "page-xml": Form(
        page_xml.write,
        lambda: tr("PAGE XML"),
        lambda: tr("For Transkribus, eScriptorium and kraken: one XML file per photo."),
        images=".",
    ),
    "csv": Form(
        regions_csv.write,
        lambda: tr("CSV"),
        lambda: tr("A table for a spreadsheet or pandas, with a line per region and without the photos."),
        images=None,
        file=regions_csv.FILE,
        with_state=True,
        with_authors=True,
    ),
    "hugging-face": Form(
        hugging_face.write,
        lambda: tr("Hugging Face data set"),
        lambda: tr("A folder for datasets.load_dataset, with the photos in a parquet file."),
        images=None,
        with_state=True,
    ),
}


def read(
    path: str | Path,
    format_name: str | None = None,
    images: str | Path | None = None,
    coordinates: str | None = None,
) -> list[Entry]:
    """The entries of a file or folder, without a database; what is not given is found out.

    `coordinates`: of photos that EXIF turns, see `turning.COORDINATES`. Raises FormatError.
    """
    path = Path(path)
    if not path.exists():
        raise FormatError(tr("{name} does not exist.", name=path.name))
    if images is not None and not Path(images).is_dir():
        raise FormatError(tr("{name} is not a folder.", name=Path(images).name))
    names_below.cache_clear()  # files may have been added since
    found = find_sources(path, FORMATS, format_name)
    read_entries = read_sources(path, found, FORMATS, None if images is None else Path(images))
    entries = [entry for _, some in read_entries for entry in some]
    tell_apart(entries)
    turn_along([entry for name, some in read_entries if name not in UPRIGHT for entry in some], coordinates)
    return entries


def import_from(
    store: Store,
    project: str,
    path: str | Path,
    format_name: str | None = None,
    images: str | Path | None = None,
    who: str = "import",
    strict: bool = False,
    coordinates: str | None = None,
) -> ImportReport:
    """Imports a file or folder into a project, which is created if it does not exist.

    `format_name`: found out if it is not given; `images`: folder of the images (default: next to the file);
    `strict`: all or nothing; `coordinates`: see `read`. Raises FormatError, after which nothing has changed.
    """
    entries = read(path, format_name, images, coordinates)
    return import_in_steps(store, project, entries, who, strict)


def export_to(
    store: Store,
    project_id: int,
    out: str | Path,
    format_name: str = "label-studio",
    selection: Selection = EVERYTHING,
    progress: Progress | None = None,
) -> ExportReport:
    """Writes annotations and images of a project.

    `out`: a new folder; for Label Studio and COCO also a new .json file with the images next to it, for CSV
    also a new .csv file. Raises AnnotationError.
    """
    if format_name not in EXPORTS:
        raise FormatError(
            tr(
                "{format_name} cannot be written; expected one of {known}.",
                format_name=format_name,
                known=", ".join(EXPORTS),
            )
        )
    return exporting.export_project(store, project_id, Path(out), EXPORTS[format_name], selection, progress)
