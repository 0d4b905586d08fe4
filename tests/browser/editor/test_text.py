"""The text field of the selected word."""

from __future__ import annotations

import gradio as gr
import pytest

from tests.browser.editor.page import expect

pytestmark = pytest.mark.browser


def overlap(a: dict, b: dict) -> bool:
    across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
    return across and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_the_text_field_never_covers_its_word(editor, number):
    centre = [(200, 125), (430, 125), (300, 270), (660, 475)][number]
    editor.click(*centre)
    editor.click(*centre)
    field = editor.page.locator(".card input")
    expect(field).to_be_focused()
    for zoomed in (False, True):
        if zoomed:
            editor.page.locator(".card input").press("Enter")
            editor.press("z")
        assert not overlap(
            editor.page.locator(".card").bounding_box(), editor.word(number).locator(".line").bounding_box()
        )


def test_typed_text_replaces_text_and_reading_score(editor):
    editor.click(200, 125)
    editor.click(200, 125)
    editor.keys.type("Help")
    editor.press("Enter")
    region = editor.region(1)
    assert (region["text"], region["locked"], region["characters"]) == ("Help", True, [])
    assert region["reading_score"] is None
    assert editor.focused() == "w0"
    expect(editor.row(0).locator(".word-text")).to_have_text("Help")


def test_tab_saves_the_text_and_edits_the_next_word(editor):
    editor.click(200, 125)
    editor.press("Enter")
    editor.keys.type("one")
    editor.press("Tab")
    expect(editor.page.locator(".card input")).to_have_value("WORLD")
    editor.keys.type("two")
    editor.press("Shift+Tab")
    expect(editor.page.locator(".card input")).to_have_value("one")
    editor.keys.type("three")
    editor.press("Escape")
    texts = [r["text"] for r in editor.received(2)]
    assert texts[:2] == ["one", "two"]
    assert editor.focused() == "w0"


def test_who_may_only_look_goes_from_word_to_word(editor):
    editor.server.pushed = lambda: gr.update(value=editor.server.value(read_only=True))
    editor.push()
    field = editor.page.locator(".card input")
    expect(field).to_have_attribute("readonly", "")
    editor.click(200, 125)
    editor.press("Enter")
    editor.keys.type("one")
    editor.press("Tab")
    expect(field).to_have_value("WORLD")
    editor.press("Enter", "i")
    assert editor.announced() == "You can look at this photo, but not change it."
    assert editor.server.edits == []


def test_a_click_elsewhere_saves_the_text(editor):
    editor.row(1).locator(".word-text").click()
    editor.keys.type("kept")
    editor.page.get_by_role("button", name="Send", exact=True).click()
    assert editor.region(1, 1)["text"] == "kept"


def test_uncertain_characters_are_underlined(editor):
    assert editor.row(0).locator("u").all_text_contents() == ["LL"]
    assert editor.row(1).locator("u").count() == 0
    editor.click(200, 125)
    assert editor.page.locator(".preview u").all_text_contents() == ["LL"]
    editor.press("Enter")
    editor.keys.type("x")
    expect(editor.page.locator(".preview")).to_be_hidden()
