"""hOCR 1.2 (kba.github.io/hocr-spec): HTML with the boxes of lines and words."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

import numpy as np

from spotter.formats.photo_words import PhotoWords
from spotter.formats.reading_order import lines
from spotter.formats.xml_text import CREATOR, allowed, enclosing, pixels, to_text
from spotter.program import VERSION

DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
)
CAPABILITIES = "ocr_page ocr_line ocrx_word ocrp_wconf"


def render(image: np.ndarray, photo: PhotoWords) -> tuple[bytes, list[str]]:
    root = Element("html", xmlns="http://www.w3.org/1999/xhtml")
    head = SubElement(root, "head")
    SubElement(head, "title").text = allowed(photo.name)
    SubElement(head, "meta", {"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"})
    for name, content in (("system", f"{CREATOR} {VERSION}"), ("capabilities", CAPABILITIES)):
        SubElement(head, "meta", name=f"ocr-{name}", content=content)
    name = allowed(photo.name).replace('"', "%22")
    title = f'image "{name}"; bbox 0 0 {photo.width} {photo.height}; ppageno 0'
    page = SubElement(SubElement(root, "body"), "div", {"class": "ocr_page", "id": "page_1", "title": title})
    for number, words in enumerate(lines(photo.words), start=1):
        line = SubElement(
            page,
            "span",
            {"class": "ocr_line", "id": f"line_{number}", "title": _box(enclosing(words))},
        )
        for word in words:
            title = f"{_box(pixels(word.box))}; x_wconf {round(100 * word.reading_score)}"
            span = SubElement(line, "span", {"class": "ocrx_word", "id": f"word_{word.id}", "title": title})
            span.text = allowed(word.text)
    return to_text(root, DOCTYPE).encode(), []


def _box(values: list[int]) -> str:
    return "bbox " + " ".join(map(str, values))
