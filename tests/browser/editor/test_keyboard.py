"""Everything without a mouse."""

from __future__ import annotations

import pytest

from tests.browser.editor.page import expect
from tests.browser.editor.words import box, some_words

pytestmark = pytest.mark.browser


def test_the_keyboard_moves_words_and_corners(editor):
    editor.focus()
    editor.press("Tab", "m", "ArrowRight", "Shift+ArrowDown", "Enter")
    assert editor.region(2)["points"] == box(91, 100, 331, 170)
    editor.press("v", "Tab", "ArrowUp")
    assert editor.focused() == "corner 1"
    assert editor.region(3)["points"][1] == [331, 99]
    editor.press("n")
    assert editor.region(4)["points"][2] == [331, 134.5]
    assert editor.focused() == "corner 2"
    editor.press("Delete")
    assert editor.region(5)["points"] == [[91, 100], [331, 99], [331, 170], [91, 170]]
    editor.press("Shift+Tab", "Escape")
    assert editor.focused() == "w0"


def test_a_held_key_is_one_edit(editor):
    editor.focus()
    editor.press("Tab", "m")
    for _ in range(5):
        editor.keys.down("ArrowRight")
    editor.keys.up("ArrowRight")
    assert editor.region(1)["points"] == box(95, 90, 335, 160)
    editor.press("Enter", "Control+z")
    assert editor.received(2) == some_words()


def test_the_keyboard_draws(editor):
    editor.focus()
    editor.press("q")
    for keys in (
        ["Space"],
        ["Shift+ArrowRight", "Space"],
        ["Shift+ArrowDown", "Space"],
        ["Shift+ArrowLeft", "Space"],
    ):
        editor.press(*keys)
    points = editor.newest(1)["points"]
    x, y = points[0]
    assert points == box(x, y, x + 10, y + 10)
    editor.press("Escape", "p")
    editor.press("Space", *["Shift+ArrowRight"] * 3, "Space", *["Shift+ArrowDown"] * 2, "Space", "Enter")
    points = editor.newest(2)["points"]
    x, y = points[0]
    assert points == [[x, y], [x + 30, y], [x + 30, y + 20]]
    editor.press("Escape", "b")
    editor.press("Space", *["Shift+ArrowRight"] * 3, "Space", "Enter")
    editor.press(*["Shift+ArrowDown"] * 2, "Space", *["Shift+ArrowLeft"] * 3, "Space", "Enter")
    points = editor.newest(3)["points"]
    x, y = points[0]
    assert points == box(x, y, x + 30, y + 20)


def test_the_keyboard_edits_words(editor):
    editor.focus()
    editor.press("Tab", "Enter")
    editor.keys.type("typed")
    editor.press("Enter", "i", "f", "l")
    assert editor.announced() == "Checked already"  # an edit checks a word, and that is not taken back
    region = editor.region(3)
    assert (region["text"], region["illegible"], region["difficult"], region["locked"]) == (
        "typed",
        True,
        True,
        True,
    )
    editor.press("ArrowRight", "l")
    assert [r["locked"] for r in editor.received(4)][:3] == [True, True, False]
    editor.press("ArrowLeft", "s", "ArrowLeft", "Shift+ArrowLeft", "Enter")
    assert [r["text"] for r in editor.received(5)][:2] == ["ty", "ped"]
    assert editor.focused() == "w0"
    editor.press("j", "ArrowRight")
    assert editor.announced().startswith("Merge with ped?")
    editor.press("Enter")
    assert editor.region(6)["text"] == "typed"
    editor.press("Shift+ArrowRight", "j")
    assert editor.region(7)["text"] == "typedWORLD"
    editor.press("d")
    assert len(editor.received(8)) == 4
    editor.press("Delete", "Home", "Delete")
    assert [r["id"] for r in editor.received(10)] == ["w2", "w3"]
    assert editor.focused() == "w2"
    editor.press(*["Control+z"] * 10)
    assert editor.received(20) == some_words()


def test_the_help_dialog_lists_the_keys(editor):
    editor.focus()
    editor.press("?")
    sheet = editor.page.locator("dialog")
    expect(sheet).to_be_visible()
    for key in ("Ctrl Z", "q", "s", "j", "Esc"):
        assert sheet.get_by_text(key, exact=True).count()
    editor.press("Escape")
    expect(sheet).to_be_hidden()


def test_keys_work_where_they_mean_nothing_else(editor):
    """As on the tab that has just been opened."""
    button = editor.page.get_by_role("button", name="Send", exact=True)
    button.focus()
    editor.press("q")
    expect(editor.page.locator(".editor")).to_have_attribute("data-tool", "box")
    assert editor.focused() == "photo"
    editor.press("Escape")
    button.focus()
    editor.press("Control+a")
    expect(editor.page.locator("tr.selected")).to_have_count(4)
    assert editor.announced() == "4 words selected"
    assert editor.page.evaluate("String(getSelection())") == ""
    button.focus()
    editor.press("Delete")  # it might be meant for what has the focus
    expect(editor.page.locator("tr.selected")).to_have_count(4)


def test_control_a_chooses_the_text_while_typing(editor):
    editor.select(0)
    editor.press("Enter", "End", "Control+a")
    expect(editor.page.locator("tr.selected")).to_have_count(1)
    editor.keys.type("new")
    editor.press("Enter")
    assert editor.region(1)["text"] == "new"


def test_who_types_goes_on_typing_on_the_next_photo(editor):
    """Enter opens the first text; Tab goes on; the key for the next photo leads to its first text."""
    editor.server.pushed = lambda: editor.server.value("next")
    editor.focus()
    editor.press("Enter")
    field = editor.page.locator(".card input")
    expect(field).to_have_value("HELLO")
    editor.keys.type("last")
    editor.page.locator(".editor").evaluate("node => node.dispatchEvent(new Event('leave-photo'))")
    assert editor.region(1)["text"] == "last"
    assert editor.focused() == "photo"
    editor.push()
    expect(field).to_be_focused()
    expect(field).to_have_value("HELLO")
