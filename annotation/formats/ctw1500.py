"""The XML of SCUT-CTW1500's training images: `image` with a `box` per curved line, which has a `label` (the
text) and `segs` (14 points)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element

from annotation.formats.detection import Source
from annotation.formats.entries import Entry, FormatError, note_missing_texts, pixel_reader, reject
from annotation.formats.image_files import find_file
from annotation.formats.outlines import imported_region, pairs
from annotation.formats.xml_files import files_with_root, read_pages, read_xml
from annotation.region import RegionError
from spotter.language import tr

ROOT = "Annotations"
ILLEGIBLE = "###"


def title() -> str:
    return tr("the XML of CTW1500")


def recognises(source: Source) -> bool:
    return bool(files_with_root(source, ROOT))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all files of a folder. Raises FormatError."""
    return read_pages(path, ROOT, title(), partial(_read_file, images=images))


def _read_file(path: Path, images: Path | None) -> list[Entry]:
    found = read_xml(path).findall("image")
    if not found:
        raise FormatError(tr("{name} is not XML of CTW1500 with an image.", name=path.name))
    return [_entry(image, path, images) for image in found]


def _entry(image: Element, path: Path, images: Path | None) -> Entry:
    name = image.get("file")
    if not name:
        return reject(tr("{name}: an image has no file name.", name=path.name))
    entry = Entry(Path(name).name, find_file(name, [images, path.parent]), state="done", where=path.name)
    values = []
    for i, box in enumerate(image.findall("box"), start=1):
        where = f"box {i}"
        try:
            values.append(_region(box) | {"where": where})
        except RegionError as error:
            entry.faults.append(f"{entry.where}, {where}: {error}")
    note_missing_texts(entry, values)
    entry.read = pixel_reader(values)
    return entry


def _region(box: Element) -> dict:
    """Raises RegionError."""
    try:
        numbers = [float(value) for value in (box.findtext("segs") or "").split(",")]
    except ValueError as error:
        raise RegionError(tr("its segs must be numbers.")) from error
    text = (box.findtext("label") or "").strip()
    illegible = text == ILLEGIBLE
    return imported_region(pairs(numbers), "" if illegible else text, illegible=illegible)
