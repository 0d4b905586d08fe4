"""Attention within windows: the window of one token of the Swin backbone, and what it can have seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotter.explain.canvas import (
    GREEN,
    ORANGE,
    PAPER,
    SKY,
    colour_bar,
    colourise,
    corners_of,
    grow,
    legend,
    linked,
    outline,
    photo_canvas,
    tiles,
    titled,
)
from spotter.explain.layers import Drawing
from spotter.explain.picked_points import PICTURE_WIDTH
from spotter.explain.theoretical_field import token_reach, window_places
from spotter.language import tr
from spotter.tracing.trace_cache import cached

if TYPE_CHECKING:
    import torch

    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

FEW_HEADS, MAP_WIDTHS = 4, (220, 140)  # pixels, of the maps of up to FEW_HEADS heads, and of more
MIN_GRID_TOKEN = 7  # pixels of the picture per token; a finer grid would hide the photo
GREY, DARK = (150, 150, 150), (70, 70, 70)  # masked tokens, and padding outside the map


def block_list(depths: tuple[int, ...]) -> list[tuple[int, int]]:
    """(stage, block) of all blocks in order, both counted from 0."""
    return [(stage, block) for stage, depth in enumerate(depths) for block in range(depth)]


@dataclass(frozen=True)
class TokenWindow:
    """The window of one token in one block. P = window * window tokens, row by row."""

    stage: int  # 0..3
    block: int  # from 0
    stride: int  # pixels per token
    size: tuple[int, int]  # rows and columns of the token map
    shift: int  # tokens the windows are shifted by
    token: tuple[int, int]  # row, column
    rows: (
        np.ndarray
    )  # (window,) int, row of the map at each row of the window; rows outside the map are padding
    columns: np.ndarray  # (window,) int
    masked: np.ndarray  # (P,) bool, tokens from another side of the map, there since it was rolled
    padding: np.ndarray  # (P,) bool, outside the map
    window: int  # index of the window, row by row
    index: int  # of the token in the window, row by row

    @property
    def name(self) -> str:
        return tr("stage {stage}, block {block}", stage=self.stage + 1, block=self.block + 1)


def token_window(trace: Trace, stage: int, block: int, point: np.ndarray) -> TokenWindow:
    """The window of the token at a point (x, y) of the trace's image."""
    window, stride = trace.config.window, 4 * 2**stage
    height, width = trace.padded_size
    size = height // stride, width // stride
    token = int(point[1] // stride), int(point[0] // stride)
    shift = window // 2 if block % 2 else 0
    rows, columns = (window_places(t, length, window, shift) for t, length in zip(token, size, strict=True))
    together = np.array([[a and b for _, b in columns] for _, a in rows])
    beyond = np.array([[r >= size[0] or c >= size[1] for c, _ in columns] for r, _ in rows])
    per_row = -(-size[1] // window)
    rolled = [(t - shift) % (-(-length // window) * window) for t, length in zip(token, size, strict=True)]
    return TokenWindow(
        stage=stage,
        block=block,
        stride=stride,
        size=size,
        shift=shift,
        token=token,
        rows=np.array([row for row, _ in rows]),
        columns=np.array([column for column, _ in columns]),
        masked=~together.ravel(),
        padding=beyond.ravel(),
        window=rolled[0] // window * per_row + rolled[1] // window,
        index=rolled[0] % window * window + rolled[1] % window,
    )


def block_inputs(spotter: Spotter, trace: Trace) -> list[np.ndarray]:
    """The input of each block of `block_list`, (rows, columns, C) float16. Cached when a photo is traced; for
    a stored trace the backbone runs once.
    """
    return cached(trace, "tokens", lambda: run_backbone(spotter, trace))


def run_backbone(spotter: Spotter, trace: Trace) -> list[np.ndarray]:
    import torch

    from spotter.tracing.recorder import TRACE_HOOKS, network_image, record_activations

    model, hooks = spotter.model, [hook for hook in TRACE_HOOKS if hook.name == "tokens"]
    with record_activations(model, hooks) as activations, torch.inference_mode(), autocast(spotter):
        model.backbone(model.pad([network_image(trace.image, spotter.device)])[0])
    return activations["tokens"]


def autocast(spotter: Spotter) -> torch.autocast:
    """The precision the spotter runs with."""
    import torch

    return torch.autocast(spotter.device.type, torch.bfloat16, enabled=spotter.bfloat16)


def attention(spotter: Spotter, trace: Trace, at: TokenWindow) -> np.ndarray:
    """(heads, P) float32, the token's attention to the tokens of its window; the block runs again."""
    key = ("attention", at.stage, at.block, at.window)
    return cached(trace, key, lambda: window_attention(spotter, trace, at))[:, at.index].astype(np.float32)


def window_attention(spotter: Spotter, trace: Trace, at: TokenWindow) -> np.ndarray:
    """(heads, P, P) float16, attention of all tokens of the window."""
    import torch

    from spotter.tracing.recorder import Hook, half, record_activations

    path = f"backbone.stages.{at.stage}.{at.block}"
    index = block_list(trace.config.depths).index((at.stage, at.block))
    tokens = torch.from_numpy(block_inputs(spotter, trace)[index].astype(np.float32))
    hook = Hook("weights", f"{path}.attn.softmax", lambda inputs, output: half(output[at.window]))
    with record_activations(spotter.model, [hook]) as activations, torch.inference_mode(), autocast(spotter):
        spotter.model.get_submodule(path)(tokens[None].to(spotter.device))
    return activations["weights"][0]


def theoretical_box(trace: Trace, at: TokenWindow) -> np.ndarray:
    """(4,) xyxy, the pixels of the trace's image that can have influenced the token after this block."""
    return photo_rectangle(
        trace,
        *(
            token_reach(trace.config, at.stage, at.block + 1, (t, t), pixels)
            for t, pixels in zip(at.token, trace.padded_size, strict=True)
        ),
    )


def photo_rectangle(trace: Trace, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    """Intervals of pixels, ends included -> (4,) xyxy of the trace's image, without its padding."""
    height, width = trace.image.shape[:2]
    return np.array(
        [columns[0], rows[0], min(columns[1] + 1, width), min(rows[1] + 1, height)], dtype=np.float64
    )


def draw_photo(trace: Trace, at: TokenWindow, weights: np.ndarray) -> tuple[Image.Image, str]:
    """The photo with all tokens and windows, the token's window coloured by its attention (mean of the
    heads), and its theoretical receptive field.
    """
    picture, scale = photo_canvas(trace.image, PICTURE_WIDTH, dim=0.25)
    draw = Drawing(picture, "RGBA")
    token = at.stride * scale
    if token >= MIN_GRID_TOKEN:
        draw_grid(draw, 0, token, (*PAPER, 40))
    draw_grid(draw, at.shift * token, trace.config.window * token, (*SKY, 150))
    colours = colourise(weights.mean(0), 0, float(weights.mean(0).max()))
    for i, (row, column) in enumerate(
        np.stack(np.meshgrid(at.rows, at.columns, indexing="ij"), -1).reshape(-1, 2)
    ):
        if not at.padding[i]:
            fill = (*GREY, 170) if at.masked[i] else (*(int(v) for v in colours[i]), 190)
            x, y = column * at.stride * scale, row * at.stride * scale
            draw.rectangle((x, y, x + at.stride * scale - 1, y + at.stride * scale - 1), fill=fill)
    outline(draw, corners_of(theoretical_box(trace, at) * scale), GREEN, 3)
    row, column = at.token
    box = np.array([column, row, column + 1, row + 1]) * at.stride * scale
    outline(draw, corners_of(box + np.array([-2, -2, 2, 2])), ORANGE, 2)
    kind = tr("shifted by {shift}", shift=at.shift) if at.shift else tr("plain")
    shape = tr(
        "{rows} × {columns} tokens in windows of {side} × {side}, {kind}",
        rows=at.size[0],
        columns=at.size[1],
        side=trace.config.window,
        kind=kind,
    )
    colours_note = tr("orange: token · green: what can have reached it")
    legend(draw, f"{shape}\n{colours_note}", box)
    link_window(linked(picture, "photo", token_share(trace, at)), at, scale)
    return picture, tr(
        "The photo with the windows of {block}, {kind}; the token at row {row}, column {column} and the "
        "{tokens} tokens of its window are marked, {masked} of them masked.",
        block=at.name,
        kind=kind,
        row=row,
        column=column,
        tokens=len(at.masked),
        masked=int((at.masked & ~at.padding).sum()),
    )


def draw_grid(draw: ImageDraw.ImageDraw, first: float, step: float, colour: tuple[int, ...]) -> None:
    """Lines over the whole picture, `step` pixels apart, from `first` on."""
    width, height = draw.im.size
    for x in np.arange(first, width, step):
        draw.line([(x, 0), (x, height)], fill=colour, width=1)
    for y in np.arange(first, height, step):
        draw.line([(0, y), (width, y)], fill=colour, width=1)


def token_share(trace: Trace, at: TokenWindow) -> tuple[float, float]:
    """Width and height of a token, as fractions of the photo's."""
    height, width = trace.image.shape[:2]
    return at.stride / width, at.stride / height


def link_window(picture: Image.Image, at: TokenWindow, scale: float) -> None:
    """Panels where the window lies on the photo: one, or up to four if the map was rolled."""
    side, unit = len(at.rows), at.stride * scale
    for top, bottom in consecutive_runs(at.rows):
        for left, right in consecutive_runs(at.columns):
            x, y = at.columns[left] * unit, at.rows[top] * unit
            box = (x, y, x + (right - left) * unit, y + (bottom - top) * unit)
            part = np.array([left, top, right, bottom]) / side
            linked(picture, "window", (1 / side, 1 / side), box, part.tolist())


def consecutive_runs(indices: np.ndarray) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of consecutive numbers."""
    ends = [0, *(np.flatnonzero(np.diff(indices) != 1) + 1).tolist(), len(indices)]
    return list(pairwise(ends))


def draw_heads(trace: Trace, at: TokenWindow, weights: np.ndarray) -> tuple[Image.Image, str]:
    """The window on the photo, and the token's attention in it: one map per head, one scale for all."""
    high, side = float(weights.max()), len(at.rows)
    cell = max(1, MAP_WIDTHS[len(weights) > FEW_HEADS] // side)
    maps = [
        titled(
            enlarged_window(window_photo(trace, at), at, cell), tr("the window"), tr("as the block sees it")
        )
    ]
    for head, values in enumerate(weights):
        colours = colourise(values, 0, high)
        colours[at.masked] = GREY
        colours[at.padding] = DARK
        own = enlarged_window(colours.reshape(side, side, 3), at, cell, values.reshape(side, side))
        note = tr("{count:.0f} effective tokens", count=effective_count(values))
        maps.append(titled(own, tr("head {number}", number=head + 1), note))
    bar = colour_bar("0", f"{high:.2g}", tr("attention (grey: masked, dark: padding)"), 420)
    picture = tiles([tiles(maps, 3 if len(weights) <= FEW_HEADS else 5), bar], 1)
    return picture, tr(
        "Attention of the token in each of {heads} heads over its window of {side} by {side} tokens; "
        "the largest weight is {high:.2g}.",
        heads=len(weights),
        side=side,
        high=high,
    )


def window_photo(trace: Trace, at: TokenWindow) -> np.ndarray:
    """(h, w, 3): the photo under the window's tokens, in the window's order; black outside the photo."""
    height, width = trace.image.shape[:2]
    inner = np.arange(at.stride)
    ys = (at.rows[:, None] * at.stride + inner).ravel()
    xs = (at.columns[:, None] * at.stride + inner).ravel()
    photo = trace.image[np.ix_(ys.clip(0, height - 1), xs.clip(0, width - 1))].copy()
    photo[(ys[:, None] >= height) | (xs[None] >= width)] = 0
    return photo


def enlarged_window(
    image: np.ndarray, at: TokenWindow, cell: int, values: np.ndarray | None = None
) -> Image.Image:
    """The window enlarged, its token framed in orange; its cells are linked, with their `values`."""
    side = len(at.rows)
    picture = grow(image, cell * side)
    row, column = divmod(at.index, side)
    Drawing(picture).rectangle(
        (column * cell, row * cell, (column + 1) * cell - 1, (row + 1) * cell - 1), outline=ORANGE, width=2
    )
    return linked(picture, "window", (1 / side, 1 / side), values=values)


def effective_count(weights: np.ndarray) -> float:
    """Number of tokens that effectively share the attention: the exponential of its entropy."""
    p = weights / max(weights.sum(), 1e-9)
    return float(np.exp(-(p * np.log(p.clip(min=1e-12))).sum()))
