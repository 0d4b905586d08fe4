"""Stores in real SQLite files, and pictures."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from annotation.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(f"sqlite:///{tmp_path}/annotation.db") as opened:
        yield opened


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Bytes of a picture that differs by its seed; `orientation` is written into the EXIF block."""

    def make(seed: int = 0, size=(200, 100), form: str = "JPEG", orientation: int | None = None) -> bytes:
        small = np.random.default_rng(seed).integers(0, 255, (10, 20, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
        out, options = io.BytesIO(), {}
        if orientation:
            exif = Image.Exif()
            exif[0x0112] = orientation
            options["exif"] = exif
        image.save(out, form, **options)
        return out.getvalue()

    return make


@pytest.fixture
def image_id(store, picture) -> int:
    """An image of 200 x 100 pixels in the project "p"."""
    return store.add_image(store.project("p"), picture(), "photo.jpg")[0].id
