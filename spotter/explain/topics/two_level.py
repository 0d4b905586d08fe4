"""Two-level attention on one word: what a query sees finely and coarsely, and reading without one level.

The map of H x W cells is cut into windows of `window` x `window` cells. A query sees the cells of its own
window (fine keys) and the 3 x 3 windows around it, each pooled to one key (coarse keys).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

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
from spotter.explain.topics.proposals import plain
from spotter.explain.word_crop import turn_note, word_photo, word_size

if TYPE_CHECKING:
    from torch import nn

    from spotter.explain.interventions import Rereading
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

NEIGHBOURS = 3
WIDTH = 620
LEVELS = ("fine", "coarse")
LEAST = -1e4  # energy of a key that is left out; its softmax is 0


@dataclass(frozen=True)
class Query:
    """One cell's attention in one block, mean of the heads. `w` cells a side in a window."""

    row: int  # of the map
    column: int
    fine: np.ndarray  # (w, w) weights of the cells of its window
    coarse: np.ndarray  # (3, 3) weights of the pooled windows around, its own in the middle
    inside: np.ndarray  # (3, 3) bool, whether there is such a window

    @property
    def entropy_keys(self) -> float:
        """How many keys it would be if all had the same weight: the exponential of the entropy."""
        weights = np.concatenate([self.fine.ravel(), self.coarse.ravel()]).clip(1e-9)
        weights = weights / weights.sum()
        return float(np.exp(-(weights * np.log(weights)).sum()))


def grid(trace: Trace) -> tuple[int, int]:
    """Rows and columns of windows."""
    height, width = trace.config.recognition_roi
    return height // trace.config.two_level_window, width // trace.config.two_level_window


def query(trace: Trace, word: int, block: int, cell: int) -> Query:
    """The attention of a cell, counted row by row, in a block (0..)."""
    window, (rows, columns) = trace.config.two_level_window, grid(trace)
    row, column = divmod(int(np.clip(cell, 0, rows * columns * window**2 - 1)), columns * window)
    (top, y), (left, x) = divmod(row, window), divmod(column, window)
    weights = trace.two_level[word, block, top * columns + left, y * window + x].astype(np.float32)
    around = np.arange(NEIGHBOURS) - NEIGHBOURS // 2
    there = lambda start, count: (start + around >= 0) & (start + around < count)  # noqa: E731
    return Query(
        row=row,
        column=column,
        fine=weights[: window**2].reshape(window, window),
        coarse=weights[window**2 :].reshape(NEIGHBOURS, NEIGHBOURS),
        inside=there(top, rows)[:, None] & there(left, columns)[None],
    )


def coarse_share(trace: Trace, word: int, block: int) -> np.ndarray:
    """(H, W) how much of each cell's attention goes to the coarse keys."""
    window, (rows, columns) = trace.config.two_level_window, grid(trace)
    share = trace.two_level[word, block, :, :, window**2 :].astype(np.float32).sum(-1)
    share = share.reshape(rows, columns, window, window).swapaxes(1, 2)
    return share.reshape(rows * window, columns * window)


def density(trace: Trace, one: Query) -> np.ndarray:
    """(H, W) weight that falls on each cell, a coarse key's spread evenly over its window; sums to 1."""
    window, (rows, columns) = trace.config.two_level_window, grid(trace)
    out = np.zeros((rows * window, columns * window), np.float32)
    top, left = one.row // window, one.column // window
    for y, x in zip(*np.nonzero(one.inside), strict=True):
        row, column = (top + y - 1) * window, (left + x - 1) * window
        out[row : row + window, column : column + window] += one.coarse[y, x] / window**2
    out[top * window : (top + 1) * window, left * window : (left + 1) * window] += one.fine
    return out


def first_cell(trace: Trace, word: int) -> int:
    """The cell under the place where the reader looks for the first character."""
    looks = trace.attention[word, 0].astype(np.float32)
    y, x = np.unravel_index(looks.argmax(), looks.shape)
    height, width = trace.config.recognition_roi
    row, column = int((y + 0.5) * height / looks.shape[0]), int((x + 0.5) * width / looks.shape[1])
    return row * width + column


def cell_at(trace: Trace, word: int, place: list[float]) -> int:
    """The cell at a place (x, y) on the large picture of `draw_query`."""
    height, width = trace.config.recognition_roi
    across, down = word_size(trace, word, WIDTH)
    column = int(np.clip(place[0] / across * width, 0, width - 1))
    row = int(np.clip((place[1] - 24) / down * height, 0, height - 1))  # 24: the title above
    return row * width + column


