"""Zooming and moving the photo."""

from __future__ import annotations

import math

import pytest

pytestmark = pytest.mark.browser


def test_zoom_and_pan(editor):
    whole = editor.view_box()
    editor.focus()
    editor.press("+")
    near = editor.view_box()
    assert math.isclose(near[2], whole[2] / 1.5, rel_tol=1e-6)
    editor.press("ArrowRight")
    assert editor.view_box()[0] > near[0]
    x, y = editor.at(400, 300)
    editor.wheel((400, 300), -200)
    assert math.dist(editor.at(400, 300), (x, y)) < 0.6  # the point under the pointer stays
    before = editor.view_box()
    editor.keys.down("Space")
    editor.drag((300, 270), (330, 290))  # starts on a word
    editor.keys.up("Space")
    after = editor.view_box()
    assert math.isclose(before[0] - after[0], 30, abs_tol=1)
    assert math.isclose(before[1] - after[1], 20, abs_tol=1)
    editor.drag((450, 380), (440, 370))
    assert math.isclose(editor.view_box()[0] - after[0], 10, abs_tol=1)
    editor.press("0")
    assert editor.view_box() == whole
    editor.press("-")
    assert editor.view_box() == whole
    editor.press("Tab", "Tab", "z")
    box_of_word = editor.word(1).locator(".line").bounding_box()
    assert box_of_word["width"] > 0.6 * editor.photo.bounding_box()["width"]
    assert editor.server.edits == []


def test_handles_keep_their_size_on_the_screen(editor):
    editor.select(0)
    size = editor.page.locator(".corner circle").first.bounding_box()["width"]
    editor.press("+", "+")
    assert math.isclose(
        editor.page.locator(".corner circle").first.bounding_box()["width"], size, abs_tol=0.5
    )
