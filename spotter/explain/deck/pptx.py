"""Slides for PowerPoint: titles, sentences and tables can be edited; pictures and formulas are pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotter.explain.canvas import INK, QUIET
from spotter.explain.deck.slide import (
    CELL_MARGIN,
    HEIGHT,
    MARGIN,
    SMALL_SIZE,
    WIDTH,
    Box,
    Formula,
    Picture,
    Slide,
    Table,
    Text,
    arrange,
    row_height,
)
from spotter.language import current_language

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide as PowerPointSlide

FOOTER_BOX = (MARGIN, 7.05, WIDTH - 2 * MARGIN, 0.3)
TITLE_ONLY = 5  # the layout of python-pptx's template that has a title and nothing else
DPI = 300  # of formulas
PLAIN_TABLE = "{5940675A-B579-460E-94D1-54222C63F5DA}"  # PowerPoint's style with thin lines and no colours
TAGS = {"en": "en-US", "ko": "ko-KR"}  # for the spelling checker, and for the font of Hangul


def write_pptx(
    path: Path, slides: Iterable[Slide], footers: Iterable[str], details: Mapping[str, str]
) -> int:
    """Writes the slides and returns their number."""
    import pptx
    from pptx.util import Inches

    presentation = pptx.Presentation()
    presentation.slide_width, presentation.slide_height = Inches(WIDTH), Inches(HEIGHT)
    properties = presentation.core_properties
    properties.title, properties.subject = details["Title"], details["Subject"]
    properties.author, properties.language = details["Creator"], TAGS[current_language()]
    for slide, footer in zip(slides, footers, strict=False):
        add_slide(presentation, slide, footer)
    presentation.save(str(path))
    return len(presentation.slides)


def add_slide(presentation: Presentation, slide: Slide, footer: str) -> None:
    layout = arrange(slide)
    page = presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY])
    title = page.shapes.title
    put(title, layout.title.box)
    write(
        title.text_frame, [" ".join(lines) for lines in layout.title.paragraphs], layout.title.size, bold=True
    )
    if layout.section:
        add_text(page, layout.section, colour=QUIET, right=True)
    if layout.text:
        add_text(page, layout.text)
    for formula in layout.formulas:
        add_formula(page, formula)
    for picture in layout.pictures:
        add_picture(page, picture)
    if layout.table:
        add_table(page, layout.table)
    add_text(page, Text(FOOTER_BOX, [[footer]], SMALL_SIZE), colour=QUIET)


def emu(box: Box) -> list[Any]:
    from pptx.util import Inches

    return [Inches(length) for length in box]


def put(shape: Any, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = emu(box)


def add_text(page: PowerPointSlide, text: Text, **style: Any) -> None:
    shape = page.shapes.add_textbox(*emu(text.box))
    write(shape.text_frame, [" ".join(lines) for lines in text.paragraphs], text.size, **style)


def write(
    frame: Any,
    paragraphs: list[str],
    size: float,
    colour: tuple[int, int, int] = INK,
    bold: bool = False,
    right: bool = False,
    margin: float = 0,
) -> None:
    """Fills a text frame; its lines break where PowerPoint breaks them."""
    from pptx.dml.color import RGBColor
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
    frame.margin_left = frame.margin_right = Inches(margin)
    frame.margin_top = frame.margin_bottom = 0
    for i, text in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        paragraph.space_after = Pt(size / 2 if i + 1 < len(paragraphs) else 0)
        run = paragraph.add_run()
        run.text, run.font.size, run.font.bold = text, Pt(size), bold
        run.font.color.rgb = RGBColor(*colour)
        run._r.get_or_add_rPr().set("lang", TAGS[current_language()])


def add_formula(page: PowerPointSlide, formula: Formula) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import math_to_image

    data, properties = BytesIO(), FontProperties(size=formula.size, math_fontfamily="stix")
    math_to_image(formula.tex, data, prop=properties, dpi=DPI, format="png")
    describe(page.shapes.add_picture(data, *emu(formula.box)), formula.tex)


def add_picture(page: PowerPointSlide, picture: Picture) -> None:
    """Twice as large as drawn, since PowerPoint blurs what it enlarges itself."""
    data, image = BytesIO(), picture.image
    image.resize((image.width * 2, image.height * 2)).save(
        data, "PNG", compress_level=1
    )  # the default of 6 takes four times as long
    data.seek(0)
    describe(page.shapes.add_picture(data, *emu(picture.box)), picture.alt)


def describe(shape: Any, text: str) -> None:
    """Sets the alternative text."""
    shape._element.nvPicPr.cNvPr.set("descr", text)


def add_table(page: PowerPointSlide, table: Table) -> None:
    from pptx.oxml.ns import qn
    from pptx.util import Inches

    shape = page.shapes.add_table(len(table.rows), len(table.widths), *emu(table.box))
    grid: Any = shape.table
    grid._tbl.tblPr.find(qn("a:tableStyleId")).text = PLAIN_TABLE
    for column, width in zip(grid.columns, table.widths, strict=True):
        column.width = Inches(width)
    for i, texts in enumerate(table.rows):
        grid.rows[i].height = Inches(row_height(table.size))
        for j, text in enumerate(texts):
            cell = grid.cell(i, j)
            write(cell.text_frame, [text], table.size, bold=i == 0)
            cell.margin_left = cell.margin_right = Inches(CELL_MARGIN)
            cell.margin_top = cell.margin_bottom = Inches(0)
