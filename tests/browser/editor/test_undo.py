"""Undo and redo."""

from __future__ import annotations

import pytest

from tests.browser.editor.words import some_words

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
