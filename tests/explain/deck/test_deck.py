"""The deck as a file."""

from __future__ import annotations

import pptx
import pypdfium2
import pytest

from spotter.explain.deck.deck import write_deck
from spotter.explain.deck.pages import PAGES, page_names
from spotter.explain.topics import two_stage_comparison
from spotter.language import speaking


@pytest.fixture(autouse=True)
def without_craft(monkeypatch):
    """It takes many seconds."""
    monkeypatch.setattr(two_stage_comparison, "installed", lambda: False)


def test_every_page_has_a_name():
    assert list(page_names()) == list(PAGES)


def test_chosen_pages_come_in_the_order_of_the_story(tiny_spotter, trace, longest, tmp_path):
    done, path = [], tmp_path / "deck.pdf"
    chosen = ["glossary", "title"]
    count = write_deck(
        path, tiny_spotter, trace, longest, progress=lambda part, desc: done.append(desc), pages=chosen
    )
    assert count == 2
    assert done == ["Page 1 of 2", "Page 2 of 2"]
    with pypdfium2.PdfDocument(path) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert "on one photo" in texts[0].replace("\r\n", " ")
    assert "양자화" in texts[1]
    assert "2 / 2" in texts[1]


def test_a_photo_without_words_has_all_pages_in_korean(tiny_spotter, empty_trace, tmp_path):
    path = tmp_path / "deck.pptx"
    with speaking("ko"):
        assert write_deck(path, tiny_spotter, empty_trace, None) == len(PAGES)
    titles = [slide.shapes.title.text for slide in pptx.Presentation(str(path)).slides]
    assert "왜 하나의 네트워크인가?" in titles
