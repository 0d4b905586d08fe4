"""Panels of pictures, which are linked on the page."""

from __future__ import annotations

from PIL import Image

from spotter.explain import canvas


def test_panels_move_with_their_picture_into_tiles():
    small = canvas.linked(Image.new("RGB", (20, 10)), "photo", (0.5, 0.5))
    other = canvas.linked(Image.new("RGB", (20, 10)), "bins", box=(2, 3, 12, 8))
    picture = canvas.tiles([canvas.titled(small, "a"), other], 1, gap=6)
    first, second = canvas.panels_of(picture)
    assert first == canvas.Panel("photo", (0, 24, 20, 34), cell=(0.5, 0.5))
    assert second == canvas.Panel("bins", (2, 43, 12, 48))
    assert canvas.panels_of(small)[0].box == (0, 0, 20, 10)
