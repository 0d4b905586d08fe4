"""The lesson deck as a file."""

from __future__ import annotations

import pytest

from spotter.explain import lesson_deck
from spotter.explain.lesson_pages import PAGES
from spotter.explain.topics import two_stage_comparison


@pytest.fixture(autouse=True)
def without_craft(monkeypatch):
    """It takes many seconds; its own page has a test in topics/test_two_stage_comparison.py."""
    monkeypatch.setattr(two_stage_comparison, "installed", lambda: False)


def pages_of(path) -> int:
    return path.read_bytes().count(b"/Type /Page\n") or path.read_bytes().count(b"/Type /Page ")


def test_photo_with_words_gives_nine_pages(tiny_spotter, trace, longest, tmp_path):
    progress = []
    path = tmp_path / "deck.pdf"
    count = lesson_deck.write_deck(
        path, tiny_spotter, trace, longest, progress=lambda part, desc: progress.append((part, desc))
    )
    assert count == len(PAGES) == 9
    assert path.read_bytes().startswith(b"%PDF")
    assert pages_of(path) == 9
    assert progress[-1] == (8 / 9, "Page 9 of 9")


def test_photo_without_words_gives_nine_pages(tiny_spotter, empty_trace, tmp_path):
    assert lesson_deck.write_deck(tmp_path / "deck.pdf", tiny_spotter, empty_trace, None) == 9
    assert pages_of(tmp_path / "deck.pdf") == 9
