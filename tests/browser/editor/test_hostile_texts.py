"""Texts that look like markup or templates."""

from __future__ import annotations

import pytest

from tests.browser.editor.page import expect
from tests.browser.editor.words import box, word

pytestmark = pytest.mark.browser


HOSTILE = [
    "${window.HIT = 1}",
    "{{value}}",
    "<img src=x onerror='window.HIT = 1'>",
    "`\\`",
    "مرحبا",
    "x" * 2000,
]


def test_texts_are_never_markup(open_editor):
    words = [
        word(i, box(10, 10 + 50 * i, 200, 45 + 50 * i), text, suggestion={"text": text + "!", "score": 0.5})
        for i, text in enumerate(HOSTILE)
    ]
    words[5]["suggestion"]["text"] = HOSTILE[2]
    words[2]["characters"] = [{"text": sign, "score": 0.1} for sign in HOSTILE[2]]
    editor = open_editor(words)
    assert editor.page.locator("tbody .word-text").all_text_contents() == HOSTILE
    for i, text in enumerate(HOSTILE):
        editor.select(i)
        expect(editor.page.locator(".card input")).to_have_value(text)
        editor.mouse.move(*editor.at(100, 27 + 50 * ((i + 1) % 6)))
    editor.select(2)
    expect(editor.page.locator(".preview")).to_have_text(HOSTILE[2])
    editor.do("split")
    editor.press("Escape")
    editor.page.get_by_role("button", name="Use the suggestion").click()
    assert editor.region(1, 2)["text"] == HOSTILE[2] + "!"
    editor.do("duplicate")
    editor.received(2)
    assert editor.page.evaluate("window.HIT") is None
    assert editor.page.locator(".editor img").count() == 0
