"""Suggestions and values that Python sends for the open photo."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.editor import RegionEditor
from tests.browser.editor.page import expect
from tests.browser.editor.words import box, close_to, offered, some_words, word

pytestmark = pytest.mark.browser


def test_a_suggestion_is_used_or_dismissed(open_editor):
    editor = open_editor(offered())
    expect(editor.row(1).locator(".offered")).to_have_text("→ WORDS")
    editor.click(430, 125)
    expect(editor.page.locator(".offer .suggested")).to_have_text("Spotter reads WORDS 91 %")
    editor.page.get_by_role("button", name="Use the suggestion WORDS").click()
    region = editor.region(1, 1)
    assert (region["text"], region["reading_score"], region["suggestion"], region["locked"]) == (
        "WORDS",
        0.91,
        None,
        True,
    )
    assert editor.focused() == "w1"
    editor.press("Control+z")
    assert editor.region(2, 1)["suggestion"]["text"] == "WORDS"
    editor.press("r")
    region = editor.region(3, 1)
    assert (region["text"], region["suggestion"], region["locked"]) == ("WORLD", None, True)
    editor.press("Control+z", "a")
    assert editor.region(5, 1)["text"] == "WORDS"


def test_suggestions_apply_only_to_the_shape_that_was_read(editor):
    def reread(value: dict) -> dict:
        """Reads w0 as it is now, and w1 as it was before."""
        points = value["regions"][0]["points"]
        items = [
            {"id": "w0", "text": "HALLO", "score": 0.7, "points": points},
            {"id": "w1", "text": "STALE", "score": 0.7, "points": box(1, 1, 9, 9)},
            {"id": "w2", "text": "ROUND SIGN", "score": 0.7},
            {"id": "nobody", "text": "x", "score": 0.7},
        ]
        return RegionEditor.state("saved", value) | RegionEditor.suggest(value["image_id"], items)

    editor.server.answer = reread
    editor.select(0)
    editor.drag((330, 160), (340, 170))
    expect(editor.page.locator(".offer b:visible")).to_have_text("HALLO")
    expect(editor.page.locator("tbody .offered:visible")).to_have_count(1)
    expect(editor.page.locator(".pill")).to_have_text("Saved")
    editor.press("Control+z")  # a suggestion is no step of the history
    assert editor.region(2) == some_words()[0]


def test_a_suggestion_does_not_change_the_text_being_typed(editor):
    items = [{"id": "w0", "text": "HALLO", "score": 0.7}]
    editor.server.pushed = lambda: RegionEditor.suggest(editor.server.photo, items)
    editor.click(200, 125)
    editor.press("Enter")
    editor.keys.type("typing")
    editor.push()
    expect(editor.page.locator(".offer b:visible")).to_have_text("HALLO")
    expect(editor.page.locator(".card input")).to_have_value("typing")
    expect(editor.page.locator(".card input")).to_be_focused()
    editor.press("Enter")
    region = editor.region(1)
    assert (region["text"], region["suggestion"]["text"]) == ("typing", "HALLO")


def test_a_suggestion_is_used_while_typing(open_editor):
    editor = open_editor(offered())
    editor.select(1)
    editor.press("Enter")
    expect(editor.page.locator(".card input")).to_be_focused()
    editor.press("Alt+a")
    assert editor.region(1, 1)["text"] == "WORDS"
    expect(editor.page.locator(".card input")).to_have_value("WORDS")
    expect(editor.page.locator(".card input")).to_be_focused()
    editor.press("Enter", "Control+z", "Enter", "Alt+r")
    region = editor.region(3, 1)
    assert (region["text"], region["suggestion"]) == ("WORLD", None)


def test_an_old_value_does_not_undo_newer_edits(editor):
    """Python answers the first edit when the second has been made."""
    words = some_words()
    words[1]["suggestion"] = {"text": "WORDS", "score": 0.9}
    words[2]["suggestion"] = {"text": "SOUND SIGN", "score": 0.9}
    editor.server.pushed = lambda: editor.server.value(regions=words, revision=0)
    editor.select(1)
    editor.drag((520, 160), (530, 170))
    editor.received(1)
    editor.push()
    expect(editor.row(2).locator(".offered")).to_have_text("→ SOUND SIGN")
    expect(editor.row(1).locator(".offered")).to_be_hidden()  # its shape has changed since
    assert close_to(editor.send()["regions"][1]["points"][2:3], [[530, 170]])


def test_a_value_that_arrives_during_a_drag_is_postponed(editor):
    words = some_words()
    words[3]["text"] = "yours"
    arrived = RegionEditor.state("saving", None, "arrived")  # shown once the value has come too
    editor.server.pushed = lambda: gr.update(value=editor.server.value(regions=words, revision=0)) | arrived
    editor.select(0)
    editor.mouse.move(*editor.at(330, 160))
    editor.mouse.down()
    editor.mouse.move(*editor.at(340, 170), steps=4)
    editor.push()
    expect(editor.page.locator(".pill")).to_contain_text("arrived")
    assert "340,170" in editor.word(0).locator(".line").get_attribute("points")
    editor.mouse.up()
    assert close_to(editor.region(1)["points"][2:3], [[340, 170]])
    # Without an edit under way the value is adopted. It is nothing that this person could undo.
    regions = [*editor.received(1)[:3], words[3]]
    editor.server.pushed = lambda: editor.server.value(regions=regions, revision=1)
    editor.push()
    expect(editor.row(3).locator(".word-text")).to_have_text("yours")
    editor.press("Control+z")
    assert editor.region(2, 3)["text"] == "yours"
    assert editor.region(2, 0)["points"] == some_words()[0]["points"]


def test_a_new_photo_saves_the_text_being_typed_first(editor):
    editor.server.pushed = lambda: editor.server.value("next", regions=[word(9, box(10, 10, 90, 40), "NEXT")])
    editor.click(200, 125)
    editor.press("Enter")
    editor.keys.type("last")
    editor.push()
    expect(editor.word(9)).to_be_visible()
    region = editor.region(1)
    assert (editor.server.edits[-1]["image_id"], region["text"]) == (editor.server.photo, "last")
    editor.press("Control+z")
    assert editor.announced() == "Nothing to undo"  # the history belongs to the photo
    sent = editor.send()
    assert (sent["image_id"], [r["text"] for r in sent["regions"]]) == ("next", ["NEXT"])
