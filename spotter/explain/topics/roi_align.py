"""RoIAlign, which samples between the cells, and RoIPool, which rounds to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    BLUE,
    INK,
    ORANGE,
    PAPER,
    VERMILION,
    colour_bar,
    colourise,
    corners_of,
    font,
    grow,
    linked,
    outline,
    tiles,
    titled,
)
from spotter.explain.charts import curve, nice_top
from spotter.explain.layers import Drawing
from spotter.explain.roi_sampling import (
    PooledBox,
    bin_weights,
    cached_changes,
    cached_step_changes,
    fine_shifts,
    rounded_box,
)
from spotter.explain.topics.levels import level_rule, stride_of
from spotter.explain.topics.windows import DARK
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

MAP_WIDTH, GRID_WIDTH = 730, 226


def draw_map(trace: Trace, one: PooledBox, channel: int, row: int, column: int) -> tuple[Image.Image, str]:
    """The level's cells around the box: samples of all bins, cells of the chosen bin, and RoIPool's box."""
    values = trace.levels[one.level][channel].astype(np.float32)
    stride, rounded = stride_of(one.level), rounded_box(one)
    exact = one.box / stride  # in cells, 0 the left edge of the first cell
    x1, y1 = (int(max(0, np.floor(min(exact[i], rounded[i])) - 2)) for i in (0, 1))
    x2, y2 = (int(min(values.shape[1 - i], np.ceil(max(exact[2 + i], rounded[2 + i])) + 2)) for i in (0, 1))
    x1, y1 = min(x1, values.shape[1] - 1), min(y1, values.shape[0] - 1)
    part = values[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    zoom = MAP_WIDTH / part.shape[1]
    picture = grow(colourise(part, float(part.min()), float(part.max())), MAP_WIDTH)
    draw = Drawing(picture, "RGBA")
    origin = np.array([x1, y1])

    def to_picture(points: np.ndarray) -> np.ndarray:
        return (points - origin) * zoom

    outline(draw, to_picture(corners_of(rounded)), VERMILION, 3)
    outline(draw, to_picture(corners_of(exact)), PAPER, 2)
    bins = trace.config.roi_size
    size = np.array([exact[2] - exact[0], exact[3] - exact[1]]) / bins
    corner = exact[:2] + size * [column, row]
    for r in range(bins):
        for c in range(bins):
            _, points = bin_weights(trace, one, r, c)
            for x, y in to_picture(points + 0.5):
                radius = 4 if (r, c) == (row, column) else 2
                fill = ORANGE if (r, c) == (row, column) else PAPER
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=(0, 0, 0))
    taps, _ = bin_weights(trace, one, row, column)
    for tap in taps:
        cell = np.array([tap.column, tap.row, tap.column + 1, tap.row + 1], float)
        x, y = to_picture(corners_of(cell))[0]
        draw.rectangle((x, y, x + zoom, y + zoom), outline=ORANGE, width=2)
    outline(draw, to_picture(corners_of(np.concatenate([corner, corner + size]))), ORANGE, 2)
    share = (1 / bins, 1 / bins)
    linked(picture, "bins", share, to_picture(corners_of(exact))[[0, 2]].ravel().tolist())
    picture = titled(
        picture,
        tr("white: the box · red: RoIPool's cells · orange: the bin"),
        tr(
            "P{level}, channel {channel}: {low:.2f} dark to {high:.2f} bright",
            level=one.level + 2,
            channel=channel,
            low=part.min(),
            high=part.max(),
        ),
    )
    return picture, tr(
        "Cells of P{level} around the box with the sampling points of RoIAlign; the bin in row "
        "{row}, column {column} takes {cells} cells; RoIPool rounds the box to "
        "{width:.0f} by {height:.0f} cells.",
        level=one.level + 2,
        row=row + 1,
        column=column + 1,
        cells=len(taps),
        width=rounded[2] - rounded[0],
        height=rounded[3] - rounded[1],
    )


def draw_taps(trace: Trace, one: PooledBox, channel: int, row: int, column: int) -> Image.Image:
    """The cells of a bin with their weights and its sampling points."""
    taps, points = bin_weights(trace, one, row, column)
    if not taps:
        return Image.new("RGB", (GRID_WIDTH, 40), DARK)  # the bin lies outside the map
    first = np.array([min(tap.column for tap in taps), min(tap.row for tap in taps)])
    last = np.array([max(tap.column for tap in taps), max(tap.row for tap in taps)]) + 1
    values = trace.levels[one.level][channel].astype(np.float32)
    part = values[first[1] : last[1], first[0] : last[0]]
    picture = grow(colourise(part, float(part.min()), float(part.max())), GRID_WIDTH)
    draw, zoom = Drawing(picture), GRID_WIDTH / part.shape[1]
    size = int(np.clip(zoom / 5, 9, 18))
    for tap in taps:
        x, y = (np.array([tap.column, tap.row]) - first) * zoom + 4
        draw.text((x, y), f"{tap.weight:.2f}", fill=PAPER, font=font(size), stroke_width=2, stroke_fill=INK)
    for x, y in (points + 0.5 - first) * zoom:
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=ORANGE, outline=INK)
    return picture


def draw_bins(
    trace: Trace, still: PooledBox, moved: PooledBox, channel: int, row: int, column: int
) -> tuple[Image.Image, str]:
    """The pooled features of the box and what the shift changed; one scale for values, one for changes."""
    values = [part[channel] for part in (moved.align, moved.pool)]
    differences = [
        np.abs(now[channel] - before[channel])
        for now, before in ((moved.align, still.align), (moved.pool, still.pool))
    ]
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    largest = max(1e-6, max(float(d.max()) for d in differences))
    share = (1 / values[0].shape[1], 1 / values[0].shape[0])
    pictures, changes = [], []
    for name, value in zip(("RoIAlign", "RoIPool"), values, strict=True):
        picture = grow(colourise(value, low, high), GRID_WIDTH)
        if name == "RoIAlign":
            cell = GRID_WIDTH / value.shape[0]
            box = (column * cell, row * cell, (column + 1) * cell - 1, (row + 1) * cell - 1)
            Drawing(picture).rectangle(box, outline=ORANGE, width=3)
        linked(picture, "bins", share, values=value)
        rows, columns = value.shape
        title = tr("{name}: {rows} × {columns} bins", name=name, rows=rows, columns=columns)
        pictures.append(titled(picture, title, " "))
    for name, difference in zip(("RoIAlign", "RoIPool"), differences, strict=True):
        picture = grow(colourise(difference, 0, largest), GRID_WIDTH)
        linked(picture, "bins", share, values=difference)
        most = tr("at most {change:.3f}", change=difference.max())
        changes.append(titled(picture, tr("{name}: change by the shift", name=name), most))
    bars = [
        colour_bar(f"{low:.2f}", f"{high:.2f}", tr("values"), GRID_WIDTH),
        colour_bar("0", f"{largest:.3f}", tr("changes"), GRID_WIDTH),
    ]
    pictures.append(
        titled(draw_taps(trace, moved, channel, row, column), tr("cells of the bin and their weights"))
    )
    return tiles([*pictures, *changes, tiles(bars, 1)], 3), tr(
        "The bins of the box by RoIAlign and by RoIPool; the shift changed them by at most "
        "{align:.3f} and {pool:.3f} in this channel.",
        align=differences[0].max(),
        pool=differences[1].max(),
    )


def draw_changes(trace: Trace, box: np.ndarray, shift: float, axis: int) -> tuple[Image.Image, str]:
    """Change of the features from the unshifted box, against the shift."""
    align, pool = (100 * change for change in cached_changes(trace, box, axis))
    shifts = fine_shifts(level_rule(box)[1])
    high = nice_top(max(float(align.max()), float(pool.max()), 1e-3))
    if axis == 0:
        x_title = tr("shift to the right, pixels of the network's input")
    else:
        x_title = tr("shift down, pixels of the network's input")
    picture = curve(
        [(align, BLUE, 2), (pool, VERMILION, 2)],
        shifts,
        tr("Change of the features in %: blue RoIAlign, red RoIPool"),
        x_title,
        float(np.clip(shift, shifts[0], shifts[-1])),
        f"{shift:+.2f} px",
        high=high,
    )
    glide, jump = cached_step_changes(trace, box, axis)
    return picture, tr(
        "Change of the features against the shift. Largest change of one quarter-pixel nudge: RoIAlign "
        "{align:.1%}, RoIPool {pool:.1%}.",
        align=glide.max(),
        pool=jump.max(),
    )


def bin_at(trace: Trace, click: Sequence[float]) -> tuple[int, int]:
    """(row, column) of the bin at a point of the picture of `draw_bins`, in its upper left map."""
    bins = trace.config.roi_size
    column = int(np.clip(click[0] / GRID_WIDTH * bins, 0, bins - 1))
    row = int(np.clip((click[1] - 24) / GRID_WIDTH * bins, 0, bins - 1))  # 24: the title
    return row, column
