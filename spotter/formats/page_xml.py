"""PAGE XML (PRImA, Transkribus, eScriptorium): a word is a line with one word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Protocol
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from spotter.formats.photo_words import PhotoWords
from spotter.formats.xml_text import CREATOR, allowed, to_text

ROOT = "PcGts"
NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


class Outlined(Protocol):
    """A word, or a region of an annotated photo."""

    @property
    def polygon(self) -> list[list[float]]: ...

    @property
    def text(self) -> str: ...


def render(image: np.ndarray, photo: PhotoWords) -> tuple[bytes, list[str]]:
    tags = [""] * len(photo.words)
    return document(photo.name, photo.width, photo.height, photo.words, tags).encode(), []


def document(name: str, width: int, height: int, words: Sequence[Outlined], tags: Sequence[str]) -> str:
    """The file of an image; `tags`: Transkribus' tags of each word, for the attribute `custom`."""
    root = Element(ROOT, xmlns=NAMESPACE)
    metadata = SubElement(root, "Metadata")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for tag, value in (("Creator", CREATOR), ("Created", now), ("LastChange", now)):
        SubElement(metadata, tag).text = value
    size = {"imageWidth": str(width), "imageHeight": str(height)}
    page = SubElement(root, "Page", {"imageFilename": allowed(PurePosixPath(name).name)} | size)
    if words:
        block = SubElement(page, "TextRegion", id="text")
        corners = [(0, 0), (width, 0), (width, height), (0, height)]
        SubElement(block, "Coords", points=" ".join(f"{x},{y}" for x, y in corners))
        for number, (word, custom) in enumerate(zip(words, tags, strict=True), start=1):
            line = _text_element(block, "TextLine", f"line_{number}", word, custom)
            _add_text(_text_element(line, "Word", f"word_{number}", word, custom), word)
            _add_text(line, word)  # after the word, as the schema wants it
    return to_text(root)


def _text_element(parent: Element, tag: str, name: str, word: Outlined, custom: str) -> Element:
    element = SubElement(parent, tag, {"id": name} | ({"custom": custom} if custom else {}))
    points = " ".join(f"{round(x)},{round(y)}" for x, y in word.polygon)
    SubElement(element, "Coords", points=points)
    return element


def _add_text(element: Element, word: Outlined) -> None:
    unicode = SubElement(SubElement(element, "TextEquiv"), "Unicode")
    unicode.text = allowed(word.text)
