"""Bends and warps: polygons follow the ink."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from spotter.data.synth.fonts import (
    Face,
    _installed_families,
    installed_fonts,
)
from spotter.data.synth.layout import set_text
from spotter.data.synth.warp import Bend, Warp, box_outline

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


@pytest.fixture(scope="module")
def faces() -> list[Face]:
    return [face for faces in installed_fonts("train").families for face in faces]


@pytest.mark.parametrize("bend", [None, Bend("arc", 90.0), Bend("arc", -90.0), Bend("wave", 8.0, 160.0, 0.4)])
def test_polygons_are_tight_around_the_ink(bend, faces):
    face = next(face for face in faces if not face.caps_only)
    sheet = set_text(random.Random(0), face, [["Spotting"]], 30.0)
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle), 160], [np.sin(angle), np.cos(angle), 160], [0, 0, 1]])
    warp = Warp(np.array(sheet.size) / 2, turn, bend)
    ink, _ = warp.layers(sheet, (0, 0, 320, 320))
    polygon = warp.polygon(sheet.words[0])
    mask = np.zeros((320, 320), np.uint8)
    # Pixel (0, 0) covers 0..1, fillPoly has its centre at 0.
    cv2.fillPoly(mask, [np.round((polygon - 0.5) * 16).astype(np.int32)], 1, shift=4)
    assert ink[mask == 0].sum() < 0.01 * ink.sum()
    if bend is None:
        rows, columns = np.nonzero(ink > 100)
        points = np.stack([columns, rows], 1) + 0.5
        along = points @ [np.cos(angle), np.sin(angle)], points @ [-np.sin(angle), np.cos(angle)]
        corners = polygon @ [np.cos(angle), np.sin(angle)], polygon @ [-np.sin(angle), np.cos(angle)]
        for ink_side, side in zip(along, corners, strict=True):
            assert abs(ink_side.min() - side.min()) < 4
            assert abs(ink_side.max() - side.max()) < 4


def test_bends_are_undone_by_their_inverse():
    points = box_outline(-60, -10, 60, 10, 9).astype(np.float64)
    for bend in (Bend("arc", 70.0), Bend("arc", -70.0), Bend("wave", 6.0, 100.0, 1.0)):
        bent = bend.forward(points)
        assert np.allclose(np.stack(bend.inverse(bent[:, 0], bent[:, 1]), 1), points, atol=1e-6)
