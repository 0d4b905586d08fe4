"""Fixtures of the evaluation's tests."""

from __future__ import annotations

import pytest
from PIL import Image


@pytest.fixture
def photo(tmp_path, photographs):
    """A photo of 256 x 192 pixels, as a file."""
    Image.fromarray(photographs[0]).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"
