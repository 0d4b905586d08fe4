"""Text of a photo inside Markdown."""

from __future__ import annotations

from spotter.tabs.look_inside.markdown import escape


def test_text_of_a_photo_cannot_break_out_of_markdown():
    assert "<" not in escape("<img onerror=x>")
    assert "$" not in escape("a$b$$c")
    assert "|" not in escape("|")
    assert escape("") == "(no text)"
