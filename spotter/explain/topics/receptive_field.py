"""What a cell of the pyramid looks at: measured fields beside the theoretical square; the blank's bridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw

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
from spotter.explain.gradient_field import LARGEST_DILATION, POOL, Cell, Field, Variant
from spotter.explain.picked_points import PICTURE_WIDTH, Blank
from spotter.explain.theoretical_field import cell_reach, dilated_cells
from spotter.explain.topics.windows import photo_rectangle
from spotter.tracing.trace_cache import padded_size

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

SIDE = 560  # of the pictures under the slider
SHARES = (0.5, 0.99)


def cell_at(trace: Trace, level: int, place: np.ndarray) -> Cell:
    """(row, column) of the cell of P2..P5 (level 0..3) over a place (x, y) of the trace's image."""
    stride = 4 * 2**level
    return int(place[1] // stride), int(place[0] // stride)


def middle_of(level: int, cell: Cell) -> np.ndarray:
    """(2,) x and y of the cell's middle, pixels."""
    return (np.array([cell[1], cell[0]]) + 0.5) * 4 * 2**level


def square(middle: np.ndarray, side: float) -> np.ndarray:
    """(4,) xyxy."""
    return np.concatenate([middle - side / 2, middle + side / 2])


def name_of(variant: Variant) -> str:
    return "without the block" if variant is None else "dilations " + "-".join(map(str, variant))


def theoretical(trace: Trace, level: int, cell: Cell, variant: Variant) -> np.ndarray:
    """(4,) xyxy, all pixels of the photo that can reach the cell."""
    rows, columns = (
        cell_reach(trace.config, level, index, pixels, variant or ())
        for index, pixels in zip(cell, padded_size(trace.image), strict=True)
    )
    return photo_rectangle(trace, rows, columns)


def block_square(level: int, cell: Cell, variant: Variant) -> np.ndarray:
    """(4,) xyxy, the cells that the dilated block alone lets this one see, in pixels."""
    return square(middle_of(level, cell), (2 * sum(variant or ()) + 1) * 4 * 2**level)


def other_photos(trace: Trace, photos: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Those of (h, w, 3) photos that are not the trace's own."""
    height, width = trace.image.shape[:2]

    def differs(photo: np.ndarray) -> bool:
        small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        return float(np.abs(small.astype(np.int16) - trace.image).mean()) > 2

    return [photo for photo in photos if differs(photo)]


def draw_photo(
    trace: Trace, level: int, cell: Cell, variant: Variant, blank: tuple[int, Blank] | None
) -> tuple[Image.Image, str]:
    """The photo with the cell and its theoretical squares; `blank`: the word and the blank the cell is in."""
    picture, scale = photo_canvas(trace.image, PICTURE_WIDTH, dim=0.2)
    draw = ImageDraw.Draw(picture, "RGBA")
    if blank is not None:
        for word in (blank[0], blank[1].other):
            outline(draw, trace.polygon(word) * scale, YELLOW, 3)
    outline(draw, corners_of(theoretical(trace, level, cell, variant) * scale), GREEN, 3)
    outline(draw, corners_of(block_square(level, cell, variant) * scale), SKY, 3)
    outline(draw, corners_of(square(middle_of(level, cell), 4 * 2**level) * scale), ORANGE, 2)
    cells = f"P{level + 2}: {trace.levels[level].shape[1]} × {trace.levels[level].shape[2]} cells"
    where = square(middle_of(level, cell), 0) * scale
    legend(draw, f"{cells}\norange: cell · blue: block alone · green: theory", where)
    linked(picture, "photo", (4 * 2**level / trace.image.shape[1], 4 * 2**level / trace.image.shape[0]))
    between = "" if blank is None else f", in the blank between words {blank[0] + 1} and {blank[1].other + 1}"
    return picture, (
        f"The photo with the cell of P{level + 2} at row {cell[0]}, column {cell[1]}{between}, the square "
        "the dilated block alone lets it see, and the theoretical field of the whole network."
    )


def draw_fields(trace: Trace, level: int, cell: Cell, fields: Sequence[Field], variants: Sequence[Variant]):
    """Two pictures of the same part of the photo, each with a field, its squares and the theory's.

    The colour is the cube root of a pixel's share; one scale for both.
    """
    middle, height, width = middle_of(level, cell), *trace.image.shape[:2]
    widest = max(
        [field.side(SHARES[1]) for field in fields]
        + [(2 * sum(v or ()) + 1) * 4 * 2**level for v in variants]
    )
    view = square(middle, min(1.15 * widest, 2.0 * max(height, width)))
    zoom = SIDE / (view[2] - view[0])
    high = float(np.cbrt(max(field.heat.max() for field in fields)))  # the root makes faint pixels visible
    found = []
    for field, variant in zip(fields, variants, strict=True):
        heat = Image.fromarray(np.cbrt(field.heat)).transform(
            (SIDE, SIDE), Image.EXTENT, tuple(view / POOL), Image.BILINEAR
        )
        picture = blend_map(crop(trace.image, view, SIDE, SIDE), np.asarray(heat), high, 0.72)
        draw = ImageDraw.Draw(picture, "RGBA")
        frames = [(theoretical(trace, level, cell, variant), GREEN, 2)]
        if variant is not None:
            frames.append((block_square(level, cell, variant), SKY, 3))
        frames += [(square(middle, field.side(share)), PAPER, 3) for share in SHARES]
        for box, colour, thick in frames:
            outline(draw, corners_of((box - np.tile(view[:2], 2)) * zoom), colour, thick)
        # At the outer edge of each half, clear of the slider's handle: left one left, right one right.
        lines = [f"{share:.0%} in {field.side(share)} px" for share in SHARES]
        for i, line in enumerate([name_of(variant), *lines]):
            label(draw, (SIDE * len(found), SIDE - 28 * (3 - i)), line, 20)
        found.append(picture)
    return tuple(found)


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
        f"Share inside a square: blue {name_of(variants[0])}, red {name_of(variants[1])}",
        "side of the square around the cell, pixels",
        marker if marker is not None and marker <= 2 * last else None,
        "the block alone",
    )
    sides = "; ".join(
        f"{name_of(v)}: half of the gradient within {f.side(0.5)} pixels, 99 % within {f.side(0.99)}"
        for f, v in zip(fields, variants, strict=True)
    )
    return picture, f"Share of the gradient against the square's side. {sides}."


def ratio(left: int, right: int) -> str:
    """How two sides compare, in words."""
    value = left / max(right, 1)
    if 0.95 <= value <= 1.05:
        return f"{left} against {right} pixels, the same within 5 %"
    return f"{left} against {right} pixels, {value:.2f} times as wide"


def describe(
    trace: Trace,
    level: int,
    cell: Cell,
    fields: Sequence[Field],
    variants: Sequence[Variant],
    computed: Sequence[tuple[Variant, Field]],
    photos: int,
) -> str:
    """What the weights show, in numbers that were measured; Markdown with LaTeX.

    `variants`, `fields`: left and right; `computed`: everything known of this cell.
    """
    stride, own = 4 * 2**level, tuple(trace.config.dilations)
    rows = ["| block | alone | in theory | 50 % | 99 % |", "|---|--:|--:|--:|--:|"]
    for variant, field in computed:
        x1, y1, x2, y2 = theoretical(trace, level, cell, variant)
        span, seen = 2 * sum(variant or ()) + 1, len(dilated_cells(variant or ()))
        holes = "" if seen == span else f" ({span - seen} holes)"
        trained, unit = (" (trained)" if variant == own else ""), ("cell" if span == 1 else "cells")
        rows.append(
            f"| {name_of(variant)}{trained} | {span} {unit}{holes} | "
            f"{x2 - x1:.0f} × {y2 - y1:.0f} | {field.side(0.5)} px | {field.side(0.99)} px |"
        )
    half, most = ([field.side(share) for field in fields] for share in SHARES)
    terms = " + ".join(map(str, own))
    return (
        f"$$n = 1 + 2\\,({terms}) = {1 + 2 * sum(own)}\\ \\text{{cells}} = {(1 + 2 * sum(own)) * stride}\\ "
        f"\\text{{pixels of P{level + 2}}}$$\n\n"
        f"Cell of P{level + 2} in row {cell[0]}, column {cell[1]}, {stride} pixels a side; the size of the "
        f"gradient at every pixel, on {'this photo' if photos == 1 else f'{photos} photos'}. Blue square: "
        "what the block alone lets it see; green: all that can reach it, in theory.\n\n"
        f"**What these weights show.** {name_of(variants[0]).capitalize()} against "
        f"{name_of(variants[1])}: the square with half of the gradient is {ratio(*half)}; the one with 99 % "
        f"is {ratio(*most)}. {verdict(half, most)} In the paper's own ablation the dilated block gives +0.5 "
        "end-to-end. Other dilations run with the weights trained for these.\n\n" + "\n".join(rows)
    )


def verdict(half: Sequence[int], most: Sequence[int]) -> str:
    """One sentence on left (first) against right (second)."""
    inner, outer = half[0] / max(half[1], 1), most[0] / max(most[1], 1)
    if max(abs(inner - 1), abs(outer - 1)) <= 0.05:
        return "So for this cell the two make next to no difference."
    if inner > 1.05 and outer > 1.05:
        return "So the left one widens the field, at its core and at its edge."
    if inner > 1.05:
        return "So the left one widens the core of the field, but not its edge."
    if outer > 1.05:
        return "So the left one adds only faint far pixels; the core is not wider."
    return "So the left one does not widen this field; it is narrower."


def bad_dilations(count: int) -> str:
    return (
        f"These are no dilations: write {count} whole numbers from 1 to {LARGEST_DILATION}, such as "
        f"`{'-'.join('1' * count)}`."
    )
