"""Crops of regions for the list of changes, as data: addresses."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image

from spotter.images import read_image

MARGIN = 0.25  # of the region's height, on each side
HEIGHT = 80  # pixels: twice the size on screen, for high-density displays
MAX_WIDTH = 420
JPEG_QUALITY = 75


def crop(path: Path, polygon: Sequence[Sequence[float]]) -> str:
    """A JPEG of the region with a margin; "" if the file cannot be read or the region lies outside.

    `polygon`: pixels of the stored photo.
    """
    try:
        return _crop(path, tuple((float(x), float(y)) for x, y in polygon))
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=4096)
def _crop(path: Path, polygon: tuple[tuple[float, float], ...]) -> str:
    photo = _photo(path)
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    margin = MARGIN * (max(ys) - min(ys)) + 2
    left, top = max(0, int(min(xs) - margin)), max(0, int(min(ys) - margin))
    right, bottom = min(photo.width, int(max(xs) + margin) + 1), min(photo.height, int(max(ys) + margin) + 1)
    if right <= left or bottom <= top:
        return ""
    piece = photo.crop((left, top, right, bottom))
    scale = min(HEIGHT / piece.height, MAX_WIDTH / piece.width)
    piece = piece.resize((max(1, round(piece.width * scale)), max(1, round(piece.height * scale))))
    out = io.BytesIO()
    piece.save(out, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


@lru_cache(maxsize=2)
def _photo(path: Path) -> Image.Image:
    """Decoded once for all regions of it, which come one after another."""
    return Image.fromarray(read_image(path))
