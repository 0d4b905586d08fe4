"""Selecting words by mouse and keyboard."""

from __future__ import annotations

import pytest

from tests.browser.editor.page import expect, with_class

pytestmark = pytest.mark.browser


def test_a_click_selects_and_the_list_follows(editor):
    editor.click(430, 125)
    expect(editor.row(1)).to_have_class("selected")
    editor.row(2).locator(".number").click()
    expect(editor.word(2)).to_have_class(with_class("selected"))
    expect(editor.word(1)).not_to_have_class(with_class("selected"))
    editor.click(600, 300)
    expect(editor.page.locator(".word.selected")).to_have_count(0)
    assert editor.server.edits == []


def test_tab_and_arrows_go_through_words_in_reading_order(editor):
    editor.focus()
    seen = []
    for _ in range(4):
        editor.press("Tab")
        seen.append(editor.focused())
    assert seen == ["w0", "w1", "w2", "w3"]
    editor.press("ArrowLeft", "ArrowUp")
    assert editor.focused() == "w1"
    editor.press("ArrowDown", "Shift+Tab", "Home")
    assert editor.focused() == "w0"
    editor.press("End")
    assert editor.focused() == "w3"
    expect(editor.row(3)).to_have_class("selected")
    editor.press("Escape")
    assert editor.focused() == "photo"
    editor.press("Tab")  # out of the photo
    assert not editor.page.evaluate("document.querySelector('svg.photo').contains(document.activeElement)")


def test_shift_tab_leaves_at_the_first_word(editor):
    editor.focus()
    editor.press("Tab", "Shift+Tab", "Shift+Tab")
    assert not editor.page.evaluate("document.querySelector('svg.photo').contains(document.activeElement)")
