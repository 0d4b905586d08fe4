"""The whole network on one slide: the paper's figure 2 with what each part computed for this photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from spotter.explain.canvas import INK, PAPER, QUIET, RULE, Colour, text_width, write
from spotter.explain.layers import Drawing
from spotter.explain.topics.network_map import HEIGHT, WIDTH, shapes, thumbnails, titles
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

SCALE = 2  # of the thumbnails
COLUMN, ROW = 330, 370  # pixels from node to node
BOX = (WIDTH * SCALE, HEIGHT * SCALE)
LABEL, SMALL = 40, 30  # pixels, sizes of text
HEAD = 14  # pixels, of an arrow
SHARED, DETECTION, RECOGNITION = QUIET, (0, 128, 90), (201, 108, 0)  # grey, green and orange, as in the paper
Place = tuple[float, float]  # column and row
PLACES: dict[str, tuple[Place, Colour]] = {
    "photo": ((0, 0), SHARED),
    "swin": ((1, 0), SHARED),
    "fpn": ((2, 0), SHARED),
    "dilated": ((3, 0), SHARED),
    "proposals": ((2, 1), DETECTION),
    "stage": ((3, 1), DETECTION),
    "stages": ((4, 1), DETECTION),
    "mask": ((7, 1), DETECTION),
    "m1": ((4, 2), DETECTION),
    "m2": ((5, 2), DETECTION),
    "m3": ((6, 2), DETECTION),
    "roi": ((3, 3), RECOGNITION),
    "r1": ((4, 3), RECOGNITION),
    "r2": ((5, 3), RECOGNITION),
    "r3": ((6, 3), RECOGNITION),
    "attention": ((7, 3), RECOGNITION),
    "decoder": ((8, 3), RECOGNITION),
    "text": ((9, 3), RECOGNITION),
}
ARROWS = (  # from, to, key of the shape along it
    ("photo", "swin", "photo"),
    ("swin", "fpn", "swin"),
    ("fpn", "dilated", "fpn"),
    ("dilated", "stage", "cells"),
    ("proposals", "stage", "features"),
    ("stage", "stages", "stages"),
    ("stages", "mask", "vector"),
    ("stages", "m1", "f_prop"),
    ("m1", "m2", ""),
    ("m2", "m3", ""),
    ("m1", "r1", "m1"),
    ("m2", "r2", "m2"),
    ("m3", "r3", "m3"),
    ("roi", "r1", "roi"),
    ("r1", "r2", ""),
    ("r2", "r3", ""),
    ("r3", "attention", "m3"),
    ("mask", "attention", "mask"),
    ("attention", "decoder", ""),
    ("decoder", "text", "decoder"),
)


def draw_network(trace: Trace, word: int | None) -> tuple[Image.Image, str]:
    """The network from left to right: the backbone, detection in green, recognition in orange."""
    pictures, sizes, names = thumbnails(trace, word), shapes(trace, word), titles()
    size = (9 * COLUMN + BOX[0] + 40, 3 * ROW + BOX[1] + 130)
    picture = Image.new("RGB", size, PAPER)
    draw = Drawing(picture)
    draw_branch(draw)
    for start, end, shape in ARROWS:
        draw_arrow(draw, start, end, sizes.get(shape, ""))
    for name, (place, colour) in PLACES.items():
        left, top = corner(place)
        if name in pictures:
            picture.paste(pictures[name].resize(BOX, Image.Resampling.LANCZOS), (left, top))
        draw.rectangle((left - 3, top - 3, left + BOX[0] + 2, top + BOX[1] + 2), outline=colour, width=4)
        if name not in pictures:
            write(draw, (left + BOX[0] / 2, top + BOX[1] / 2), names[name], LABEL * 2, RULE, "mm")
        write(draw, (left + BOX[0] / 2, top - 56), names[name], LABEL, INK, "ma")
    for i, (text, colour) in enumerate(legend()):
        write(draw, (corner((5, 0))[0], 44 + 58 * i), text, LABEL, colour)
    alt = tr("The network with what each part computed for this photo, from the photo to the text.")
    return picture, alt


def legend() -> list[tuple[str, Colour]]:
    return [
        (tr("grey: shared by both"), SHARED),
        (tr("green: detection finds the words"), DETECTION),
        (tr("orange: recognition reads them"), RECOGNITION),
        (tr("M1 to M3: Recognition Conversion joins the two"), INK),
    ]


def corner(place: Place) -> tuple[int, int]:
    """Upper left corner of a node, pixels."""
    return round(20 + place[0] * COLUMN), round(70 + place[1] * ROW)


def draw_arrow(draw: ImageDraw.ImageDraw, start: str, end: str, shape: str) -> None:
    """Straight, from the right side or the lower one, with the shape of what flows."""
    (from_place, _), (to_place, colour) = PLACES[start], PLACES[end]
    (x1, y1), (x2, y2) = corner(from_place), corner(to_place)
    if from_place[1] == to_place[1]:
        y = y1 + BOX[1] / 2
        line(draw, [(x1 + BOX[0], y), (x2, y)], colour)
        gap = x2 - x1 - BOX[0]
        if shape and text_width(shape, SMALL) <= gap - HEAD:
            write(draw, (x1 + BOX[0] + gap / 2, y - 42), shape, SMALL, QUIET, "ma")
        elif shape:  # below the node that it leaves
            write(draw, (x1 + BOX[0] / 2, y1 + BOX[1] + 6), shape, SMALL, QUIET, "ma")
    else:
        x = x1 + BOX[0] / 2
        line(draw, [(x, y1 + BOX[1]), (x, y2 - 60)], colour)
        write(draw, (x + 12, y1 + BOX[1] + 6), shape, SMALL, QUIET)


def draw_branch(draw: ImageDraw.ImageDraw) -> None:
    """From the dilated block past the stages to RoIAlign."""
    (x1, y1), (_, y2) = corner(PLACES["dilated"][0]), corner(PLACES["roi"][0])
    low, gutter = y1 + BOX[1] + 24, x1 - (COLUMN - BOX[0]) / 2
    points = [(x1 + 40, y1 + BOX[1]), (x1 + 40, low), (gutter, low), (gutter, y2 + BOX[1] / 2)]
    line(draw, [*points, (x1, y2 + BOX[1] / 2)], RECOGNITION)


def line(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: Colour) -> None:
    """A line with an arrow's head at its end, which points right or down."""
    draw.line(points, fill=colour, width=5, joint="curve")
    y0, (x, y) = points[-2][1], points[-1]
    tips = [(x - HEAD, y - 9), (x - HEAD, y + 9)] if y0 == y else [(x - 9, y - HEAD), (x + 9, y - HEAD)]
    draw.polygon([(x, y), *tips], fill=colour)
