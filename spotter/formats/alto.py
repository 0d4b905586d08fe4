"""ALTO XML, version 4.4 (loc.gov/standards/alto): lines and words in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from spotter.formats.photo_words import PhotoWords
from spotter.formats.reading_order import lines
from spotter.formats.xml_text import CREATOR, allowed, enclosing, pixels, to_text
from spotter.program import VERSION
from spotter.types import Word

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"


def render(image: np.ndarray, photo: PhotoWords) -> tuple[bytes, list[str]]:
    root = Element("alto", {"xmlns": NAMESPACE, "SCHEMAVERSION": "4.4"})
    description = SubElement(root, "Description")
    SubElement(description, "MeasurementUnit").text = "pixel"
    source = SubElement(description, "sourceImageInformation")
    SubElement(source, "fileName").text = allowed(photo.name)
    software = SubElement(SubElement(description, "Processing", ID="processing"), "processingSoftware")
    SubElement(software, "softwareName").text = CREATOR
    SubElement(software, "softwareVersion").text = VERSION
    size = {"WIDTH": str(photo.width), "HEIGHT": str(photo.height)}
    page = SubElement(SubElement(root, "Layout"), "Page", {"ID": "page", "PHYSICAL_IMG_NR": "1"} | size)
    space = SubElement(page, "PrintSpace", {"HPOS": "0", "VPOS": "0"} | size)
    if photo.words:
        block = SubElement(space, "TextBlock", {"ID": "text"} | _place(enclosing(photo.words)))
        for number, words in enumerate(lines(photo.words), start=1):
            _add_line(block, f"line_{number}", words)
    return to_text(root).encode(), []


def _add_line(block: Element, name: str, words: Sequence[Word]) -> None:
    line = SubElement(block, "TextLine", {"ID": name} | _place(enclosing(words)))
    for i, word in enumerate(words):
        if i:
            SubElement(line, "SP")
        about = {"ID": f"word_{word.id}"} | _place(pixels(word.box))
        about |= {"CONTENT": allowed(word.text), "WC": f"{word.reading_score:.2f}"}
        shape = SubElement(SubElement(line, "String", about), "Shape")
        points = " ".join(f"{round(x)},{round(y)}" for x, y in word.polygon)
        SubElement(shape, "Polygon", POINTS=points)


def _place(box: list[int]) -> dict[str, str]:
    x1, y1, x2, y2 = box
    return {"HPOS": str(x1), "VPOS": str(y1), "WIDTH": str(x2 - x1), "HEIGHT": str(y2 - y1)}