def draw_query(trace: Trace, word: int, block: int, cell: int) -> tuple[Image.Image, str]:
    """Where a cell looks, over the word's crop; its keys with their weights; every cell's coarse share."""
    one = query(trace, word, block, cell)
    window, size = trace.config.two_level_window, word_size(trace, word, WIDTH)
    photo = word_photo(trace, word, WIDTH)
    weight = density(trace, one)
    about = ["white: windows; orange: the query and its window", turn_note(trace, word)]
    large = blend_map(photo, weight, float(weight.max()), 0.6)
    draw_windows(large, trace, one)
    height, width = trace.config.recognition_roi
    place = f"row {one.row + 1} of {height}, column {one.column + 1} of {width}"
    fine, coarse = float(one.fine.sum()), float(one.coarse.sum())
    high, highest = float(max(one.fine.max(), one.coarse.max())), float(weight.max())
    y, x = one.row % window, one.column % window
    keys = [
        titled(
            numbers(one.fine, high, (y, x)), f"{window**2} fine keys: {fine:.2f}", "the cells of its window"
        ),
        titled(
            numbers(np.where(one.inside, one.coarse, np.nan), high, (1, 1)),
            f"9 coarse keys: {coarse:.2f}",
            "a window each, grey: outside",
        ),
    ]
    share = coarse_share(trace, word, block)
    small = (300, max(60, round(300 * size[1] / size[0])))
    keys.append(
        titled(
            blend_map(photo.resize(small), share, 1.0, 0.85),
            f"coarse share of every query, mean {share.mean():.2f}",
            f"{share.min():.2f} to {share.max():.2f} on the scale 0 to 1",
        )
    )
    picture = tiles(
        [
            titled(
                large,
                f"query: {place}",
                "; ".join(filter(None, about)),
            ),
            colour_bar("0", f"{highest:.3f}", "weight on a cell, a coarse key's spread evenly", 420),
            tiles(keys, 3),
            colour_bar("0", f"{high:.3f}", "weight of a key", 300),
        ],
        1,
    )
    alt = (
        f"Two-level attention of the query at {place}: {fine:.2f} on fine keys, {coarse:.2f} on coarse ones."
    )
    return picture, alt


def draw_windows(picture: Image.Image, trace: Trace, one: Query) -> None:
    """The borders of the windows; the query's window and the query itself in orange."""
    draw = ImageDraw.Draw(picture, "RGBA")
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

    frame(one.row // window * window, one.column // window * window, window, 2)
    frame(one.row, one.column, 1, 3)


def numbers(values: np.ndarray, high: float, marked: tuple[int, int], side: int = 224) -> Image.Image:
    """(n, n) weights as a square of cells with their numbers; NaN stays grey; one cell is framed."""
    cell = side // len(values)
    picture = Image.new("RGB", (cell * len(values), cell * len(values)), PAPER)
    draw = ImageDraw.Draw(picture)
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


@contextmanager
def left_out(model: nn.Module, level: str | None) -> Iterator[None]:
    """While open, this thread's two-level attention does without its "fine" or its "coarse" keys.

    Their energy becomes so low that the softmax gives them nothing; the other keys share the whole weight.
    """
    mine, handles = threading.get_ident(), []

    def drop(cells: int):
        def hook(_: nn.Module, inputs: tuple) -> tuple | None:
            if threading.get_ident() != mine:
                return None
            energy = inputs[0].clone()
            part = slice(0, cells) if level == "fine" else slice(cells, None)
            energy[..., part] = LEAST
            return (energy,)

        return hook

    try:
        for block in model.two_level if level else ():
            softmax = block.attention.softmax
            handles.append(softmax.register_forward_pre_hook(drop(block.attention.window**2)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def reread_without(spotter: Spotter, trace: Trace, word: int, level: str | None) -> Rereading:
    """The word read again without the "fine" or "coarse" keys of all blocks; None: with both."""
    from spotter.explain.interventions import reread

    with left_out(spotter.model, level):
        return reread(spotter, trace, word)


def describe(trace: Trace, word: int, block: int, cell: int) -> str:
    """The formula of a query with its numbers, Markdown with LaTeX."""
    one = query(trace, word, block, cell)
    window, (height, width) = trace.config.two_level_window, trace.config.recognition_roi
    cells, keys = height * width, window**2 + NEIGHBOURS**2
    return (
        "$$\\alpha = \\mathrm{softmax}\\Big(\\tfrac{1}{\\sqrt d}\\, q\\,[K_{fine};\\, K_{coarse}]^\\top "
        "+ b\\Big)$$\n\n"
        f"$$\\textstyle\\sum \\alpha_{{fine}} + \\sum \\alpha_{{coarse}} = {one.fine.sum():.2f} + "
        f"{one.coarse.sum():.2f}$$\n\n"
        f"The query has {window**2} + {NEIGHBOURS**2} = {keys} keys; its weights are as spread as "
        f"{one.entropy_keys:.1f} equal ones. All {cells} cells together: {cells} · {keys} = {cells * keys:,} "
        f"pairs, {cells / keys:.0f} times fewer than if every cell saw every other ({cells**2:,}). Weights "
        f"are the mean of {trace.config.two_level_heads} heads, block {block + 1} of "
        f"{trace.two_level.shape[1]}."
    )


def describe_readings(spotter: Spotter, trace: Trace, word: int) -> str:
    """The word read with both levels and with either left out; Markdown."""
    names = {None: "both levels", "coarse": "coarse keys left out", "fine": "fine keys left out"}
    found = {level: reread_without(spotter, trace, word, level) for level in names}
    whole = found[None]
    rows = ["| read with | text | −log p |", "|---|---|--:|"]
    rows += [f"| {names[level]} | {plain(one.text)} | {one.surprise:.2f} |" for level, one in found.items()]
    changed = found["coarse"].text != whole.text
    verdict = (
        f"Without the coarse keys the text **changes** to **{plain(found['coarse'].text)}**."
        if changed
        else "Without the coarse keys the text **stays**."
    )
    return "\n".join(rows) + f"\n\n{verdict} The network was not trained to do without them."
