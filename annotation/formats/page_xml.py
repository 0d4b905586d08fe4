"""PAGE XML of PRImA, Transkribus, eScriptorium and pero-ocr: words, or lines where a line has no words.

Written is one file per image, next to it: a region is a line with one word. Flags are in the attribute
`custom`, as Transkribus writes its tags: `illegible {offset:0; length:4;}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from annotation.formats.detection import Source
from annotation.formats.entries import (
    Entry,
    ExportItem,
    FormatError,
    note_missing_texts,
    pixel_reader,
)
from annotation.formats.export_notes import ExportNotes
from annotation.formats.image_files import find_file
from annotation.formats.outlines import image_size, imported_region
from annotation.formats.xml_files import files_with_root, read_pages, read_xml
from annotation.region import FLAGS, Region, RegionError
from spotter.formats.page_xml import ROOT, document
from spotter.formats.xml_text import FORBIDDEN
from spotter.language import tr


def title() -> str:
    return tr("PAGE XML")


def recognises(source: Source) -> bool:
    return bool(files_with_root(source, ROOT))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all files of a folder. Raises FormatError."""
    return read_pages(path, ROOT, title(), partial(_read_page, images=images))


def _read_page(path: Path, images: Path | None) -> list[Entry]:
    page = read_xml(path).find("Page")
    name = None if page is None else page.get("imageFilename")
    if page is None or not name:
        raise FormatError(tr("{name} is not PAGE XML with the name of an image.", name=path.name))
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
        raise RegionError(tr("it has no Coords."))
    tags = re.findall(r"(\w+)\s*\{", element.get("custom", ""))
    return imported_region(_points(coords), _text(element), **{flag: flag in tags for flag in FLAGS})


def _points(coords: Element) -> list[list[float]]:
    """From "x,y x,y ...", or from elements Point as before 2013. Raises RegionError."""
    old = [(point.get("x", ""), point.get("y", "")) for point in coords.findall("Point")]
    try:
        if old:
            return [[float(x), float(y)] for x, y in old]
        pairs = [pair.split(",") for pair in coords.get("points", "").split()]
        return [[float(x), float(y)] for x, y in pairs]
    except ValueError as error:
        raise RegionError(tr("its points must be pairs of numbers.")) from error


def _text(element: Element) -> str:
    """Of the reading with the lowest index: it is the one that counts."""
    readings = [
        (int(index) if (index := equivalent.get("index", "0")).isdecimal() else 0, unicode.text or "")
        for equivalent in element.findall("TextEquiv")
        if (unicode := equivalent.find("Unicode")) is not None
    ]
    return min(readings, key=lambda reading: reading[0])[1].strip() if readings else ""


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes one file per image, next to it."""
    for item in items:
        for region in item.regions:
            _note_losses(item, region, notes)
        size = item.image.width, item.image.height
        text = document(item.file, *size, item.regions, [_tags(region) for region in item.regions])
        (folder / item.file).with_suffix(".xml").write_text(text, encoding="utf-8", newline="\n")


def _tags(region: Region) -> str:
    flags = [flag for flag in FLAGS if getattr(region, flag)]
    return " ".join(f"{flag} {{offset:0; length:{len(region.text)};}}" for flag in flags)


def _note_losses(item: ExportItem, region: Region, notes: ExportNotes) -> None:
    for applies, what in (
        (FORBIDDEN.search(region.text), tr("texts that lost control characters, which XML does not allow")),
        (region.text != region.text.strip(), tr("texts that lose the spaces around them when they are read")),
        (not region.illegible and not region.text, tr("regions without a text")),
        (
            any(value % 1 for point in region.polygon for value in point),
            tr("outlines rounded to whole pixels"),
        ),
    ):
        if applies:
            notes.add_region(what, item.image, region)
