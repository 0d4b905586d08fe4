"""Panels of pictures, which are linked on the page."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from spotter.explain import canvas


def test_panels_move_with_their_picture_into_tiles():
    small = canvas.linked(Image.new("RGB", (20, 10)), "photo", (0.5, 0.5))
    other = canvas.linked(Image.new("RGB", (20, 10)), "bins", box=(2, 3, 12, 8))
    picture = canvas.tiles([canvas.titled(small, "a"), other], 1, gap=6)
    first, second = canvas.panels_of(picture)
    assert first == canvas.Panel("photo", (0, 24, 20, 34), cell=(0.5, 0.5))
    assert second == canvas.Panel("bins", (2, 43, 12, 48))
    assert canvas.panels_of(small)[0].box == (0, 0, 20, 10)


def test_hangul_gets_a_font_that_has_it():
    runs = canvas.font_runs("M1 × 단어 − ok", 14)
    assert [part for part, _ in runs] == ["M1 × ", "단어", " − ok"]
    assert canvas.font_runs("", 14) == []
    (_, latin), (_, hangul), _ = runs
    assert (latin, hangul) == (canvas.font(14), canvas.hangul_font(14))
    missing = hangul.getmask("\uffff").getbbox()
    assert all(hangul.getmask(letter).getbbox() not in (missing, None) for letter in "단어")


@pytest.mark.parametrize("text", ["", "energy", "에너지 energy"])
@pytest.mark.parametrize(("anchor", "left"), [("la", 100), ("ma", 50), ("rm", 0)])
def test_text_is_written_at_its_place(text, anchor, left):
    picture = Image.new("L", (200, 40))
    width = canvas.text_width(text, 14)
    middle = 100 - (100 - left) / 100 * width
    canvas.write(ImageDraw.Draw(picture), (100, 12), text, 14, 255, anchor)
    found = picture.getbbox()
    assert (found is None) == (not text)
    if found:
        assert found[0] == pytest.approx(middle, abs=3)
        assert found[2] == pytest.approx(middle + width, abs=3)
