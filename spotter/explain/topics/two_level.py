"""Two-level attention on one word: the fine and coarse keys of a query, and reading without one level.

The map of H x W cells is split into windows of `window` x `window` cells. A query attends to the cells of its
own window (fine keys) and to the 3 x 3 windows around it, each pooled to one key (coarse keys).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    INK,
    ORANGE,
    PAPER,
    blend_map,
    colour_bar,
    colourise,
    font,
    tiles,
    titled,
)
from spotter.explain.layers import Drawing
from spotter.explain.word_crop import turn_note, word_photo, word_size
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.interventions import Rereading
    from spotter.tracing.trace import Trace

NEIGHBOURS = 3
WIDTH = 620
LEVELS = ("fine", "coarse")


@dataclass(frozen=True)
class Query:
    """Attention of one cell in one block, mean over the heads. A window has w x w cells."""

    row: int  # of the map
    column: int
    fine: np.ndarray  # (w, w) weights of the cells of its window
    coarse: np.ndarray  # (3, 3) weights of the pooled windows, its own in the middle
    inside: np.ndarray  # (3, 3) bool, False for windows outside the map

    @property
    def effective_keys(self) -> float:
        """Number of equally weighted keys with the same entropy."""
        weights = np.concatenate([self.fine.ravel(), self.coarse.ravel()]).clip(1e-9)
        weights = weights / weights.sum()
        return float(np.exp(-(weights * np.log(weights)).sum()))


def grid(trace: Trace) -> tuple[int, int]:
    """Rows and columns of windows."""
    height, width = trace.config.recognition_roi
    return height // trace.config.two_level_window, width // trace.config.two_level_window


def query_at(trace: Trace, word: int, block: int, cell: int) -> Query:
    """The attention of a cell (index row by row, clipped to the map) in a block (from 0)."""
    window, (rows, columns) = trace.config.two_level_window, grid(trace)
    row, column = divmod(int(np.clip(cell, 0, rows * columns * window**2 - 1)), columns * window)
    (top, y), (left, x) = divmod(row, window), divmod(column, window)
    weights = trace.two_level_attention[word, block, top * columns + left, y * window + x].astype(np.float32)
    around = np.arange(NEIGHBOURS) - NEIGHBOURS // 2
    return Query(
        row=row,
        column=column,
        fine=weights[: window**2].reshape(window, window),
        coarse=weights[window**2 :].reshape(NEIGHBOURS, NEIGHBOURS),
        inside=np.isin(top + around, range(rows))[:, None] & np.isin(left + around, range(columns))[None],
    )


def coarse_share(trace: Trace, word: int, block: int) -> np.ndarray:
    """(H, W) share of each cell's attention that goes to the coarse keys."""
    window, (rows, columns) = trace.config.two_level_window, grid(trace)
    share = trace.two_level_attention[word, block, :, :, window**2 :].astype(np.float32).sum(-1)
    share = share.reshape(rows, columns, window, window).swapaxes(1, 2)
    return share.reshape(rows * window, columns * window)


def density(trace: Trace, query: Query) -> np.ndarray:
    """(H, W) attention per cell, that of a coarse key spread evenly over its window; sums to 1."""
    window, (rows, columns) = trace.config.two_level_window, grid(trace)
    out = np.zeros((rows * window, columns * window), np.float32)
    top, left = query.row // window, query.column // window
    for y, x in zip(*np.nonzero(query.inside), strict=True):
        row, column = (top + y - 1) * window, (left + x - 1) * window
        out[row : row + window, column : column + window] += query.coarse[y, x] / window**2
    out[top * window : (top + 1) * window, left * window : (left + 1) * window] += query.fine
    return out


def cell_at(trace: Trace, word: int, point: list[float]) -> int:
    """The cell at a point (x, y) of the large map in the picture of `draw_query`."""
    height, width = trace.config.recognition_roi
    across, down = word_size(trace, word, WIDTH)
    column = int(np.clip(point[0] / across * width, 0, width - 1))
    row = int(np.clip((point[1] - 24) / down * height, 0, height - 1))  # 24: the title above
    return row * width + column


def draw_density(
    trace: Trace, word: int, block: int, cell: int, width: int = WIDTH
) -> tuple[Image.Image, Query]:
    """A cell's attention over the word's crop, `width` pixels wide, with the windows."""
    query = query_at(trace, word, block, cell)
    weight = density(trace, query)
    picture = blend_map(word_photo(trace, word, width), weight, float(weight.max()), 0.6)
    draw_windows(picture, trace, query)
    return picture, query


