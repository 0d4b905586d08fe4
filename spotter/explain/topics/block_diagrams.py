"""The top-down path of the FPN and the dilated block as diagrams, with the shapes of this photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import INK, PAPER, QUIET, SKY, arrow, colourise, linked, paste, write
from spotter.explain.layers import Drawing
from spotter.explain.topics.levels import energy_of
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WIDTH = 620  # pixels
ROW = 92  # pixels between two levels
BOX = (132, 46)  # width and height, pixels
THUMBNAIL = (96, 72)
TOP, SUM, LEVEL = 46, 300, 430  # y of the first row's middle; x of the additions and of the levels
RADIUS = 13  # of an addition
LAYER = (134, 64)


def draw_top_down(trace: Trace) -> tuple[Image.Image, str]:
    """From the coarsest Swin stage down to the finest: each level is its own stage plus the level above."""
    picture = Image.new("RGB", (WIDTH, ROW * 4 + 10), PAPER)
    draw = Drawing(picture)
    for row, level in enumerate(reversed(range(4))):
        y, (channels, height, width) = TOP + ROW * row, trace.fpn_levels[level].shape
        inner = trace.config.embed_dim * 2**level
        box(
            draw,
            (8 + BOX[0] / 2, y),
            BOX,
            tr("Swin stage {number}", number=level + 1),
            f"{inner} × {height} × {width}",
        )
        step(draw, 8 + BOX[0], SUM - RADIUS, y, "1 × 1")
        if row:
            arrow(draw, np.array([SUM, y - ROW + RADIUS]), np.array([SUM, y - RADIUS]), INK)
            write(draw, (SUM + 10, y - ROW / 2), tr("enlarged × 2"), 12, QUIET, "lm")
        plus(draw, SUM, y)
        step(draw, SUM + RADIUS, LEVEL, y, "3 × 3")
        energy = energy_of(trace, level, False)
        small = Image.fromarray(colourise(energy, 0, float(energy.max()))).resize(THUMBNAIL)
        linked(small, "photo", (1 / width, 1 / height), values=energy)
        paste(picture, small, LEVEL, y - THUMBNAIL[1] // 2)
        write(draw, (LEVEL + THUMBNAIL[0] + 8, y - 9), f"P{level + 2}", 14, INK, "lm")
        write(draw, (LEVEL + THUMBNAIL[0] + 8, y + 10), f"{channels}×{height}×{width}", 11, QUIET, "lm")
    return picture, tr(
        "The top-down path: from P5 to P2, each level is its Swin stage plus the coarser sum, enlarged."
    )


def draw_dilated_block(trace: Trace, level: int) -> tuple[Image.Image, str]:
    """Its convolutions in a row, how many cells they span so far, and the way around them."""
    channels, height, width = trace.fpn_levels[level].shape
    dilations, inner = trace.config.dilations, trace.config.dilated_channels
    gap = 26
    picture = Image.new("RGB", (max(WIDTH, (LAYER[0] + gap) * (len(dilations) + 1) + 60), 150), PAPER)
    draw, y, x = Drawing(picture), 84, 8.0
    box(draw, (x + 60, y), (120, LAYER[1]), f"P{level + 2}", f"{channels} × {height} × {width}")
    start, x, reach, before = x + 60, x + 120, 1, channels
    for i, dilation in enumerate(dilations):
        after, reach = (channels if i == len(dilations) - 1 else inner), reach + 2 * dilation
        step(draw, x, x + gap, y, "")
        middle = x + gap + LAYER[0] / 2
        box(
            draw,
            (middle, y),
            LAYER,
            tr("3 × 3, dilation {dilation}", dilation=dilation),
            f"{before} → {after}",
        )
        write(draw, (middle, y + LAYER[1] / 2 + 16), tr("spans {cells} cells", cells=reach), 12, QUIET, "mm")
        x, before = x + gap + LAYER[0], after
    end = x + gap + RADIUS
    step(draw, x, end - RADIUS, y, "")
    plus(draw, end, y)
    draw.line([(start, y - LAYER[1] / 2), (start, 22), (end, 22)], fill=SKY, width=2)
    arrow(draw, np.array([end, 22]), np.array([end, y - RADIUS]), SKY)
    write(draw, ((start + end) / 2, 12), tr("added unchanged (residual)"), 12, QUIET, "mm")
    return picture, tr(
        "The dilated block: 3 × 3 convolutions with dilations {dilations}, which span {cells} cells, added "
        "to what comes in.",
        dilations=", ".join(map(str, dilations)),
        cells=reach,
    )


def box(draw: Drawing, middle: tuple[float, float], size: tuple[float, float], title: str, note: str) -> None:
    (x, y), (width, height) = middle, size
    corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    draw.rounded_rectangle(corners, 6, outline=QUIET, width=1)
    write(draw, (x, y - 9), title, 13, INK, "mm")
    write(draw, (x, y + 11), note, 12, QUIET, "mm")


def step(draw: Drawing, left: float, right: float, y: float, name: str) -> None:
    """An arrow, with the convolution that it stands for."""
    arrow(draw, np.array([left, y]), np.array([right, y]), INK)
    write(draw, ((left + right) / 2, y - 11), name, 12, QUIET, "mm")


def plus(draw: Drawing, x: float, y: float) -> None:
    draw.ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), fill=PAPER, outline=INK, width=2)
    write(draw, (x, y), "+", 18, INK, "mm")
