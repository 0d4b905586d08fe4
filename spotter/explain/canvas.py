"""What all pictures of Look inside share: colours, text, boxes, arrows, and tiles put together.

One scale per kind of quantity: viridis for what the network computes (attention, gates, energies) and for
probabilities, Okabe-Ito colours for things that are told apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

INK, PAPER, QUIET, RULE = (20, 26, 35), (255, 255, 255), (95, 101, 112), (214, 212, 204)
HALO = (11, 15, 20)
ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PINK = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
LIGHT_GREEN = (120, 235, 190)  # the same hue on a dimmed photo, where green itself is too dark
TEXT_SIZE = 14  # of maps and charts, which are shown at about their size
LABEL_SIZE = 20  # on photos, which shrink on the screen
LEGEND_SIZE = 24
Colour = tuple[int, int, int]


@lru_cache(maxsize=8)
def colour_table(name: str = "viridis") -> np.ndarray:
    """(256, 3) uint8."""
    from matplotlib import colormaps  # a quarter of a second, with the first picture

    return (colormaps[name](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def colourise(values: np.ndarray, low: float, high: float, name: str = "viridis") -> np.ndarray:
    """(..., ) numbers -> (..., 3) uint8; NaN is grey."""
    span = max(high - low, 1e-9)
    index = np.nan_to_num((values.astype(np.float32) - low) / span).clip(0, 1) * 255
    colours = colour_table(name)[index.astype(np.uint8)]
    colours[~np.isfinite(values)] = (160, 160, 160)
    return colours


@lru_cache(maxsize=16)
def font(size: int = TEXT_SIZE) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib and has the signs of formulas and of many scripts."""
    from matplotlib import get_data_path

    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


@dataclass(frozen=True)
class Panel:
    """A part of a picture that shows something which other parts, also of other pictures, show too: pointing
    at a place in one marks it in all with the same `link`.
    """

    link: str  # what is shown, such as "photo"
    box: tuple[float, float, float, float]  # xyxy, pixels of the picture
    part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)  # xyxy, which part of it is shown, 0..1
    cell: tuple[float, float] | None = None  # width and height of a cell of it, 0..1; None: places, no cells


def linked(
    picture: Image.Image,
    link: str,
    cell: tuple[float, float] | None = None,
    box: Sequence[float] | None = None,
    part: Sequence[float] = (0.0, 0.0, 1.0, 1.0),
) -> Image.Image:
    """The picture itself, which now has a panel, over all of it unless a box is given. `titled` and `tiles`
    take the panels along; what else makes a new picture of it has to come before.
    """
    box = (0, 0, *picture.size) if box is None else box
    panel = Panel(link, tuple(map(float, box)), tuple(map(float, part)), cell)
    picture.info["panels"] = [*panels_of(picture), panel]
    return picture


def panels_of(picture: Image.Image) -> list[Panel]:
    return picture.info.get("panels", [])


def paste(out: Image.Image, picture: Image.Image, x: int, y: int) -> None:
    """Puts a picture into another one, with its panels."""
    out.paste(picture, (x, y))
    for panel in panels_of(picture):
        left, top, right, bottom = panel.box
        linked(out, panel.link, panel.cell, (left + x, top + y, right + x, bottom + y), panel.part)


def grow(image: np.ndarray, width: int, smooth: bool = False) -> Image.Image:
    """A small (h, w, 3) or (h, w) picture enlarged to a width, cells kept sharp unless `smooth`."""
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    return Image.fromarray(image).resize((width, height), Image.BICUBIC if smooth else Image.NEAREST)


def label(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int = LABEL_SIZE,
    colour: Colour = PAPER,
    ground: Colour | None = HALO,
) -> None:
    """A line of text whose upper left corner is `place`, moved to stay inside the picture."""
    left, _, right, bottom = font(size).getbbox(text)
    width, height = right - left + 8, bottom + 5
    x = min(max(place[0], 0), max(draw.im.size[0] - width, 0))
    y = min(max(place[1], 0), max(draw.im.size[1] - height, 0))
    if ground is not None:
        draw.rounded_rectangle((x, y, x + width, y + height), 3, fill=ground)
    draw.text((x + 4, y + 1), text, fill=colour, font=font(size))


def legend(draw: ImageDraw.ImageDraw, text: str, clear_of: np.ndarray | None = None) -> None:
    """Lines that say what a picture shows, legible on a phone: in the lower left corner, or in the upper one
    when a box (4,) xyxy to be kept clear lies in the lower half.
    """
    height, lines = draw.im.size[1], text.split("\n")
    low = clear_of is None or clear_of[1] + clear_of[3] <= height
    step = font(LEGEND_SIZE).getbbox("Ag")[3] + 5
    for i, line in enumerate(lines):
        label(draw, (0, height - step * (len(lines) - i) if low else step * i), line, LEGEND_SIZE)