def draw_query(trace: Trace, word: int, block: int, cell: int) -> tuple[Image.Image, str]:
    """A cell's attention over the word's crop; the weights of its keys; the coarse share of every cell."""
    large, query = draw_density(trace, word, block, cell)
    window, size = trace.config.two_level_window, word_size(trace, word, WIDTH)
    photo = word_photo(trace, word, WIDTH)
    notes = [tr("white: windows; orange: the query and its window"), turn_note(trace, word)]
    height, width = trace.config.recognition_roi
    position = tr(
        "row {row} of {height}, column {column} of {width}",
        row=query.row + 1,
        height=height,
        column=query.column + 1,
        width=width,
    )
    fine, coarse = float(query.fine.sum()), float(query.coarse.sum())
    high = float(max(query.fine.max(), query.coarse.max()))
    highest = float(density(trace, query).max())
    y, x = query.row % window, query.column % window
    keys = [
        titled(
            draw_weights(query.fine, high, (y, x)),
            tr("{keys} fine keys: {weight:.2f}", keys=window**2, weight=fine),
            tr("the cells of its window"),
        ),
        titled(
            draw_weights(np.where(query.inside, query.coarse, np.nan), high, (1, 1)),
            tr("{keys} coarse keys: {weight:.2f}", keys=NEIGHBOURS**2, weight=coarse),
            tr("one window each; grey: outside"),
        ),
    ]
    share = coarse_share(trace, word, block)
    small = (300, max(60, round(300 * size[1] / size[0])))
    keys.append(
        titled(
            blend_map(photo.resize(small), share, 1.0, 0.85),
            tr("coarse share of every query, mean {mean:.2f}", mean=share.mean()),
            tr("{low:.2f} to {high:.2f} on the scale 0 to 1", low=share.min(), high=share.max()),
        )
    )
    picture = tiles(
        [
            titled(
                large,
                tr("query: {position}", position=position),
                "; ".join(filter(None, notes)),
            ),
            colour_bar("0", f"{highest:.3f}", tr("weight per cell, a coarse key's spread evenly"), 420),
            tiles(keys, 3),
            colour_bar("0", f"{high:.3f}", tr("weight of a key"), 300),
        ],
        1,
    )
    alt = tr(
        "Two-level attention of the query at {position}: {fine:.2f} on fine keys, {coarse:.2f} on coarse "
        "ones.",
        position=position,
        fine=fine,
        coarse=coarse,
    )
    return picture, alt


def draw_windows(picture: Image.Image, trace: Trace, query: Query) -> None:
    """Borders of the windows; the query's window and the query itself in orange."""
    draw = Drawing(picture, "RGBA")
    window, (rows, columns) = trace.config.two_level_window, grid(trace)
    right, bottom = picture.size
    for i in range(1, columns):
        draw.line([(right * i / columns, 0), (right * i / columns, bottom)], fill=(*PAPER, 110))
    for i in range(1, rows):
        draw.line([(0, bottom * i / rows), (right, bottom * i / rows)], fill=(*PAPER, 110))

    def frame(row: int, column: int, count: int, thick: int) -> None:
        x, y = right / columns / window, bottom / rows / window
        corners = (column * x, row * y, (column + count) * x - 1, (row + count) * y - 1)
        draw.rectangle(corners, outline=(*ORANGE, 255), width=thick)

    frame(query.row // window * window, query.column // window * window, window, 2)
    frame(query.row, query.column, 1, 3)


def draw_weights(values: np.ndarray, high: float, marked: tuple[int, int], side: int = 224) -> Image.Image:
    """(n, n) weights as a square of cells with their numbers; NaN is grey; the cell `marked` is framed."""
    cell = side // len(values)
    picture = Image.new("RGB", (cell * len(values), cell * len(values)), PAPER)
    draw = Drawing(picture)
    colours = colourise(values, 0, high)
    for (y, x), value in np.ndenumerate(values):
        ground = tuple(int(v) for v in colours[y, x])
        box = (x * cell, y * cell, (x + 1) * cell - 2, (y + 1) * cell - 2)
        draw.rectangle(box, fill=ground)
        if np.isfinite(value):
            ink = PAPER if sum(ground) < 380 else INK
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            draw.text(
                middle,
                f"{value:.2f}".removeprefix("0"),
                fill=ink,
                font=font(min(14, cell // 3 + 2)),
                anchor="mm",
            )
    y, x = marked
    draw.rectangle((x * cell, y * cell, (x + 1) * cell - 2, (y + 1) * cell - 2), outline=ORANGE, width=3)
    return picture


def reread_without(spotter: Spotter, trace: Trace, word: int, level: str | None) -> Rereading:
    """The word read again without the "fine" or "coarse" keys of all blocks; None: with both."""
    from spotter.tracing.interventions import keys_off, reread

    interventions = [keys_off(level, trace.config.two_level_window)] if level else []
    return reread(spotter, trace, word, interventions)
