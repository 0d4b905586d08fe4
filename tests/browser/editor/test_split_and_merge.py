"""Splitting, merging, duplicating and deleting words."""

from __future__ import annotations

import math

import pytest

from tests.browser.editor.words import box, close_to

pytestmark = pytest.mark.browser


def test_a_word_is_split_at_the_click(editor):
    editor.select(0)
    editor.do("split")
    editor.click(186, 125)
    first, second = editor.received(1)[:2]
    assert (first["id"], first["text"], second["text"]) == ("w0", "HE", "LLO")
    assert math.isclose(first["points"][1][0], 186, abs_tol=2.5)
    assert first["points"][1] == second["points"][0]
    assert first["points"][2] == second["points"][3]
    assert second["origin"] == "person"


def test_a_curved_word_is_split_across_its_band_at_the_space(editor):
    editor.select(2)
    editor.do("split")
    editor.click(300, 270)
    words = [r for r in editor.received(1) if r["text"] in ("ROUND", "SIGN")]
    assert len(words) == 2
    assert all(len(r["points"]) == 8 for r in words)
    shared = set(map(tuple, words[0]["points"])) & set(map(tuple, words[1]["points"]))
    assert shared == {(300, 240), (300, 300)}


@pytest.mark.parametrize("how", ["shift click", "pick", "list"])
def test_two_words_are_merged_in_reading_order(editor, how):
    editor.select(1)
    if how == "shift click":
        editor.keys.down("Shift")
        editor.click(200, 125)
        editor.keys.up("Shift")
        editor.do("merge")
    else:
        editor.do("merge")
        if how == "pick":
            editor.click(200, 125)
        else:
            editor.row(0).locator(".number").click()
    merged = editor.region(1)
    assert len(editor.received(1)) == 3
    assert merged["text"] == "HELLOWORLD"  # 10 pixels apart, 70 high: pieces of one word
    assert close_to(merged["points"], box(90, 90, 520, 160))


def test_distant_words_are_merged_with_a_space_and_their_hull(editor):
    editor.select(1)
    editor.do("merge")
    editor.click(660, 475)
    merged = editor.region(1, 1)
    assert merged["text"] == "WORLD mine"
    assert close_to(merged["points"], [[340, 90], [520, 90], [760, 450], [760, 500], [560, 500], [340, 160]])


def test_duplicate_and_delete(editor):
    editor.select(0)
    editor.do("duplicate")
    copy = editor.newest(1)
    assert (copy["text"], copy["origin"], copy["locked"]) == ("HELLO", "person", True)
    dx, dy = copy["points"][0][0] - 90, copy["points"][0][1] - 90
    assert dx == dy > 0
    assert close_to(copy["points"], [[x + dx, y + dy] for x, y in box(90, 90, 330, 160)])
    editor.do("remove")
    assert [r["id"] for r in editor.received(2)] == ["w0", "w1", "w2", "w3"]
    editor.row(1).locator("[data-row=remove]").click()
    assert [r["id"] for r in editor.received(3)] == ["w0", "w2", "w3"]
