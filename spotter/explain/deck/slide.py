"""A slide: what it says and shows, and where each part lies, in a PDF and in a PPTX alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from spotter.explain.canvas import text_width

WIDTH, HEIGHT = 13.333, 7.5  # inches, 16:9
MARGIN = 0.5  # inches
GAP = 0.2  # inches, between parts
BODY_TOP, BODY_BOTTOM = 1.25, 6.95  # inches; above: the title, below: the footer
COLUMNS = (4.3, 6.8)  # inches, of the text when pictures are beside it
TEXT_SHARE = 0.5  # of the height, for the text when pictures are below it
TITLE_SIZE, COVER_SIZE, SMALL_SIZE = 28.0, 40.0, 10.0  # points
TEXT_SIZES = (18.0, 16.0, 14.0, 12.0, 10.0)  # points; the largest with which everything fits
TABLE_SIZES = (16.0, 14.0, 12.0, 10.0, 9.0, 8.0)  # points, of the text of a table
SIZES = [(text, table) for text in TEXT_SIZES for table in TABLE_SIZES if table < text]
SHARES = [share / 20 for share in range(4, 17)]  # of the room, that the first of two pictures may get
BOLD = 1.13  # width of bold text, relative to regular one
LINE = 1.35  # height of a line, relative to the size of its text
CELL_MARGIN = 0.08  # inches, left and right of the text of a cell
MOST_ENLARGED = 1 / 90  # inches per pixel of a picture
Box = tuple[float, float, float, float]  # left, top, width, height; inches


@dataclass(frozen=True)
class Slide:
    """What a slide says and shows."""

    title: str
    section: str = ""  # of the paper
    sentences: Sequence[str] = ()  # one paragraph each
    formulas: Sequence[str] = ()  # as matplotlib's mathtext, with the values of the photo
    pictures: Sequence[tuple[Image.Image, str]] = ()  # and their alternative texts
    table: Sequence[Sequence[str]] = ()  # rows of cells; the first has the heads
    is_cover: bool = False


@dataclass(frozen=True)
class Text:
    """Paragraphs, each as lines that fit the box."""

    box: Box
    paragraphs: list[list[str]]
    size: float  # points


@dataclass(frozen=True)
class Formula:
    box: Box
    tex: str
    size: float  # points


@dataclass(frozen=True)
class Picture:
    box: Box
    image: Image.Image
    alt: str


@dataclass(frozen=True)
class Table:
    box: Box
    rows: Sequence[Sequence[str]]
    widths: list[float]  # inches, of the columns
    size: float  # points


@dataclass(frozen=True)
class Layout:
    """Where the parts of a slide lie; none overlaps another."""

    title: Text
    section: Text | None
    text: Text | None
    formulas: list[Formula]
    table: Table | None
    fits: bool
    pictures: list[Picture]

    @property
    def parts(self) -> list[Text | Formula | Picture | Table]:
        optional = [part for part in (self.section, self.text, self.table) if part is not None]
        return [self.title, *optional, *self.formulas, *self.pictures]

    @property
    def quality(self) -> float:
        """How large pictures and texts are; -1 if they do not fit."""
        if not self.fits:
            return -1.0
        texts = [part.size for part in (self.text, self.table) if part is not None]
        return sum(map(area_of, self.pictures)) * min(texts, default=TEXT_SIZES[0])


def arrange(slide: Slide) -> Layout:
    """The pictures beside the text or below it, whichever serves both better."""
    if slide.is_cover:
        return arrange_beside(slide, COLUMNS[0])
    if not slide.pictures:
        return arrange_below(slide)
    layouts = [*(arrange_beside(slide, column) for column in COLUMNS), arrange_below(slide)]
    return max(layouts, key=lambda layout: layout.quality)


def arrange_beside(slide: Slide, column: float) -> Layout:
    heading, section = place_title(slide)
    top = heading.box[1] + heading.box[3] + GAP if slide.is_cover else BODY_TOP
    words = place_words(slide, (MARGIN, top, column, BODY_BOTTOM - top))
    left, start = MARGIN + column + 2 * GAP, MARGIN if slide.is_cover else top
    room = (left, start, WIDTH - MARGIN - left, BODY_BOTTOM - start)
    return Layout(heading, section, *words, place_pictures(slide, room))


def arrange_below(slide: Slide) -> Layout:
    heading, section = place_title(slide)
    width, height = WIDTH - 2 * MARGIN, BODY_BOTTOM - BODY_TOP
    share = TEXT_SHARE if slide.pictures else 1.0
    words = place_words(slide, (MARGIN, BODY_TOP, width, height * share))
    ends = [part.box[1] + part.box[3] + GAP for part in (words[0], *words[1], words[2]) if part is not None]
    low = max(ends, default=BODY_TOP)
    pictures = place_pictures(slide, (MARGIN, low, width, BODY_BOTTOM - low))
    return Layout(heading, section, *words, pictures)


def place_title(slide: Slide) -> tuple[Text, Text | None]:
    """The title, and the section of the paper to the right of it."""
    size, top, width = TITLE_SIZE, 0.4, WIDTH - 2 * MARGIN
    section = None
    if slide.section:
        room = width_of(slide.section, SMALL_SIZE) + 2 * GAP
        width -= room
        section = Text((WIDTH - MARGIN - room, 0.5, room, 0.3), [[slide.section]], SMALL_SIZE)
    if slide.is_cover:
        size, top, width = COVER_SIZE, 1.2, COLUMNS[0]
    longest = max(slide.title.split(), key=len) if slide.is_cover else slide.title
    size *= min(1.0, width / (width_of(longest, size) * BOLD))
    lines = wrap(slide.title, width / BOLD, size) if slide.is_cover else [slide.title]
    return Text((MARGIN, top, width, height_of([lines], size)), [lines], size), section


Words = tuple[Text | None, list[Formula], Table | None, bool]  # and whether they fit


def place_words(slide: Slide, room: Box) -> Words:
    """Sentences, formulas and table from top to bottom, as large as the room allows."""
    for size, table in SIZES:
        words = stack_words(slide, room, size, table)
        if words[3]:
            break
    return words


def stack_words(slide: Slide, room: Box, size: float, table_size: float) -> Words:
    """The same with text of given sizes."""
    left, top, width, height = room
    text, formulas, table = None, [], None
    if slide.sentences:
        paragraphs = [wrap(sentence, width, size) for sentence in slide.sentences]
        text = Text((left, top, width, height_of(paragraphs, size)), paragraphs, size)
        top += text.box[3] + GAP
    x, row = left, 0.0
    for tex in slide.formulas:  # in one row while there is room
        across, down = formula_size(tex, size + 2)
        scale = min(1.0, width / across)
        if x > left and x + across > left + width:
            x, top, row = left, top + row + GAP, 0.0
        formulas.append(Formula((x, top, across * scale, down * scale), tex, (size + 2) * scale))
        x, row = x + across + 3 * GAP, max(row, down * scale)
    top += row + GAP if formulas else 0
    if slide.table:
        widths = column_widths(slide.table, table_size)
        box = (left, top, sum(widths), len(slide.table) * row_height(table_size))
        table = Table(box, slide.table, widths, table_size)
        top += box[3] + GAP
    is_wide = table is not None and table.box[2] > width
    return text, formulas, table, top - GAP <= room[1] + height and not is_wide


def column_widths(rows: Sequence[Sequence[str]], size: float) -> list[float]:
    """As wide as their texts."""
    columns = zip(*rows, strict=True)
    return [max(width_of(cell, size) for cell in column) + 3 * CELL_MARGIN for column in columns]


def in_halves(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """A table whose second half stands beside the first one."""
    half = (len(rows) + 1) // 2
    filler = [("",) * len(heads)] * (half * 2 - len(rows))
    beside = zip(rows[:half], [*rows[half:], *filler], strict=True)
    return [(*heads, *heads), *((*one, *other) for one, other in beside)]


def row_height(size: float) -> float:
    return size * 1.75 / 72


def place_pictures(slide: Slide, room: Box) -> list[Picture]:
    """Side by side or one above the other, such that all are large; not stretched."""
    images, (left, top, width, height) = slide.pictures, room
    if not images or height <= 0:
        return []
    if len(images) == 1:
        return [fit(*images[0], room)]
    (first, second), found = images, []
    for share in SHARES:
        across, down = (width - GAP) * share, (height - GAP) * share
        found += [
            [
                fit(*first, (left, top, across, height)),
                fit(*second, (left + across + GAP, top, width - GAP - across, height)),
            ],
            [
                fit(*first, (left, top, width, down)),
                fit(*second, (left, top + down + GAP, width, height - GAP - down)),
            ],
        ]
    return max(found, key=lambda pair: math.prod(area_of(picture) for picture in pair))


def fit(image: Image.Image, alt: str, room: Box) -> Picture:
    """The picture in the upper left corner of the room, as large as it may be."""
    scale = min(room[2] / image.width, room[3] / image.height, MOST_ENLARGED)
    return Picture((*room[:2], image.width * scale, image.height * scale), image, alt)


def area_of(picture: Picture) -> float:
    return picture.box[2] * picture.box[3]


def wrap(text: str, width: float, size: float) -> list[str]:
    """The text in lines of at most `width` inches; a longer word is broken."""
    lines = [""]
    for word in text.split():
        while width_of(word, size) > width:
            count = max(1, int(len(word) * width / width_of(word, size)))
            lines.append(word[:count])
            word = word[count:]
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line] or [""]


def width_of(text: str, size: float) -> float:
    """Inches of a line."""
    return text_width(text, 100) / 100 * size / 72


def height_of(paragraphs: Sequence[Sequence[str]], size: float) -> float:
    """Inches of paragraphs with half a line between them."""
    lines = sum(map(len, paragraphs)) + 0.5 * (len(paragraphs) - 1)
    return lines * size * LINE / 72


@lru_cache(maxsize=256)
def formula_size(tex: str, size: float) -> tuple[float, float]:
    """Width and height in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    properties = FontProperties(size=size, math_fontfamily="stix")
    found = MathTextParser("path").parse(tex, dpi=72, prop=properties)
    return found.width / 72, (found.height + found.depth) / 72
