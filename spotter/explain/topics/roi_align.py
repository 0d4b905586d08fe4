"""RoIAlign, which samples between the cells, drawn beside RoIPool, which rounds to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

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
from spotter.explain.roi_sampling import (
    STEP,
    Cut,
    fine_shifts,
    kept_changes,
    kept_steps,
    pooled_box,
    taps_of,
)
from spotter.explain.topics.levels import rule, stride_of
from spotter.explain.topics.windows import DARK

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

MAP_WIDTH, GRID_WIDTH = 730, 226


def draw_map(trace: Trace, one: Cut, channel: int, row: int, column: int) -> tuple[Image.Image, str]:
    """The level's cells around the box: samples of all bins, the chosen bin's weights, RoIPool's cells."""
    values = trace.levels[one.level][channel].astype(np.float32)
    stride, rounded = stride_of(one.level), pooled_box(one)
    exact = one.box / stride  # in cells, 0 the left edge of the first cell
    x1, y1 = (int(max(0, np.floor(min(exact[i], rounded[i])) - 2)) for i in (0, 1))
    x2, y2 = (int(min(values.shape[1 - i], np.ceil(max(exact[2 + i], rounded[2 + i])) + 2)) for i in (0, 1))
    x1, y1 = min(x1, values.shape[1] - 1), min(y1, values.shape[0] - 1)
    part = values[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    zoom = MAP_WIDTH / part.shape[1]
    picture = grow(colourise(part, float(part.min()), float(part.max())), MAP_WIDTH)
    draw = ImageDraw.Draw(picture, "RGBA")
    origin = np.array([x1, y1])

    def on(points: np.ndarray) -> np.ndarray:
        return (points - origin) * zoom

    outline(draw, on(corners_of(rounded)), VERMILION, 3)
    outline(draw, on(corners_of(exact)), PAPER, 2)
    bins = trace.config.roi_size
    size = np.array([exact[2] - exact[0], exact[3] - exact[1]]) / bins
    corner = exact[:2] + size * [column, row]
    for r in range(bins):
        for c in range(bins):
            _, places = taps_of(trace, one, r, c)
            for x, y in on(places + 0.5):
                reach = 4 if (r, c) == (row, column) else 2
                fill = ORANGE if (r, c) == (row, column) else PAPER
                draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=fill, outline=(0, 0, 0))
    taps, _ = taps_of(trace, one, row, column)
    for tap in taps:
        cell = np.array([tap.column, tap.row, tap.column + 1, tap.row + 1], float)
        x, y = on(corners_of(cell))[0]
        draw.rectangle((x, y, x + zoom, y + zoom), outline=ORANGE, width=2)
    outline(draw, on(corners_of(np.concatenate([corner, corner + size]))), ORANGE, 2)
    share = (1 / bins, 1 / bins)
    linked(picture, "bins", share, on(corners_of(exact))[[0, 2]].ravel())
    picture = titled(
        picture,
        "white: the box · red: RoIPool's cells · orange: the bin",
        f"P{one.level + 2}, channel {channel}: {part.min():.2f} dark to {part.max():.2f} bright",
    )
    return picture, (
        f"Cells of P{one.level + 2} around the box with the sampling points of RoIAlign; the bin in row "
        f"{row + 1}, column {column + 1} takes {len(taps)} cells; RoIPool rounds the box to "
        f"{rounded[2] - rounded[0]:.0f} by {rounded[3] - rounded[1]:.0f} cells."
    )


def draw_taps(trace: Trace, one: Cut, channel: int, row: int, column: int) -> Image.Image:
    """The cells a bin takes, with their weights and its sampling points."""
    taps, places = taps_of(trace, one, row, column)
    if not taps:
        return Image.new("RGB", (GRID_WIDTH, 40), DARK)  # the bin lies outside the map
    first = np.array([min(tap.column for tap in taps), min(tap.row for tap in taps)])
    last = np.array([max(tap.column for tap in taps), max(tap.row for tap in taps)]) + 1
    values = trace.levels[one.level][channel].astype(np.float32)
    part = values[first[1] : last[1], first[0] : last[0]]
    picture = grow(colourise(part, float(part.min()), float(part.max())), GRID_WIDTH)
    draw, zoom = ImageDraw.Draw(picture), GRID_WIDTH / part.shape[1]
    size = int(np.clip(zoom / 5, 9, 18))
    for tap in taps:
        x, y = (np.array([tap.column, tap.row]) - first) * zoom + 4
        draw.text((x, y), f"{tap.weight:.2f}", fill=PAPER, font=font(size), stroke_width=2, stroke_fill=INK)
    for x, y in (places + 0.5 - first) * zoom:
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=ORANGE, outline=INK)
    return picture


def draw_bins(
    trace: Trace, still: Cut, moved: Cut, channel: int, row: int, column: int
) -> tuple[Image.Image, str]:
    """What both give for the box, and what the shift changed; one scale for values, one for changes."""
    values = [part[channel] for part in (moved.align, moved.pool)]
    differences = [
        np.abs(now[channel] - before[channel])
        for now, before in ((moved.align, still.align), (moved.pool, still.pool))
    ]
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    most = max(1e-6, max(float(d.max()) for d in differences))
    share = (1 / values[0].shape[1], 1 / values[0].shape[0])
    pictures, changes = [], []
    for name, value in zip(("RoIAlign", "RoIPool"), values, strict=True):
        picture = grow(colourise(value, low, high), GRID_WIDTH)
        if name == "RoIAlign":
            cell = GRID_WIDTH / value.shape[0]
            box = (column * cell, row * cell, (column + 1) * cell - 1, (row + 1) * cell - 1)
            ImageDraw.Draw(picture).rectangle(box, outline=ORANGE, width=3)
        linked(picture, "bins", share)
        pictures.append(titled(picture, f"{name}: {value.shape[0]} × {value.shape[1]} bins", " "))
    for name, difference in zip(("RoIAlign", "RoIPool"), differences, strict=True):
        picture = linked(grow(colourise(difference, 0, most), GRID_WIDTH), "bins", share)
        changes.append(titled(picture, f"{name}: the shift's change", f"at most {difference.max():.3f}"))
    bars = [
        colour_bar(f"{low:.2f}", f"{high:.2f}", "values", GRID_WIDTH),
        colour_bar("0", f"{most:.3f}", "changes", GRID_WIDTH),
    ]
    pictures.append(titled(draw_taps(trace, moved, channel, row, column), "the bin's cells, their weights"))
    return tiles([*pictures, *changes, tiles(bars, 1)], 3), (
        f"The bins of the box by RoIAlign and by RoIPool; the shift changed them by at most "
        f"{differences[0].max():.3f} and {differences[1].max():.3f} in this channel."
    )


