"""XML of strangers, parsed without document types and entities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from annotation.formats.detection import Source
from annotation.formats.entries import Entry, FormatError, read_text, reject
from spotter.language import tr

PageReader = Callable[[Path], list[Entry]]


def read_xml(path: Path) -> ElementTree.Element:
    """The root, with tags without their namespaces. Raises FormatError."""
    text = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # entities can grow to gigabytes or read other files
        raise FormatError(
            tr("{name} has a document type, which is not allowed in an imported file.", name=path.name)
        )
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise FormatError(tr("{name} is not valid XML.", name=path.name)) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def files_with_root(source: Source, root: str) -> list[Path]:
    """The XML files whose first element has this name."""
    return [path for path in source.files("*.xml") if _first_element(source.head(path)) == root]


def read_pages(path: Path, root: str, title: str, read_page: PageReader) -> list[Entry]:
    """Entries of a file, or of all files of a folder with this root element. Raises FormatError."""
    if not path.is_dir():
        return read_page(path)
    entries: list[Entry] = []
    for file in files_with_root(Source(path), root):
        try:
            entries += read_page(file)
        except FormatError as error:
            entries.append(reject(str(error), file.name))
    if not entries:
        raise FormatError(tr("{name} contains no files of {title}.", name=path.name, title=title))
    return entries


def _first_element(head: str) -> str:
    """The name of the first element without its namespace; "" if the text has no element."""
    rest = head
    while (start := rest.find("<")) >= 0:
        rest = rest[start + 1 :]
        if rest.startswith("!--"):
            rest = rest.partition("-->")[2]
        elif rest[:1] not in ("?", "!"):
            name = rest.partition(">")[0].split()[:1]
            return name[0].rstrip("/").rpartition(":")[2] if name else ""
    return ""
