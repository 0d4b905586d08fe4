"""Drawing for all pictures of Look inside: colours, text, boxes, arrows, tiles.

Viridis for what the network computes (attention, gates, energies) and for probabilities, Okabe-Ito colours
for categories. Points and boxes are in pixels of the picture.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spotter.explain import layers
from spotter.explain.layers import Drawing
from spotter.resources import ASSETS

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
LIGHT_GREEN = (120, 235, 190)  # GREEN for dimmed photos, on which it would be too dark
TEXT_SIZE = 14  # pixels; of maps and charts, which the page shows at about their size
LABEL_SIZE = 20  # pixels; on photos, which the page shrinks
LEGEND_SIZE = 24
HANGUL_FONT = ASSETS / "fonts" / "IBMPlexSansKR-Regular.ttf"
HANGUL = re.compile("([\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]+)")
Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]  # xyxy


@lru_cache(maxsize=8)
def colour_table(name: str = "viridis") -> np.ndarray:
    """A matplotlib colour map as (256, 3) uint8."""
    from matplotlib import colormaps  # slow to import

    return (colormaps[name](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def colourise(values: np.ndarray, low: float, high: float, name: str = "viridis") -> np.ndarray:
    """Values (...,) -> colours (..., 3) uint8 on a scale from `low` to `high`; NaN is grey."""
    span = max(high - low, 1e-9)
    index = np.nan_to_num((values.astype(np.float32) - low) / span).clip(0, 1) * 255
    colours = colour_table(name)[index.astype(np.uint8)]
    colours[~np.isfinite(values)] = (160, 160, 160)
    return colours


@lru_cache(maxsize=16)
def hangul_font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(HANGUL_FONT), size)


@lru_cache(maxsize=16)
def font(size: int = TEXT_SIZE) -> ImageFont.FreeTypeFont:
    """DejaVu Sans from matplotlib; it has mathematical symbols and many scripts."""
    from matplotlib import get_data_path

    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def font_runs(text: str, size: int) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    """The parts of a text, each with a font that has its characters."""
    parts = enumerate(HANGUL.split(text))  # every second one is Hangul
    return [(part, hangul_font(size) if i % 2 else font(size)) for i, part in parts if part]


def text_width(text: str, size: int = TEXT_SIZE) -> float:
    """Pixels that `write` needs."""
    return sum(face.getlength(part) for part, face in font_runs(text, size))


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int = TEXT_SIZE,
    fill: Colour = INK,
    anchor: str = "la",
) -> None:
    """Draws a line of text; `anchor` says where `place` is: (l)eft, (m)iddle or (r)ight of the line, and its
    (a)scender, (m)iddle or ba(s)eline.
    """
    ascent, descent = font(size).getmetrics()
    x = place[0] - text_width(text, size) * {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
    baseline = place[1] + {"a": ascent, "m": (ascent - descent) / 2, "s": 0}[anchor[1]]
    for part, face in font_runs(text, size):
        draw.text((x, baseline), part, fill=fill, font=face, anchor="ls")
        x += face.getlength(part)


@dataclass(frozen=True)
class Panel:
    """A part of a picture that is linked to others: pointing at a place in it marks the same place in all
    panels with the same `link`, in this and other pictures.
    """

    link: str  # what is shown, such as "photo"
    box: Box  # pixels of the picture
    part: Box = (0.0, 0.0, 1.0, 1.0)  # which part of the linked content is shown, 0..1
    cell: tuple[float, float] | None = None  # width and height of its cells, 0..1; None: continuous
    values: np.ndarray | None = None  # (rows, columns) of its cells, shown under the pointer


def linked(
    picture: Image.Image,
    link: str,
    cell: tuple[float, float] | None = None,
    box: Sequence[float] | None = None,
    part: Sequence[float] = (0.0, 0.0, 1.0, 1.0),
    values: np.ndarray | None = None,
) -> Image.Image:
    """Adds a panel to the picture, over all of it unless `box` is given, and returns the picture.

    `titled` and `tiles` keep the panels; any other operation that makes a new picture loses them, so apply it
    before.
    """
    x1, y1, x2, y2 = (0, 0, *picture.size) if box is None else box
    left, top, right, bottom = part
    panel = Panel(link, (x1, y1, x2, y2), (left, top, right, bottom), cell, values)
    picture.info["panels"] = [*panels_of(picture), panel]
    return picture


def panels_of(picture: Image.Image) -> list[Panel]:
    """The panels of a picture; [] if it has none."""
    return picture.info.get("panels", [])


def paste(out: Image.Image, picture: Image.Image, x: int, y: int) -> None:
    """Pastes a picture with its panels into `out`, its upper left corner at (x, y)."""
    layers.paste(out, picture, x, y)
    for panel in panels_of(picture):
        left, top, right, bottom = panel.box
        box = (left + x, top + y, right + x, bottom + y)
        linked(out, panel.link, panel.cell, box, panel.part, panel.values)


def grow(image: np.ndarray, width: int, smooth: bool = False) -> Image.Image:
    """Enlarges (h, w, 3) or (h, w) uint8 to a width in pixels, by nearest neighbour unless `smooth`."""
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    return Image.fromarray(image).resize(
        (width, height), Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    )


def label_box(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int = LABEL_SIZE
) -> Box:
    """Where `label` draws."""
    width, height = round(text_width(text, size)) + 8, font(size).getbbox(text)[3] + 5
    x = min(max(place[0], 0), max(draw.im.size[0] - width, 0))
    y = min(max(place[1], 0), max(draw.im.size[1] - height, 0))
    return x, y, x + width, y + height


def label(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int = LABEL_SIZE,
    colour: Colour = PAPER,
    ground: Colour | None = HALO,
) -> None:
    """Draws a line of text with its upper left corner at `place`, moved to stay inside the picture."""
    x, y, *_ = box = label_box(draw, place, text, size)
    if ground is not None:
        draw.rounded_rectangle(box, 3, fill=ground)
    write(draw, (x + 4, y + 1), text, size, colour)


def legend(draw: ImageDraw.ImageDraw, text: str, clear_of: np.ndarray | None = None) -> None:
    """Draws lines of text, legible on a phone, in the lower left corner; in the upper left one if the box
    `clear_of` (4,) xyxy lies in the lower half.
    """
    height, lines = draw.im.size[1], text.split("\n")
    low = clear_of is None or clear_of[1] + clear_of[3] <= height
    step = font(LEGEND_SIZE).getbbox("Ag")[3] + 5
    for i, line in enumerate(lines):
        label(draw, (0, height - step * (len(lines) - i) if low else step * i), line, LEGEND_SIZE)


def outline(
    draw: ImageDraw.ImageDraw, points: np.ndarray, colour: Colour, width: int = 2, opacity: float = 1.0
) -> None:
    """Draws a closed line through points (P, 2) with a dark halo. `opacity`, 0..1, needs an "RGBA" draw."""
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
    """The photo (h, w, 3) uint8 as a picture at most `width` wide, and its scale. `dim`: how far it is
    darkened, 0..1.
    """
    scale = min(1.0, width / image.shape[1])
    picture = Image.fromarray(image)
    if scale < 1:
        picture = picture.resize((width, max(1, round(image.shape[0] * scale))), Image.Resampling.BILINEAR)
    if dim:
        picture = Image.blend(picture, Image.new("RGB", picture.size, (24, 30, 40)), dim)
    return picture, scale


def crop(image: np.ndarray, box: np.ndarray, width: int, height: int) -> Image.Image:
    """The part of an image (h, w, 3) inside a box (4,) xyxy, stretched to a size; black outside the image."""
    source = Image.fromarray(image)
    x1, y1, x2, y2 = (float(v) for v in box)
    x2, y2 = max(x2, x1 + 1), max(y2, y1 + 1)
    return source.transform(
        (width, height), Image.Transform.EXTENT, (x1, y1, x2, y2), Image.Resampling.BILINEAR
    )


def blend_map(picture: Image.Image, values: np.ndarray, high: float, strength: float = 0.7) -> Image.Image:
    """Overlays values (h, w), 0..high, in viridis on a picture, which is shown in grey."""
    heat = Image.fromarray(colourise(values, 0, high)).resize(picture.size, Image.Resampling.BILINEAR)
    return Image.blend(picture.convert("L").convert("RGB"), heat, strength)


def colour_bar(low: str, high: str, title: str, width: int = 300, name: str = "viridis") -> Image.Image:
    """The colour scale of a map with labels at both ends."""
    bar = Image.new("RGB", (width, 42), PAPER)
    ramp = np.repeat(colour_table(name)[None], 12, 0)
    bar.paste(Image.fromarray(ramp).resize((width - 8, 12), Image.Resampling.BILINEAR), (4, 24))
    draw = Drawing(bar)
    write(draw, (4, 3), low, 13, QUIET)
    write(draw, (width / 2, 3), title, 13, anchor="ma")
    write(draw, (width - 4, 3), high, 13, QUIET, "ra")
    return bar


def titled(picture: Image.Image, title: str, note: str = "") -> Image.Image:
    """The picture with a line of text above and one below it."""
    wide = max(picture.width, *(round(text_width(text)) + 8 for text in (title, note)))
    top, bottom = (24 if title else 0), (24 if note else 0)
    out = Image.new("RGB", (wide, picture.height + top + bottom), PAPER)
    paste(out, picture, 0, top)
    draw = Drawing(out)
    write(draw, (2, 2), title)
    write(draw, (2, picture.height + top + 3), note, 13, QUIET)
    return out


def tiles(pictures: Sequence[Image.Image], columns: int, gap: int = 14) -> Image.Image:
    """The pictures in rows of `columns`."""
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
