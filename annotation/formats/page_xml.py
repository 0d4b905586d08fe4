"""PAGE XML of PRImA, Transkribus, eScriptorium and pero-ocr: words, or lines where a line has no words."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from annotation.formats.detection import Source
from annotation.formats.entries import Entry, FormatError, find_file, note_missing_texts, pixel_reader
from annotation.formats.outlines import image_size, imported_region
from annotation.formats.xml_files import files_with_root, read_pages, read_xml
from annotation.region import RegionError

TITLE = "PAGE XML"
ROOT = "PcGts"


def recognises(source: Source) -> bool:
    return bool(files_with_root(source, ROOT))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all files of a folder. Raises FormatError."""
    return read_pages(path, ROOT, TITLE, partial(_read_page, images=images))


def _read_page(path: Path, images: Path | None) -> list[Entry]:
    page = read_xml(path).find("Page")
    name = None if page is None else page.get("imageFilename")
    if page is None or not name:
        raise FormatError(f"{path.name} is not PAGE XML with the name of an image.")
    base = PurePosixPath(name.replace("\\", "/")).name
    entry = Entry(base, find_file(name, [images, path.parent]), state="done", where=path.name)
    values = []
    for line in page.iter("TextLine"):
        for element in line.findall("Word") or [line]:
            where = f"{element.tag} {element.get('id', '')[:40]}".strip()
            try:
                values.append(_region(element) | {"where": where})
            except RegionError as error:
                entry.faults.append(f"{entry.where}, {where}: {error}")
    note_missing_texts(entry, values)
    entry.read = pixel_reader(values, image_size(dict(page.attrib), "imageWidth", "imageHeight"))
    return [entry]


def _region(element: Element) -> dict:
    """Raises RegionError."""
    coords = element.find("Coords")
    if coords is None:
        raise RegionError("it has no Coords.")
    return imported_region(_points(coords), _text(element))


def _points(coords: Element) -> list[list[float]]:
    """From "x,y x,y ...", or from elements Point as before 2013. Raises RegionError."""
    old = [(point.get("x", ""), point.get("y", "")) for point in coords.findall("Point")]
    try:
        if old:
            return [[float(x), float(y)] for x, y in old]
        pairs = [pair.split(",") for pair in coords.get("points", "").split()]
        return [[float(x), float(y)] for x, y in pairs]
    except ValueError as error:
        raise RegionError("its points must be pairs of numbers.") from error


def _text(element: Element) -> str:
    """Of the reading with the lowest index: it is the one that counts."""
    readings = [
        (int(index) if (index := equivalent.get("index", "0")).isdecimal() else 0, unicode.text or "")
        for equivalent in element.findall("TextEquiv")
        if (unicode := equivalent.find("Unicode")) is not None
    ]
    return min(readings, key=lambda reading: reading[0])[1].strip() if readings else ""
