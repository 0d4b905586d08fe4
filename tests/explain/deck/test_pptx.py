"""Slides for PowerPoint, read back."""

from __future__ import annotations

import pptx
from PIL import Image
from pptx.enum.shapes import MSO_SHAPE_TYPE

from spotter.explain.deck.pptx import write_pptx
from spotter.explain.deck.slide import Slide
from spotter.language import speaking

DETAILS = {"Title": "a lesson", "Subject": "weights", "Creator": "a test"}
SLIDE = Slide(
    "Title",
    "section",
    ["One <b>sentence</b>.", "Another one, which is long enough for two lines of the narrow column."],
    [r"$\frac{1}{2}$"],
    [(Image.new("RGB", (80, 60), "red"), "a red picture")],
    [("name", "size"), ("P2", "(64, 200)")],
)


def saved(path, slides):
    assert write_pptx(path, slides, ["a footer"] * len(slides), DETAILS) == len(slides)
    return pptx.Presentation(str(path))


def test_titles_sentences_and_tables_can_be_edited(tmp_path):
    (page,) = saved(tmp_path / "a.pptx", [SLIDE]).slides
    assert page.shapes.title.text == "Title"
    texts = [shape.text_frame.text for shape in page.shapes if shape.has_text_frame]
    assert texts == ["Title", "section", "\n".join(SLIDE.sentences), "a footer"]
    (table,) = [shape.table for shape in page.shapes if shape.has_table]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [list(row) for row in SLIDE.table]


def test_pictures_and_formulas_are_pictures_with_alternative_texts(tmp_path):
    (page,) = saved(tmp_path / "a.pptx", [SLIDE]).slides
    pictures = [shape for shape in page.shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]
    texts = [shape._element.nvPicPr.cNvPr.get("descr") for shape in pictures]
    assert texts == [r"$\frac{1}{2}$", "a red picture"]
    assert pictures[1].image.size == (160, 120)
    assert pictures[1].image.ext == "png"


def test_size_details_and_language(tmp_path):
    with speaking("ko"):
        presentation = saved(tmp_path / "a.pptx", [Slide("제목"), Slide("둘")])
    assert round(presentation.slide_width / presentation.slide_height * 9, 2) == 16
    assert presentation.core_properties.title == "a lesson"
    run = presentation.slides[0].shapes.title.text_frame.paragraphs[0].runs[0]
    assert run._r.rPr.get("lang") == "ko-KR"
