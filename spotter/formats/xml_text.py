"""What the formats in XML share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, indent, tostring

from spotter.types import Word

CREATOR = "SwinTextSpotter, opened up"
# Control characters and others that XML cannot contain in any form.
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def allowed(text: str) -> str:
    return FORBIDDEN.sub("", text)


def to_text(root: Element, start: str = "") -> str:
    """The file, with `start` after its declaration."""
    indent(root)
    text = tostring(root, "unicode").replace("\r", "&#13;")  # else a reader takes it for a line break
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{start}{text}\n'


def pixels(box: Iterable[float]) -> list[int]:
    return [round(value) for value in box]


def enclosing(words: Iterable[Word]) -> list[int]:
    """The box around words."""
    x1, y1, x2, y2 = zip(*(word.box for word in words), strict=True)
    return pixels((min(x1), min(y1), max(x2), max(y2)))
