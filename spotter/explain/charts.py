"""Line charts, bar charts and matrices as pictures, with their numbers printed on them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    BLUE,
    INK,
    ORANGE,
    PAPER,
    QUIET,
    RULE,
    YELLOW,
    Colour,
    colourise,
    linked,
    text_width,
    write,
)
from spotter.explain.layers import Drawing

CELL = (74, 28)  # width and height of a matrix's cell
CROSS = 18  # pixels at the right end of a cell, for the mark


def curve(
    lines: Sequence[tuple[np.ndarray, Colour, int]],
    xs: np.ndarray,
    title: str,
    x_title: str,
    marker: float | None = None,
    marker_text: str = "",
    low: float = 0.0,
    high: float = 1.0,
    size: tuple[int, int] = (560, 300),
) -> Image.Image:
    """Lines, each (values at `xs`, colour, width), on a y axis from `low` to `high`; `marker`: an x to
    highlight.
    """
    width, height = size
    picture = Image.new("RGB", size, PAPER)
    draw = Drawing(picture)
    left, right, top, bottom = 46, width - 14, 34, height - 44
    write(draw, (left, 8), title)
    span_x, span_y = max(float(xs[-1] - xs[0]), 1e-9), max(high - low, 1e-9)

    def place(x: float, y: float) -> tuple[float, float]:
        inside = min(max((y - low) / span_y, -0.02), 1.02)
        return left + (x - xs[0]) / span_x * (right - left), bottom - inside * (bottom - top)

    for i in range(5):
        value = low + span_y * i / 4
        y = place(xs[0], value)[1]
        draw.line([(left, y), (right, y)], fill=RULE)
        write(draw, (left - 6, y), f"{value:.3g}", 12, QUIET, "rm")
    for x in nice_ticks(xs):
        write(draw, (place(x, low)[0], bottom + 6), f"{x:g}", 12, QUIET, "ma")
    write(draw, ((left + right) / 2, height - 20), x_title, 12, QUIET, "ma")
    if marker is not None:
        at = place(marker, low)[0]
        draw.line([(at, top), (at, bottom)], fill=ORANGE, width=2)
    for values, colour, thick in lines:
        points = [place(float(x), float(y)) for x, y in zip(xs, values, strict=True) if np.isfinite(y)]
        if len(points) > 1:
            draw.line(points, fill=colour, width=thick, joint="curve")
        if thick > 2 and len(points) < 30:
            for x, y in points:
                draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
    if marker is not None and marker_text:
        side = "la" if at < (left + right) / 2 else "ra"
        write(draw, (at + (6 if side == "la" else -6), top - 1), marker_text, 12, INK, side)
    return picture


def nice_ticks(xs: np.ndarray) -> list[float]:
    """Four to nine evenly spaced round numbers between the first and the last of `xs`."""
    first, last = float(xs[0]), float(xs[-1])
    if last <= first:
        return [first]
    unit = 10.0 ** math.floor(math.log10((last - first) / 4))
    step = max(factor * unit for factor in (1, 2, 5) if factor * unit * 4 <= (last - first) * (1 + 1e-9))
    ticks = np.arange(math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9) + 1) * step
    return [float(round(tick, 10)) for tick in ticks]


def nice_top(value: float) -> float:
    """Upper end of an axis from 0 that includes `value` and has round quarters."""
    unit = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(factor * unit for factor in (1, 2, 4, 6, 8, 10) if factor * unit >= value)


def bars(
    rows: Sequence[tuple[str, float, str]],
    title: str,
    width: int = 420,
    colour: Colour = BLUE,
    strong: int = -1,
    high: float = 1.0,
) -> Image.Image:
    """Horizontal bars, each (name, value 0..high, label); `strong`: index of the one in orange."""
    line = 34
    picture = Image.new("RGB", (width, 34 + line * len(rows)), PAPER)
    draw = Drawing(picture)
    write(draw, (4, 8), title)
    names = max((text_width(name, 16) for name, _, _ in rows), default=0)
    texts = max((text_width(text, 12) for _, _, text in rows), default=0)
    left, room = 12 + names, max(20.0, width - names - texts - 34)
    for i, (name, value, text) in enumerate(rows):
        y = 34 + line * i
        write(draw, (6, y + line / 2 - 2), name, 16, INK, "lm")
        length = max(2.0, room * min(max(value / high, 0.0), 1.0))
        draw.rectangle((left, y + 5, left + length, y + line - 9), fill=ORANGE if i == strong else colour)
        write(draw, (left + length + 6, y + line / 2 - 2), text, 12, INK, "lm")
    return picture


def fit(text: str, room: float) -> str:
    """The text, shortened with an ellipsis to fit `room` pixels."""
    if text_width(text, 12) <= room:
        return text
    while text and text_width(text + "…", 12) > room:
        text = text[:-1]
    return text + "…"


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    marks: Sequence[tuple[int, int, str]],
    chosen: tuple[int, int] | None = None,
    cell: tuple[int, int] = CELL,
) -> Image.Image:
    """Values (R, C) in viridis with row and column names. `marks`: (row, column, "optimal" (a frame) or
    "greedy" (a cross)). `cell_at` finds the cell of a click.
    """
    width, height = cell
    left, top = matrix_origin(rows)
    picture = Image.new("RGB", (left + width * len(columns) + 2, top + height * len(rows) + 2), PAPER)
    draw = Drawing(picture)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    colours = colourise(values, low, high)
    for c, name in enumerate(columns):
        middle, text = left + width * (c + 0.5), fit(name, width - 4)
        write(draw, (middle, top - 9), text, 12, INK, "ms")
    for r, name in enumerate(rows):
        write(draw, (left - 8, top + height * (r + 0.5)), name, 12, INK, "rm")
        for c in range(len(columns)):
            x, y = left + width * c, top + height * r
            ground = tuple(int(v) for v in colours[r, c])
            draw.rectangle((x, y, x + width - 2, y + height - 2), fill=ground)
            ink = PAPER if sum(ground) < 380 else INK
            number = f"{values[r, c]:.2f}".replace("-", "−")
            place = (x + width - CROSS - 2, y + height / 2)  # the cross has its own room to the right
            write(draw, place, number, 12, ink, "rm")
    for r, c, kind in marks:
        x, y = left + width * c, top + height * r
        if kind == "optimal":
            draw.rectangle((x, y, x + width - 2, y + height - 2), outline=ORANGE, width=4)
        else:
            centre_x, centre_y = x + width - CROSS / 2 - 3, y + height / 2 - 1
            for slope in (-4, 4):
                ends = [(centre_x - 4, centre_y - slope), (centre_x + 4, centre_y + slope)]
                draw.line(ends, fill=YELLOW, width=2)
    if chosen is not None:
        x, y = left + width * chosen[1], top + height * chosen[0]
        draw.rectangle((x - 3, y - 3, x + width + 1, y + height + 1), outline=INK, width=2)
    if values.size:
        box = (left, top, left + width * len(columns), top + height * len(rows))
        linked(picture, "matrix", (1 / len(columns), 1 / len(rows)), box, values=values)
    return picture


def matrix_origin(rows: Sequence[str]) -> tuple[int, int]:
    """Left and top of the first cell, pixels."""
    return round(max((text_width(name, 12) for name in rows), default=0)) + 16, 26


def cell_at(
    place: Sequence[float], rows: Sequence[str], columns: int, cell: tuple[int, int] = CELL
) -> tuple[int, int] | None:
    """(row, column) of the cell nearest to a place (x, y) on the picture of `matrix`; None without cells."""
    if not rows or not columns:
        return None
    left, top = matrix_origin(rows)
    row, column = int((place[1] - top) // cell[1]), int((place[0] - left) // cell[0])
    return min(max(row, 0), len(rows) - 1), min(max(column, 0), columns - 1)
