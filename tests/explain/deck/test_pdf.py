"""Slides as a PDF."""

from __future__ import annotations

import pypdfium2
import pytest
from PIL import Image

from spotter.explain.deck.pdf import write_pdf
from spotter.explain.deck.slide import HEIGHT, WIDTH, Slide

DETAILS = {"Title": "a lesson", "Subject": "weights", "Creator": "a test"}


def text_of(path, page: int = 0) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return document[page].get_textpage().get_text_range()


def test_texts_are_texts_in_both_languages(tmp_path):
    slide = Slide(
        "Title 제목", "section", ["A sentence.", "수신 필드"], [r"$\frac{1}{2}$"], table=[("이름", "size")]
    )
    assert write_pdf(tmp_path / "a.pdf", [slide], ["page 1"], DETAILS) == 1
    text = text_of(tmp_path / "a.pdf")
    for expected in ("Title 제목", "A sentence.", "수신 필드", "이름", "size", "section", "page 1"):
        assert expected in text


def test_pages_are_16_to_9(tmp_path):
    picture = (Image.new("RGB", (80, 60)), "a picture")
    write_pdf(tmp_path / "a.pdf", [Slide("a"), Slide("b", pictures=[picture])], ["1", "2"], DETAILS)
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        for page in document:
            assert page.get_size() == pytest.approx((WIDTH * 72, HEIGHT * 72))
            assert pytest.approx(16 / 9, abs=1e-3) == WIDTH / HEIGHT
        assert document.get_metadata_value("Title") == "a lesson"


def test_characters_of_formulas_are_escaped(tmp_path):
    slide = Slide(r"a $\frac{ b", "", [r"read \"$x_$ $\nonsense$\""], table=[("$", r"\\$")])
    write_pdf(tmp_path / "a.pdf", [slide], ["$"], DETAILS)  # raises on a bad formula
    assert r"a $\frac{ b" in text_of(tmp_path / "a.pdf")
