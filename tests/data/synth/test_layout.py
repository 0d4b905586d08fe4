"""Words on a flat sheet: height, strokes, missing glyphs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from spotter.data.synth.fonts import (
    SIZES,
    Face,
    _installed_families,
    cap_height,
    glyph,
    installed_fonts,
    stroke,
)
from spotter.data.synth.layout import MAX_STROKE, set_text, stroke_change
from spotter.data.synth.scene import STROKE_WEIGHT

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


@pytest.fixture(scope="module")
def faces() -> list[Face]:
    return [face for faces in installed_fonts("train").families for face in faces]


def _ink(face, weight: float) -> np.ndarray:
    return set_text(random.Random(0), face, [["HoE"]], 60.0, weight=weight).layers()


def test_words_have_the_requested_height(faces):
    face = faces[0]
    for height in (10.0, 25.0, 80.0):
        sheet = set_text(random.Random(0), face, [["HE"]], height)
        _, y1, _, y2 = sheet.words[0].box
        assert y2 - y1 == pytest.approx(height, rel=0.12, abs=1.0)
        assert cap_height(face, SIZES[0]) > 15


def test_a_missing_glyph_gives_no_sheet(faces):
    orbitron = [face for face in faces if face.family == "orbitron"]
    if not orbitron:
        pytest.skip("fontpkg-orbitron is not installed")
    assert glyph(orbitron[0], 32, "^") is None
    assert set_text(random.Random(0), orbitron[0], [["a^b"]], 20.0) is None


def test_strokes_are_made_thinner_and_thicker_and_words_stay_where_they_are(faces):
    faces = [face for face in faces if face.kind == "SANS_SERIF"]
    for face in faces[::5]:
        thin, plain, thick = (int(_ink(face, weight).sum()) for weight in (0.7, 1.0, 1.5))
        assert thin < 0.95 * plain, face
        assert plain <= thick, face  # fat ones are as fat as they may be
    assert sum(_ink(face, 1.5).sum() > 1.2 * _ink(face, 1.0).sum() for face in faces) > 0.5 * len(faces)
    words = [set_text(random.Random(0), faces[0], [["HoE"]], 60.0, weight=w).words[0] for w in (1.0, 1.5)]
    assert words[0].box.tolist() == words[1].box.tolist()


def test_hairlines_stay_and_fat_letters_stay_open(faces):
    for face in faces:
        plain, thin = (_ink(face, weight) for weight in (1.0, STROKE_WEIGHT[0]))
        assert thin.sum() > 0.5 * plain.sum(), face
        assert stroke(face, SIZES[2]) > 0
        assert stroke_change(face, SIZES[2], 9.0) <= max(0, MAX_STROKE / 2 * cap_height(face, SIZES[2]) + 1)
