"""Slides as a PDF, drawn with matplotlib; the texts are text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotter.explain.canvas import HANGUL, HANGUL_FONT, QUIET, RULE
from spotter.explain.deck.slide import (
    CELL_MARGIN,
    HEIGHT,
    LINE,
    MARGIN,
    SMALL_SIZE,
    WIDTH,
    Slide,
    Table,
    Text,
    arrange,
    row_height,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOOTER_TOP = 7.08  # inches
GREY, LINES = (f"#{bytes(colour).hex()}" for colour in (QUIET, RULE))


def write_pdf(path: Path, slides: Iterable[Slide], footers: Iterable[str], details: Mapping[str, str]) -> int:
    """Writes the slides, each drawn as soon as it is made, and returns their number."""
    import matplotlib
    from matplotlib.backends.backend_pdf import PdfPages

    matplotlib.rcParams["pdf.fonttype"] = 42  # with the default, Hangul could not be searched for or copied
    count = 0
    with PdfPages(path, metadata=dict(details)) as pdf:
        for slide, footer in zip(slides, footers, strict=False):
            pdf.savefig(draw_slide(slide, footer))
            count += 1
    return count


def draw_slide(slide: Slide, footer: str = "") -> Figure:
    from matplotlib.figure import Figure

    layout, figure = arrange(slide), Figure(figsize=(WIDTH, HEIGHT))
    draw_text(figure, layout.title, weight=weight_of(slide.title))
    if layout.section:
        draw_text(figure, layout.section, color=GREY, right=True)
    if layout.text:
        draw_text(figure, layout.text)
    for formula in layout.formulas:
        left, top, _, _ = formula.box
        figure.text(*at(left, top), formula.tex, size=formula.size, va="top", math_fontfamily="stix")
    for picture in layout.pictures:
        left, top, width, height = picture.box
        axes = figure.add_axes((*at(left, top + height), width / WIDTH, height / HEIGHT))
        axes.imshow(np.asarray(picture.image), aspect="auto", interpolation="antialiased")
        axes.set_axis_off()
    if layout.table:
        draw_table(figure, layout.table)
    write(figure, MARGIN, FOOTER_TOP, footer, SMALL_SIZE, va="top", color=GREY)
    return figure


def fonts(text: str) -> list[str]:
    """DejaVu Sans, as in formulas and pictures, then a family with Hangul if the text has some."""
    from matplotlib import font_manager

    if not HANGUL.search(text):
        return ["DejaVu Sans"]
    known = {entry.fname: entry.name for entry in font_manager.fontManager.ttflist}
    if str(HANGUL_FONT) not in known:
        font_manager.fontManager.addfont(HANGUL_FONT)
        known = {entry.fname: entry.name for entry in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", known[str(HANGUL_FONT)]]


def at(left: float, top: float) -> tuple[float, float]:
    """Inches from the upper left corner as fractions from the lower left one."""
    return left / WIDTH, 1 - top / HEIGHT


def write(figure: Figure, left: float, top: float, text: str, size: float, **style: Any) -> None:
    """Draws a line of text at a place in inches."""
    figure.text(*at(left, top), plain_text(text), size=size, family=fonts(text), **style)


def draw_text(figure: Figure, text: Text, right: bool = False, **style: Any) -> None:
    left, top, width, _ = text.box
    x, side, step = left + (width if right else 0), "right" if right else "left", text.size * LINE / 72
    for paragraph in text.paragraphs:
        for line in paragraph:
            write(
                figure, x, top + text.size * (LINE - 1) / 2 / 72, line, text.size, va="top", ha=side, **style
            )
            top += step
        top += step / 2


def draw_table(figure: Figure, table: Table) -> None:
    from matplotlib.lines import Line2D

    left, top, width, _ = table.box
    step = row_height(table.size)
    for i, row in enumerate(table.rows):
        x, y = left, top + step * (i + 0.5)
        for cell, room in zip(row, table.widths, strict=True):
            weight = "normal" if i else weight_of(cell)
            write(figure, x + CELL_MARGIN, y, cell, table.size, va="center", weight=weight)
            x += room
        ends = [at(left, y + step / 2), at(left + width, y + step / 2)]
        figure.add_artist(Line2D(*zip(*ends, strict=True), color=LINES, linewidth=0.7))


def weight_of(text: str) -> str:
    """Of a title: bold if the font has it; there is no bold Hangul."""
    return "normal" if HANGUL.search(text) else "bold"


def plain_text(text: str) -> str:
    """Escapes the character that matplotlib would take for the beginning of a formula."""
    return text.replace("$", r"\$")
