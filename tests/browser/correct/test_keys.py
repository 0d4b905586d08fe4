"""Keys from the moment the tab opens, and how many a photo needs."""

from __future__ import annotations

import pytest

from annotation.region import Region
from tests.browser.correct.page import HOUSE, expect, wait_for

pytestmark = pytest.mark.browser

TEXTS = ["ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN"]


def words(number: int) -> list[Region]:
    """Seven in a row, in reading order."""
    return [
        Region(
            [[10 + 55 * i, 40], [50 + 55 * i, 40], [50 + 55 * i, 60], [10 + 55 * i, 60]],
            text,
            f"{number}-{i}",
        )
        for i, text in enumerate(TEXTS)
    ]


def test_keys_go_to_the_photo_as_soon_as_the_tab_is_open(app, open_tab):
    for number in (1, 2):
        app.put(number, Region(HOUSE, f"house {number}", f"h{number}"))
    tab = open_tab()
    title, keys = tab.page.locator("#correct-title"), tab.page.keyboard
    correct = tab.page.get_by_role("tab", name="Correct")
    expect(tab.row("house")).to_be_visible()
    expect(correct).to_be_focused()
    scrolled = tab.page.evaluate("scrollY")
    keys.press("PageDown")
    expect(title).to_contain_text("2 of 2")
    assert tab.page.evaluate("scrollY") == scrolled
    correct.focus()
    keys.press("Control+a")
    expect(tab.editor.locator("tr.selected")).to_have_count(1)
    assert tab.page.evaluate("String(getSelection())") == ""
    keys.press("Escape")
    correct.focus()
    keys.press("q")
    expect(tab.editor.locator(".editor")).to_have_attribute("data-tool", "box")
    name = tab.page.get_by_label("Your name")  # a text field keeps its keys
    name.fill("An")
    name.press("q")
    name.press("PageUp")
    expect(name).to_have_value("Anq")
    expect(title).to_contain_text("2 of 2")


def test_the_tab_key_reaches_the_photo_in_three_presses(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    expect(tab.row("house")).to_be_visible()
    keys = tab.page.keyboard
    keys.press("Tab")
    skip = tab.page.get_by_role("button", name="To the photo")
    expect(skip).to_be_focused()
    keys.press("Enter")
    expect(tab.photo).to_be_focused()
    keys.press("Tab")
    expect(tab.editor.locator("tr.selected")).to_contain_text("house")


def test_seven_words_of_which_two_are_wrong_take_seven_keys(app, open_tab):
    """And the letters. The photo before was left from its text field, so typing goes on here."""
    for number in (1, 2):
        app.put(number, *words(number))
    tab = open_tab()
    title, keys = tab.page.locator("#correct-title"), tab.page.keyboard
    expect(tab.editor.locator("tbody tr")).to_have_count(7)
    first = title.inner_text().split(" (")[0]
    tab.photo.focus()
    keys.press("Enter")  # the first photo has no text field open: one key more
    keys.press("Control+Enter")
    expect(title).to_contain_text("2 of 2")
    second = title.inner_text().split(" (")[0]
    expect(tab.field).to_be_focused()
    pressed = 0
    for i in range(7):
        expect(tab.field).to_have_value(TEXTS[i])
        if i in (1, 4):
            keys.type(f"right {i}")
        keys.press("Tab" if i < 6 else "Control+Enter")
        pressed += 1
    assert pressed == 7
    wait_for(lambda: app.image(second).state == "done")
    assert first != second
    wanted = ["ONE", "right 1", "THREE", "FOUR", "right 4", "SIX", "SEVEN"]
    assert sorted(region.text for region in app.regions(second)) == sorted(wanted)
