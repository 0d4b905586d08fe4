"""ALTO XML, versions 2 to 4, as OCR engines and libraries write it; its words (`String`) are in pixels."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from annotation.formats.detection import Source
from annotation.formats.entries import Entry, FormatError, note_missing_texts, pixel_reader
from annotation.formats.image_files import find_file
from annotation.formats.outlines import image_size, imported_region, pairs, rectangle
from annotation.formats.xml_files import files_with_root, read_pages, read_xml
from annotation.region import RegionError
from spotter.language import tr

ROOT = "alto"
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff")  # of an image next to a file that does not name it


def title() -> str:
    return tr("ALTO XML")


def recognises(source: Source) -> bool:
    return bool(files_with_root(source, ROOT))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all files of a folder. Raises FormatError."""
    return read_pages(path, ROOT, title(), partial(_read_page, images=images))


def _read_page(path: Path, images: Path | None) -> list[Entry]:
    root = read_xml(path)
    unit = (root.findtext("Description/MeasurementUnit") or "pixel").strip()
    if unit != "pixel":
        raise FormatError(
            tr("{name} measures in {unit}; only pixels can be imported.", name=path.name, unit=unit[:20])
        )
    pages = root.findall("Layout/Page")
    if len(pages) != 1:
        raise FormatError(
            tr(
                "{name} has {count} pages; only a file with one page can be imported.",
                name=path.name,
                count=len(pages),
            )
        )
    folders = [images, path.parent]
    names = [(root.findtext("Description/sourceImageInformation/fileName") or "").strip()]
    names += [path.stem + ending for ending in IMAGE_ENDINGS]
    files = {name: find_file(name, folders) for name in names if name}
    name = next((name for name, file in files.items() if file), next(iter(files)))
    base = PurePosixPath(name.replace("\\", "/")).name
    entry = Entry(base, files[name], state="done", where=path.name)
    values = []
    for number, element in enumerate(pages[0].iter("String"), start=1):
        where = f"String {element.get('ID', str(number))[:40]}"
        try:
            values.append(_region(element) | {"where": where})
        except RegionError as error:
            entry.faults.append(f"{entry.where}, {where}: {error}")
    note_missing_texts(entry, values)
    entry.read = pixel_reader(values, image_size(dict(pages[0].attrib), "WIDTH", "HEIGHT"))
    return [entry]


def _region(element: Element) -> dict:
    """Raises RegionError."""
    polygon = element.find("Shape/Polygon")
    text = element.get("CONTENT", "")
    try:
        if polygon is not None and (given := polygon.get("POINTS", "").replace(",", " ").split()):
            return imported_region(pairs([float(value) for value in given]), text)
        box = [float(element.get(key, "")) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    except ValueError as error:
        if isinstance(error, RegionError):
            raise
        raise RegionError(tr("its coordinates must be numbers.")) from error
    return imported_region(rectangle(*box), text)