def outline(
    draw: ImageDraw.ImageDraw, points: np.ndarray, colour: Colour, width: int = 2, opacity: float = 1.0
) -> None:
    """A closed line through (P, 2) points with a dark halo. On an "RGBA" draw the opacity shows."""
    corners = [tuple(map(float, point)) for point in points]
    alpha = round(255 * max(0.0, min(1.0, opacity)))
    draw.line([*corners, *corners[:2]], fill=(*HALO, round(alpha * 0.8)), width=width + 3, joint="curve")
    draw.line([*corners, *corners[:2]], fill=(*colour, alpha), width=width, joint="curve")


def corners_of(box: np.ndarray) -> np.ndarray:
    """(4,) xyxy -> (4, 2) corners, clockwise."""
    x1, y1, x2, y2 = box
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def arrow(
    draw: ImageDraw.ImageDraw, start: np.ndarray, end: np.ndarray, colour: Colour, width: int = 2
) -> None:
    (x1, y1), (x2, y2) = map(float, start), map(float, end)
    length = math.hypot(x2 - x1, y2 - y1)
    if length < 1:
        return
    angle, head = math.atan2(y2 - y1, x2 - x1), min(10.0, length * 0.6)
    for fill, extra in ((HALO, 2), (colour, 0)):
        draw.line([(x1, y1), (x2, y2)], fill=fill, width=width + extra)
    tips = [(x2 - head * math.cos(angle + s), y2 - head * math.sin(angle + s)) for s in (-0.5, 0.5)]
    draw.polygon([(x2, y2), *tips], fill=colour, outline=HALO)


def photo_canvas(image: np.ndarray, width: int = 900, dim: float = 0.0) -> tuple[Image.Image, float]:
    """(h, w, 3) as a picture `width` wide at most, and its scale. `dim`: how far it steps back behind what is
    drawn.
    """
    scale = min(1.0, width / image.shape[1])
    picture = Image.fromarray(image)
    if scale < 1:
        picture = picture.resize((width, max(1, round(image.shape[0] * scale))), Image.BILINEAR)
    if dim:
        picture = Image.blend(picture, Image.new("RGB", picture.size, (24, 30, 40)), dim)
    return picture, scale


def crop(image: np.ndarray, box: np.ndarray, width: int, height: int) -> Image.Image:
    """What a box (4,) xyxy shows of (h, w, 3), stretched to a size; black outside the image."""
    source = Image.fromarray(image)
    x1, y1, x2, y2 = (float(v) for v in box)
    x2, y2 = max(x2, x1 + 1), max(y2, y1 + 1)
    return source.transform((width, height), Image.EXTENT, (x1, y1, x2, y2), Image.BILINEAR)


def blend_map(picture: Image.Image, values: np.ndarray, high: float, strength: float = 0.7) -> Image.Image:
    """Values (h, w), 0..high, laid over a picture in viridis; the picture stays visible in grey."""
    heat = Image.fromarray(colourise(values, 0, high)).resize(picture.size, Image.BILINEAR)
    return Image.blend(picture.convert("L").convert("RGB"), heat, strength)


def colour_bar(low: str, high: str, title: str, width: int = 300, name: str = "viridis") -> Image.Image:
    """The scale of a map, with the numbers at its ends."""
    bar = Image.new("RGB", (width, 42), PAPER)
    ramp = np.repeat(colour_table(name)[None], 12, 0)
    bar.paste(Image.fromarray(ramp).resize((width - 8, 12), Image.BILINEAR), (4, 24))
    draw = ImageDraw.Draw(bar)
    draw.text((4, 3), low, fill=QUIET, font=font(13))
    draw.text((width / 2, 3), title, fill=INK, font=font(13), anchor="ma")
    draw.text((width - 4, 3), high, fill=QUIET, font=font(13), anchor="ra")
    return bar


def titled(picture: Image.Image, title: str, note: str = "") -> Image.Image:
    """A picture with a line of text above it and one below."""
    wide = max(picture.width, *(round(font().getlength(text)) + 8 for text in (title, note)))
    top, bottom = (24 if title else 0), (24 if note else 0)
    out = Image.new("RGB", (wide, picture.height + top + bottom), PAPER)
    paste(out, picture, 0, top)
    draw = ImageDraw.Draw(out)
    draw.text((2, 2), title, fill=INK, font=font())
    draw.text((2, picture.height + top + 3), note, fill=QUIET, font=font(13))
    return out


def tiles(pictures: Sequence[Image.Image], columns: int, gap: int = 14) -> Image.Image:
    """Pictures in rows of `columns`."""
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    width = max(sum(p.width for p in row) + gap * (len(row) - 1) for row in rows)
    height = sum(max(p.height for p in row) for row in rows) + gap * (len(rows) - 1)
    out = Image.new("RGB", (width, height), PAPER)
    y = 0
    for row in rows:
        x = 0
        for picture in row:
            paste(out, picture, x, y)
            x += picture.width + gap
        y += max(p.height for p in row) + gap
    return out
