"""Small pictures for lists, as data: addresses."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

SIDE = 96  # pixels: twice of what is shown, for dense screens


@lru_cache(maxsize=2048)
def thumbnail(path: Path) -> str:
    """A JPEG of a few kilobytes; "" when the file is gone."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (SIDE, SIDE))  # a JPEG is decoded small at once
            small = image.convert("RGB")
            small.thumbnail((SIDE, SIDE))
    except OSError:
        return ""
    out = io.BytesIO()
    small.save(out, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
