"""Fonts of a pack: subsets that draw what the installed ones draw."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("fontTools", reason="subsets of fonts: pip install -r requirements-train.txt")

from fontTools.ttLib import TTFont

from spotter.config import PRINTABLE
from spotter.data.pack_fonts import subset_font
from spotter.data.synth.fonts import SIZES, Face, _installed_families, glyph, installed_fonts, stroke

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


def faces() -> list[Face]:
    """One face of some families, and two instances of a variable font."""
    single = [family[0] for family in installed_fonts("train").families[:30:5]]
    variable = next(
        family
        for family in installed_fonts("train").families
        if len({f.path for f in family}) < len(family) > 1
    )
    return [*single, variable[0], variable[-1]]


def test_packed_fonts_draw_what_the_installed_ones_draw(tmp_path):
    for number, face in enumerate(faces()):
        content = subset_font(face, PRINTABLE)
        path = tmp_path / f"{number}.ttf"
        path.write_bytes(content)
        font = TTFont(io.BytesIO(content))
        assert "fvar" not in font
        assert set(font.getBestCmap()) <= set(map(ord, PRINTABLE))
        assert len(content) < 40_000
        copy = Face(face.family, str(path), None, face.kind)
        assert copy.caps_only == face.caps_only
        assert stroke(copy, SIZES[2]) == pytest.approx(stroke(face, SIZES[2]), rel=0.1)
        for character in PRINTABLE:
            one, other = (glyph(f, SIZES[2], character) for f in (face, copy))
            assert (one is None) == (other is None), (face, character)
            if one is not None:
                assert np.abs(np.subtract(one.mask.shape, other.mask.shape)).max() <= 3, (face, character)
                assert abs(one.left - other.left) + abs(one.top - other.top) <= 4
                assert abs(one.advance - other.advance) <= 2


def test_a_font_that_cannot_be_subset_is_packed_as_it_is(tmp_path):
    path = tmp_path / "type1.woff2"
    path.write_bytes(b"\x80\x01 a font of Type 1")
    assert subset_font(Face("old", str(path)), PRINTABLE) == path.read_bytes()
