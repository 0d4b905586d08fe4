"""The list of words and its flags."""

from __future__ import annotations

import pytest

from tests.browser.editor.page import expect, with_class
from tests.browser.editor.words import some_words

pytestmark = pytest.mark.browser


def test_unsure_first_orders_the_list(editor):
    editor.page.get_by_label("Unsure first").check()
    ids = editor.page.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.id)")
    assert ids == ["w1", "w0", "w2", "w3"]
    editor.page.get_by_label("Unsure first").uncheck()
    ids = editor.page.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.id)")
    assert ids == ["w0", "w1", "w2", "w3"]


def test_flags_are_set_by_bar_and_by_list(editor):
    editor.select(0)
    editor.do("illegible")
    assert editor.region(1)["illegible"]
    expect(editor.page.locator(".bar [data-do=illegible]")).to_have_attribute("aria-pressed", "true")
    expect(editor.word(0)).to_have_class(with_class("illegible"))
    editor.row(1).locator("[data-row=difficult]").click()
    assert editor.region(2, 1)["difficult"]
    editor.row(1).locator("[data-row=difficult]").click()
    assert not editor.region(3, 1)["difficult"]


def test_checked_words_are_marked_and_stay_checked(editor):
    assert "locked" in editor.word(3).get_attribute("class")
    assert "checked, locked" in editor.word(3).get_attribute("aria-label")
    expect(editor.word(3).locator(".badge")).to_be_visible()
    expect(editor.word(0).locator(".badge")).to_be_hidden()
    assert (
        editor.word(3).locator(".line").evaluate("node => getComputedStyle(node).stroke")
        == "rgb(255, 255, 255)"
    )
    expect(editor.row(3).locator(".number svg")).to_be_visible()
    editor.select(0)
    editor.do("lock")
    assert editor.region(1) == some_words()[0] | {"locked": True}
    editor.do("lock")  # once checked, always checked: no second edit
    editor.do("undo")
    assert editor.region(2) == some_words()[0]


def test_the_keyboard_uses_the_list(editor):
    editor.row(0).locator(".word-text").focus()
    editor.press("ArrowDown", "ArrowDown")
    expect(editor.row(2)).to_have_class("selected")
    editor.press("Enter")
    editor.keys.type("listed")
    editor.press("Enter")
    assert editor.region(1, 2)["text"] == "listed"
    expect(editor.row(2).locator(".word-text")).to_be_focused()
    editor.row(1).locator("[data-row=remove]").focus()
    editor.press("Enter")
    assert [r["id"] for r in editor.received(2)] == ["w0", "w2", "w3"]
    expect(editor.row(2).locator("[data-row=remove]")).to_be_focused()
