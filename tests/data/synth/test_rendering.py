"""Painting of blocks."""

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
from spotter.data.synth.rendering import draw_block, occlude
from spotter.data.synth.warp import Warp, sheet_outline

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


@pytest.fixture(scope="module")
def faces() -> list[Face]:
    return [face for faces in installed_fonts("train").families for face in faces]


@pytest.fixture
def block(faces):
    """A level word in the middle of an image of 100 x 200 pixels."""
    sheet = set_text(random.Random(0), faces[0], [["Word"]], 24.0)
    shift = np.array([[1, 0, 100], [0, 1, 50], [0, 0, 1.0]])
    return sheet, Warp(np.array(sheet.size) / 2, shift)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_ink_contrasts_with_the_background(block, level):
    sheet, warp = block
    ink, _ = warp.layers(sheet, (0, 0, 200, 100))
    for seed in range(10):
        image = np.full((100, 200, 3), level, np.uint8)
        draw_block(random.Random(seed), image, sheet, warp, None, 0.0)
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)
        assert abs(gray[ink > 250].mean() - level) > 30
        assert (image[:10] == level).all()
        assert (image[-10:] == level).all()


def test_ink_contrasts_with_its_sign(block):
    sheet, warp = block
    ink, _ = warp.layers(sheet, (0, 0, 200, 100))
    panel = warp(sheet_outline(sheet.size, 6))
    image = np.full((100, 200, 3), 128, np.uint8)
    draw_block(random.Random(1), image, sheet, warp, panel, 0.0)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)
    x, y = panel.min(0).astype(int) + 3
    assert abs(gray[y, x] - 128) > 8
    assert abs(gray[ink > 250].mean() - gray[y, x]) > 30


def test_a_block_outside_the_image_changes_nothing(block):
    sheet, warp = block
    image = np.full((100, 200, 3), 128, np.uint8)
    draw_block(random.Random(0), image, sheet, warp.moved(500, 0), None, 1.0)
    assert (image == 128).all()


def test_occlusion_hides_little_of_a_block(block):
    sheet, warp = block
    for seed in range(10):
        image = np.full((100, 200, 3), 128, np.uint8)
        occlude(random.Random(seed), image, sheet, warp)
        x1, y1, x2, y2 = (
            int(v) for v in (*warp(sheet_outline(sheet.size)).min(0), *warp(sheet_outline(sheet.size)).max(0))
        )
        hidden = (image[y1:y2, x1:x2] != 128).any(-1).mean()
        assert hidden < 0.35
