"""Formats with a file for each photo."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import ImageChops

from annotation.formats import read as read_annotations
from spotter.data.icdar import read_ground_truth
from spotter.formats import DOCUMENTS, document_format
from spotter.formats.searchable_pdf import join, render_page

NAME = "{http://www.w3.org/1999/xhtml}%s"


def content_of(name, image, photo):
    content, notes = document_format(name).render(image, photo)
    assert notes == []
    return content


@pytest.mark.parametrize(
    ("name", "file"), [("txt", "a/b.txt"), ("icdar", "a/gt_b.txt"), ("page", "a/b.xml"), ("pdf", "a/b.pdf")]
)
def test_file_names(name, file):
    assert document_format(name).file_name("a/b.jpg") == file
    assert document_format(name).file_name("b.c.jpg", keep_suffix=True).endswith("b.c.jpg" + file[-4:])


def test_every_format_has_a_photo_without_words(image, empty):
    assert all(content_of(name, image, empty) is not None for name in DOCUMENTS)


def test_text_is_in_reading_order(image, empty, two_lines):
    assert content_of("txt", image, empty) == b""
    assert content_of("txt", image, two_lines) == b'Hello <&">\nworld\n'
    assert document_format("txt").join([b"a\n", b"b\n"]) == b"a\n\fb\n"


def test_icdar_is_read_again_and_names_what_it_cannot_express(tmp_path, image, two_lines):
    bad = replace(two_lines.words[0], text="1,888,555")
    photo = replace(two_lines, words=[*two_lines.words, bad])
    content, notes = document_format("icdar").render(image, photo)
    (tmp_path / "gt.txt").write_bytes(content)
    assert [region.text for region in read_ground_truth(tmp_path / "gt.txt")] == ["world", '<&">', "Hello"]
    assert notes == ["The word '1,888,555' is left out: ICDAR's format cannot express it."]


def test_hocr(image, two_lines):
    root = ElementTree.fromstring(content_of("hocr", image, two_lines))
    spans = [span for span in root.iter(NAME % "span") if span.get("class") == "ocrx_word"]
    assert [span.text for span in spans] == ["Hello", '<&">', "world"]
    assert spans[0].get("title") == "bbox 10 20 50 32; x_wconf 88"
    (page,) = (div for div in root.iter(NAME % "div") if div.get("class") == "ocr_page")
    assert page.get("title") == 'image "sub/%22photo%22.jpg"; bbox 0 0 200 100; ppageno 0'


@pytest.mark.parametrize("name", ["alto", "page"])
def test_xml_is_imported_as_annotations(tmp_path, image, two_lines, name):
    photo = replace(two_lines, name="photo.jpg")
    (tmp_path / "photo.xml").write_bytes(content_of(name, image, photo))
    (entry,) = read_annotations(tmp_path / "photo.xml")
    assert entry.name == "photo.jpg"
    assert not entry.faults
    regions = entry.read(200, 100).regions
    assert sorted(region.text for region in regions) == ['<&">', "Hello", "world"]


def test_control_characters_are_left_out_of_xml(image, two_lines):
    photo = replace(two_lines, words=[replace(two_lines.words[0], text="a\x00b")])
    for name in ("hocr", "alto", "page"):
        assert b"ab" in content_of(name, image, photo)


def test_a_pdf_shows_the_photo_and_finds_its_words(image, empty, two_lines):
    image[:50] = 250
    document = pypdfium2.PdfDocument(render_page(image, two_lines)[0])
    page = document[0]
    assert page.get_size() == pytest.approx((72, 36))  # 200 x 100 pixels at 200 per inch
    text = page.get_textpage()
    assert text.get_text_bounded().split() == ["Hello", '<&">', "world"]
    start, count = text.search("Hello").get_next()
    left, bottom, _, top = text.get_charbox(start)
    assert left == pytest.approx(10 * 0.36, abs=1)
    assert text.get_charbox(start + count - 1)[2] == pytest.approx(50 * 0.36, abs=1)
    assert (100 - 32) * 0.36 - 1 < bottom < top < (100 - 20) * 0.36 + 1
    plain = pypdfium2.PdfDocument(render_page(image, empty)[0])[0]
    pictures = [each.render().to_pil() for each in (page, plain)]
    assert ImageChops.difference(*pictures).getbbox() is None  # the words are invisible


def test_pages_are_joined(image, empty, two_lines):
    pages = [render_page(image, photo)[0] for photo in (empty, two_lines)]
    document = pypdfium2.PdfDocument(join(pages))
    assert len(document) == 2
    assert "world" in document[1].get_textpage().get_text_bounded()