def draw_changes(trace: Trace, box: np.ndarray, shift: float, axis: int) -> tuple[Image.Image, str]:
    """The difference from the unshifted box against the shift."""
    align, pool = (100 * change for change in kept_changes(trace, box, axis))
    shifts = fine_shifts(rule(box)[1])
    high = nice_top(max(float(align.max()), float(pool.max()), 1e-3))
    picture = curve(
        [(align, BLUE, 2), (pool, VERMILION, 2)],
        shifts,
        "Change of the features in %: blue RoIAlign, red RoIPool",
        f"shift {'to the right' if axis == 0 else 'down'}, pixels of the network's input",
        float(np.clip(shift, shifts[0], shifts[-1])),
        f"{shift:+.2f} px",
        high=high,
    )
    glide, jump = kept_steps(trace, box, axis)
    return picture, (
        "Change of the features against the shift. Largest change of one quarter-pixel nudge: RoIAlign "
        f"{glide.max():.1%}, RoIPool {jump.max():.1%}."
    )


def describe(
    trace: Trace,
    word: int | None,
    box: np.ndarray,
    still: Cut,
    moved: Cut,
    shift: float,
    axis: int,
    channel: int,
    row: int,
    column: int,
) -> str:
    """The bin's sum with its numbers and what a nudge does, Markdown with LaTeX."""
    stride = stride_of(moved.level)
    glide, jump = kept_steps(trace, box, axis)
    idle = int((jump == 0).sum())
    taps, _ = taps_of(trace, moved, row, column)
    values = trace.levels[moved.level][channel]
    rows = ["| cell (row, column) | weight | value | product |", "|---|--:|--:|--:|"]
    for tap in taps[:16]:
        value = float(values[tap.row, tap.column])
        rows.append(
            f"| {tap.row}, {tap.column} | {tap.weight:.3f} | {value:.3f} | {tap.weight * value:.3f} |"
        )
    total = sum(tap.weight * float(values[tap.row, tap.column]) for tap in taps)
    own = [
        np.linalg.norm(now - before) / max(float(np.linalg.norm(before)), 1e-9)
        for now, before in ((moved.align, still.align), (moved.pool, still.pool))
    ]
    letter, (start, end) = "xy"[axis], moved.box[[axis, axis + 2]]
    first, last = pooled_box(moved)[[axis, axis + 2]]
    points = "point" if trace.config.roi_samples == 1 else "points"
    whose = "There is no word here: this is the box of a proposal. " if word is None else ""
    return (
        f"{whose}Box from {letter} {start:.2f} to {end:.2f}, on P{moved.level + 2} (stride {stride}):\n\n"
        f"$$\\text{{RoIAlign: }} \\tfrac{{{start:.2f}}}{{{stride}}} = {start / stride:.3f}, \\qquad "
        f"\\text{{RoIPool: }} \\mathrm{{round}}\\big(\\tfrac{{{start:.2f}}}{{{stride}}}\\big) "
        f"= {first:.0f}$$\n\n"
        f"so RoIPool takes the cells {first:.0f} to {last - 1:.0f}, whatever the fraction. This shift of "
        f"{shift:+.2f} pixels changed RoIAlign's features by **{own[0]:.1%}**, RoIPool's by "
        f"**{own[1]:.1%}**. Over {len(glide)} nudges of {STEP} pixels: the largest single change is "
        f"**{glide.max():.1%}** with RoIAlign, **{jump.max():.1%}** with RoIPool, which does not move at all "
        f"in {idle} of them. {beyond(trace, box)}\n\n"
        f"**Bin in row {row + 1}, column {column + 1}**, channel {channel}: "
        f"{trace.config.roi_samples**2} sampling {points}, {len(taps)} cells; their weighted sum is "
        f"{total:.3f}, the network's RoIAlign gives {moved.align[channel, row, column]:.3f}.\n\n"
        + "\n".join(rows)
    )


def beyond(trace: Trace, box: np.ndarray) -> str:
    """A sentence when the box or its shifts leave the map."""
    height, width = trace.image.shape[:2]
    reach = float(fine_shifts(rule(box)[1])[-1])
    if (box[:2] >= reach).all() and (box[2:] + reach <= [width, height]).all():
        return ""
    return (
        "The box reaches the edge of the map: samples more than a cell beyond it count as nothing, so there "
        "RoIAlign may jump too."
    )


def bin_at(trace: Trace, click: Sequence[float]) -> tuple[int, int]:
    """(row, column) of the bin at a place of the picture of `draw_bins`: in its upper left map."""
    bins = trace.config.roi_size
    column = int(np.clip(click[0] / GRID_WIDTH * bins, 0, bins - 1))
    row = int(np.clip((click[1] - 24) / GRID_WIDTH * bins, 0, bins - 1))  # 24: the title
    return row, column
