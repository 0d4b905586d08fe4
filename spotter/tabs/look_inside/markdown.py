"""Texts of the views: what makes a photo's text safe in Markdown."""

from __future__ import annotations

from spotter.language import tr


def escape(text: str) -> str:
    """Text read from a photo, safe inside Markdown and between dollar signs; `(no text)` if it is empty."""
    return "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text) or tr("(no text)")
