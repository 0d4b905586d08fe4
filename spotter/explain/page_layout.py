"""Layout of a page of the lesson deck: title, text, table and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 11.69, 8.27  # inches, A4 landscape
MARGIN = 0.04  # fraction of the page
SMALL = 7  # points, of tables
TABLE_WIDTH = 0.45  # fraction of the page
GAP = 16  # pixels between pictures


@dataclass(frozen=True)
class Page:
    """The content of a page."""

    title: str
    paper: str  # section of the paper
    sentences: str
    pictures: Sequence[Image.Image]  # side by side
    table: Sequence[tuple[str, str]] = ()  # left of the pictures
    formula: str = ""  # TeX, below the sentences


def draw_page(page: Page, number: int, count: int, model: str) -> Figure:
    """Draws title, text and formula, then the table and the pictures as large as possible."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT))
    figure.text(MARGIN, 0.955, plain_text(page.title), size=22, weight="bold", va="top")
    figure.text(1 - MARGIN, 0.95, page.paper, size=10, va="top", ha="right", color="0.35")
    text = fill(page.sentences, 126)
    figure.text(MARGIN, 0.885, plain_text(text), size=11, va="top", linespacing=1.4)
    footer = f"SwinTextSpotter (arXiv 2203.10209), opened up · {model} · page {number} of {count}"
    figure.text(MARGIN, 0.022, footer, size=8, color="0.35")
    top = 0.87 - 0.031 * (text.count("\n") + 1)
    if page.formula:
        figure.text(MARGIN, top - 0.005, page.formula, size=14, va="top", math_fontfamily="stix")
        top -= 0.065
    left = MARGIN
    if page.table:
        draw_table(figure, page.table, top)
        left += TABLE_WIDTH
    place_pictures(figure, page.pictures, (left, 0.05, 1 - MARGIN, top))
    return figure


def draw_table(figure: Figure, rows: Sequence[tuple[str, str]], top: float) -> None:
    """Draws two columns of small text on the left."""
    step = min(0.024, (top - 0.05) / len(rows))
    for i, (name, value) in enumerate(rows):
        y = top - step * (i + 0.5)
        figure.text(MARGIN, y, plain_text(name), size=SMALL, va="center")
        figure.text(MARGIN + 0.155, y, plain_text(value), size=SMALL, va="center", family="monospace")


def place_pictures(
    figure: Figure, pictures: Sequence[Image.Image], room: tuple[float, float, float, float]
) -> None:
    """Places pictures at one scale within (left, bottom, right, top), side by side or stacked: whichever is
    larger.
    """
    if not pictures:
        return
    left, bottom, right, top = room
    across, down = (right - left) * WIDTH, (top - bottom) * HEIGHT
    sizes = np.array([picture.size for picture in pictures], float) + GAP
    side_by_side = min(across / sizes[:, 0].sum(), down / sizes[:, 1].max())  # inches per pixel
    stacked = min(across / sizes[:, 0].max(), down / sizes[:, 1].sum())
    scale = max(side_by_side, stacked) / np.array([WIDTH, HEIGHT])  # fraction of the page per pixel
    x, y = left, top
    for picture, size in zip(pictures, sizes, strict=True):
        width, height = picture.size * scale
        axes = figure.add_axes((x, y - height, width, height))
        axes.imshow(np.asarray(picture), aspect="auto", interpolation="antialiased")
        axes.set_axis_off()
        if side_by_side >= stacked:
            x += size[0] * scale[0]
        else:
            y -= size[1] * scale[1]


def plain_text(text: str) -> str:
    """Escapes the characters that matplotlib would take for a formula."""
    return text.replace("\\", "\\\\").replace("$", "\\$")
