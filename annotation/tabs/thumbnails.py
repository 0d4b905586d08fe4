"""Thumbnails for lists, as data: addresses."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from spotter import decoding

MAX_SIDE = 96  # pixels: twice the size on screen, for high-density displays
JPEG_QUALITY = 70  # a few kilobytes each


@lru_cache(maxsize=2048)
def thumbnail(path: Path) -> str:
    """A JPEG; "" if the file cannot be read."""
    try:
        _, pixels = decoding.run(_shrink, path.read_bytes())
    except (OSError, decoding.ImageError):
        return ""
    assert pixels is not None
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def _shrink(data: bytes) -> decoding.Answer:
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as image:
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # decodes a JPEG at a small size
            small = image.convert("RGB")
            small.thumbnail((MAX_SIDE, MAX_SIDE))
    except OSError as error:
        raise decoding.ImageError(str(error)) from error
    return {}, np.asarray(small)
