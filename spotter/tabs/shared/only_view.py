"""One view of Look inside alone, for a frame in slides or a course page: `?only=view` in the address."""

from __future__ import annotations

from pathlib import Path

CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
# Before the page is built, so that the rest of it is never seen.
SCRIPT = 'document.documentElement.dataset.only = new URLSearchParams(location.search).get("only") ?? "";'


def only_view_head() -> str:
    """For the head of every page."""
    return f"<style>{CSS}</style><script>{SCRIPT}</script>"
