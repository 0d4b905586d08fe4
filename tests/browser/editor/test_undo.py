"""Undo and redo."""

from __future__ import annotations

import pytest

from tests.browser.editor.page import expect
from tests.browser.editor.words import box, some_words, word

pytestmark = pytest.mark.browser


def test_undo_and_redo_restore_every_state(editor):
    start, states = some_words(), []

    def step() -> None:
        states.append(editor.received(len(states) + 1))

    editor.select(0)
    editor.drag((330, 160), (340, 170))
    step()
    editor.drag((200, 125), (220, 140))
    step()
    editor.do("illegible")
    step()
    editor.do("split")
    editor.click(230, 140)
    step()
    editor.do("merge")
    editor.click(430, 125)
    step()
    editor.do("duplicate")
    step()
    editor.do("remove")
    step()
    editor.row(2).locator(".word-text").click()
    editor.keys.type("text")
    editor.press("Enter")
    step()
    editor.do("box")
    editor.drag((600, 300), (720, 340))
    step()
    editor.press("Escape")
    count = len(states)
    history = [start, *states]
    for i in range(count):
        editor.press("Control+z")
        assert editor.received(count + i + 1) == history[-2 - i]
    assert editor.server.edits[-1]["regions"] == start
    editor.press("Control+z")
    assert editor.announced() == "Nothing to undo"
    for i in range(count):
        editor.press("Control+y" if i % 2 else "Control+Shift+z")
        assert editor.received(2 * count + i + 1) == history[i + 1]


def test_words_that_arrive_cannot_be_undone(open_editor):
    """The photo was opened before it was read."""
    editor = open_editor([])
    undo = editor.page.locator(".bar [data-do=undo]")
    editor.server.pushed = lambda: editor.server.value(regions=some_words(), version=1)
    editor.push()
    expect(editor.page.locator(".word")).to_have_count(4)
    expect(undo).to_have_attribute("aria-disabled", "true")
    editor.focus()
    editor.press("Control+z")
    assert editor.announced() == "Nothing to undo"
    assert editor.send()["regions"] == some_words()


def test_undo_and_redo_concern_only_what_was_done_here(editor):
    """A word was typed; then the app took one word away, added one and corrected another."""
    editor.select(0)
    editor.press("Enter")
    editor.keys.type("typed")
    editor.press("Enter")
    typed, corrected, _, kept = editor.received(1)
    new = [typed, corrected | {"text": "corrected"}, kept, word(9, box(10, 10, 90, 40), "NEW")]
    editor.server.pushed = lambda: editor.server.value(regions=new, version=2, revision=1)
    editor.push()
    expect(editor.word(9)).to_be_visible()
    editor.focus()
    editor.press("Control+z")
    texts = [region["text"] for region in editor.received(2)]
    assert texts == ["HELLO", "corrected", "mine", "NEW"]
    editor.press("Control+z")
    assert editor.announced() == "Nothing to undo"
    editor.press("Control+y")
    assert [region["text"] for region in editor.received(3)] == ["typed", "corrected", "mine", "NEW"]


def test_a_deletion_that_was_brought_back_is_no_step_any_more(editor):
    editor.focus()
    editor.press("Control+a", "Delete")
    assert editor.received(1) == []
    editor.server.pushed = lambda: editor.server.value(regions=some_words(), version=3, revision=1)
    editor.push()
    expect(editor.page.locator(".word")).to_have_count(4)
    expect(editor.page.locator(".bar [data-do=undo]")).to_have_attribute("aria-disabled", "true")
    editor.select(1)
    editor.do("illegible")
    assert [region["illegible"] for region in editor.received(2)] == [False, True, False, False]
    editor.press("Control+z")
    assert editor.received(3) == some_words()
