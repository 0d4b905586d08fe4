"""XML of strangers, parsed without document types and entities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from annotation.formats.detection import Source
from annotation.formats.entries import Entry, FormatError, read_files, read_text
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
    files = files_with_root(Source(path), root) if path.is_dir() else [path]
    if not files:
        raise FormatError(tr("{name} contains no files of {title}.", name=path.name, title=title))
    return read_files(files, read_page)


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
