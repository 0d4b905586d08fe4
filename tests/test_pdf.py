"""Pages of PDF documents, and files that are none."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from spotter import pdf

PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj "
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 36]>>endobj trailer<</Root 1 0 R>>"
)

PROTECTED = PAGE.replace(
    b"trailer<<",
    b"9 0 obj<</Filter/Standard/V 1/R 2/P -4"
    b"/O<e5a8d2687bd9d0cff946b7ac55f51081dcf0d116554c4bfcb0a5e446f69ea48a>"
    b"/U<79827b80c74a13412b8ed97fbe3b411b4ad8824840f0a33e63a2603a229e72db>>>endobj "
    b"trailer<</Encrypt 9 0 R/ID[<30303030303030303030303030303030><30303030303030303030303030303030>]",
)


def document(*colours: str) -> bytes:
    """One page of 72 x 36 points per colour."""
    pages = [Image.new("RGB", (72, 36), colour) for colour in colours]
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:])
    return buffer.getvalue()


def test_one_page():
    width, height, pixels = pdf.draw_page(PAGE, 1)
    assert pdf.count_pages(PAGE) == 1
    assert (width, height) == (200, 100)
    assert pixels == b"\xff" * 60_000


def test_pages_have_their_own_pixels():
    data = document("red", "lime", "blue")
    assert pdf.count_pages(data) == 3
    for number, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)], start=1):
        width, height, pixels = pdf.draw_page(data, number)
        middle = Image.frombytes("RGB", (width, height), pixels).getpixel((width // 2, height // 2))
        assert max(abs(a - b) for a, b in zip(middle, colour, strict=True)) <= 4  # JPEG is not exact


def test_a_large_page_is_drawn_smaller():
    width, height, _ = pdf.draw_page(PAGE.replace(b"72 36", b"1000000 1000000"), 1)
    assert 0.9 * pdf.MAX_PIXELS < width * height <= pdf.MAX_PIXELS * 1.01


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7 ...", "damaged"),
        (document("red")[:300], "damaged"),
        (PAGE.replace(b"Kids[3 0 R]/Count 1", b"Kids[]/Count 0"), "damaged"),
        (PROTECTED, "protected with a password"),
    ],
)
def test_invalid_documents_give_one_sentence(data, message):
    with pytest.raises(pdf.PdfError, match=message):
        pdf.count_pages(data)


def test_a_page_that_is_not_there():
    with pytest.raises(pdf.PdfError, match="damaged"):
        pdf.draw_page(PAGE, 2)


def test_a_page_that_takes_too_long(monkeypatch):
    monkeypatch.setattr(pdf, "SECONDS", 0.001)
    with pytest.raises(pdf.PdfError, match="seconds"):
        pdf.draw_page(PAGE, 1)
