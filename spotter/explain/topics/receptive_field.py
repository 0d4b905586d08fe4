"""What influences a cell of the pyramid: measured fields and theoretical squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    BLUE,
    GREEN,
    ORANGE,
    PAPER,
    SKY,
    VERMILION,
    YELLOW,
    blend_map,
    corners_of,
    crop,
    label,
    legend,
    linked,
    outline,
    photo_canvas,
)
from spotter.explain.charts import curve
from spotter.explain.gradient_field import POOL, Cell, Field, Variant
from spotter.explain.layers import Drawing
from spotter.explain.picked_points import PICTURE_WIDTH, Gap
from spotter.explain.theoretical_field import cell_reach
from spotter.explain.topics.windows import photo_rectangle
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

SIDE = 560  # pixels of the pictures under the slider
SHARES = (0.5, 0.99)  # of the gradient, inside the squares that are drawn


def cell_at(trace: Trace, level: int, point: np.ndarray) -> Cell:
    """(row, column) of the cell of P2..P5 (level 0..3) over a point (x, y) of the trace's image."""
    stride = 4 * 2**level
    return int(point[1] // stride), int(point[0] // stride)


def cell_centre(level: int, cell: Cell) -> np.ndarray:
    """(2,) x and y of the cell's centre, pixels."""
    return (np.array([cell[1], cell[0]]) + 0.5) * 4 * 2**level


def square(centre: np.ndarray, side: float) -> np.ndarray:
    """(4,) xyxy."""
    return np.concatenate([centre - side / 2, centre + side / 2])


def variant_name(variant: Variant) -> str:
    if variant is None:
        return tr("without the block")
    return tr("dilations {dilations}", dilations="-".join(map(str, variant)))


def theoretical_box(trace: Trace, level: int, cell: Cell, variant: Variant) -> np.ndarray:
    """(4,) xyxy, all pixels of the photo that can influence the cell in theory."""
    rows, columns = (
        cell_reach(trace.config, level, index, pixels, variant or ())
        for index, pixels in zip(cell, trace.padded_size, strict=True)
    )
    return photo_rectangle(trace, rows, columns)


def block_square(level: int, cell: Cell, variant: Variant) -> np.ndarray:
    """(4,) xyxy pixels, the cells of the level that the dilated block alone lets this one see."""
    return square(cell_centre(level, cell), (2 * sum(variant or ()) + 1) * 4 * 2**level)


def other_photos(trace: Trace, photos: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The (h, w, 3) photos that are not the trace's own."""
    height, width = trace.image.shape[:2]

    def differs(photo: np.ndarray) -> bool:
        small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        return float(np.abs(small.astype(np.int16) - trace.image).mean()) > 2

    return [photo for photo in photos if differs(photo)]


def draw_photo(
    trace: Trace, level: int, cell: Cell, variant: Variant, gap: tuple[int, Gap] | None
) -> tuple[Image.Image, str]:
    """The photo with the cell and its theoretical squares; `gap`: the word and the gap the cell is in."""
    picture, scale = photo_canvas(trace.image, PICTURE_WIDTH, dim=0.2)
    draw = Drawing(picture, "RGBA")
    if gap is not None:
        for word in (gap[0], gap[1].other):
            outline(draw, trace.polygon(word) * scale, YELLOW, 3)
    outline(draw, corners_of(theoretical_box(trace, level, cell, variant) * scale), GREEN, 3)
    outline(draw, corners_of(block_square(level, cell, variant) * scale), SKY, 3)
    outline(draw, corners_of(square(cell_centre(level, cell), 4 * 2**level) * scale), ORANGE, 2)
    rows, columns = trace.levels[level].shape[1:]
    cells = tr("P{level}: {rows} × {columns} cells", level=level + 2, rows=rows, columns=columns)
    colours = tr("orange: cell · blue: block alone · green: theory")
    where = square(cell_centre(level, cell), 0) * scale
    legend(draw, f"{cells}\n{colours}", where)
    linked(picture, "photo", (4 * 2**level / trace.image.shape[1], 4 * 2**level / trace.image.shape[0]))
    if gap is None:
        return picture, tr(
            "The photo with the cell of P{level} at row {row}, column {column}, the square "
            "the dilated block alone lets it see, and the theoretical field of the whole network.",
            level=level + 2,
            row=cell[0],
            column=cell[1],
        )
    return picture, tr(
        "The photo with the cell of P{level} at row {row}, column {column}, in the gap between words {one} "
        "and {other}, the square the dilated block alone lets it see, and the theoretical field of the whole "
        "network.",
        level=level + 2,
        row=cell[0],
        column=cell[1],
        one=gap[0] + 1,
        other=gap[1].other + 1,
    )


def draw_fields(
    trace: Trace, level: int, cell: Cell, fields: Sequence[Field], variants: Sequence[Variant]
) -> tuple[Image.Image, ...]:
    """Two pictures of the same part of the photo, each with a measured field and its squares.

    The colour is the cube root of a pixel's share of the gradient; one scale for both.
    """
    centre, (height, width) = cell_centre(level, cell), trace.image.shape[:2]
    widest = max(
        [field.side(SHARES[1]) for field in fields]
        + [(2 * sum(v or ()) + 1) * 4 * 2**level for v in variants]
    )
    view = square(centre, min(1.15 * widest, 2.0 * max(height, width)))
    zoom = SIDE / (view[2] - view[0])
    high = float(np.cbrt(max(field.heat.max() for field in fields)))  # the root makes faint pixels visible
    pictures: list[Image.Image] = []
    for field, variant in zip(fields, variants, strict=True):
        heat = Image.fromarray(np.cbrt(field.heat)).transform(
            (SIDE, SIDE), Image.Transform.EXTENT, tuple(view / POOL), Image.Resampling.BILINEAR
        )
        picture = blend_map(crop(trace.image, view, SIDE, SIDE), np.asarray(heat), high, 0.72)
        draw = Drawing(picture, "RGBA")
        frames = [(theoretical_box(trace, level, cell, variant), GREEN, 2)]
        if variant is not None:
            frames.append((block_square(level, cell, variant), SKY, 3))
        frames += [(square(centre, field.side(share)), PAPER, 3) for share in SHARES]
        for box, colour, thick in frames:
            outline(draw, corners_of((box - np.tile(view[:2], 2)) * zoom), colour, thick)
        # At the outer edges, away from the slider's handle: left on the first picture, right on the second.
        lines = [tr("{share:.0%} in {side} px", share=share, side=field.side(share)) for share in SHARES]
        for i, line in enumerate([variant_name(variant), *lines]):
            label(draw, (SIDE * len(pictures), SIDE - 28 * (3 - i)), line, 20)
        pictures.append(picture)
    return tuple(pictures)


def draw_curves(fields: Sequence[Field], variants: Sequence[Variant], level: int) -> tuple[Image.Image, str]:
    """The share of the gradient inside a square, against the square's side."""
    last = max(field.side(SHARES[1]) for field in fields) // 2 + 4
    lines = []
    for field, colour in zip(fields, (BLUE, VERMILION), strict=True):
        values = np.concatenate([[0.0], field.within, np.repeat(field.within[-1:], last)])[: last + 1]
        lines.append((values, colour, 3))
    own = next((v for v in variants if v is not None), None)
    marker = None if own is None else (2 * sum(own) + 1) * 4.0 * 2**level
    picture = curve(
        lines,
        2.0 * np.arange(last + 1),
        tr(
            "Share inside a square: blue {left}, red {right}",
            left=variant_name(variants[0]),
            right=variant_name(variants[1]),
        ),
        tr("side of the square around the cell, pixels"),
        marker if marker is not None and marker <= 2 * last else None,
        tr("the block alone"),
    )
    sides = "; ".join(
        tr(
            "{variant}: half of the gradient within {half} pixels, 99 % within {most}",
            variant=variant_name(v),
            half=f.side(0.5),
            most=f.side(0.99),
        )
        for f, v in zip(fields, variants, strict=True)
    )
    return picture, tr("Share of the gradient against the square's side. {sides}.", sides=sides)
