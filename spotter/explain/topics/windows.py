"""Attention inside windows: the partners of one token of the Swin backbone, and what it can have seen."""

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
from spotter.explain.picked_points import PICTURE_WIDTH
from spotter.explain.theoretical_field import token_reach, window_places
from spotter.tracing.trace_cache import network_image, once, padded_size

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

FEW, MAP_WIDTHS = 4, (220, 140)  # of the maps of a few heads, and of more
LEAST_TOKEN = 7  # pixels of the picture a side; the grid of smaller tokens would hide the photo
GREY, DARK = (150, 150, 150), (70, 70, 70)  # masked partners, and padding beyond the map


def blocks(depths: tuple[int, ...]) -> list[tuple[int, int]]:
    """(stage, block) of all blocks, in their order, from 0."""
    return [(stage, block) for stage, depth in enumerate(depths) for block in range(depth)]


@dataclass(frozen=True)
class Partners:
    """The window of one token. P = window * window places, row by row."""

    stage: int  # 0..3
    block: int  # from 0
    stride: int  # pixels per token
    size: tuple[int, int]  # rows and columns of the token map
    shift: int  # tokens the windows are shifted by
    token: tuple[int, int]  # row, column
    rows: np.ndarray  # (window,) int, the map's row at each of the window's rows; beyond the map: padding
    columns: np.ndarray  # (window,) int
    masked: np.ndarray  # (P,) bool, no neighbour of the token: came in when the map was rolled
    padding: np.ndarray  # (P,) bool, beyond the map
    window: int  # number of the window, row by row
    place: int  # of the token in the window

    @property
    def name(self) -> str:
        return f"stage {self.stage + 1}, block {self.block + 1}"


def partners(trace: Trace, stage: int, block: int, place: np.ndarray) -> Partners:
    """The window of the token at a place (x, y) of the trace's image."""
    window, stride = trace.config.window, 4 * 2**stage
    height, width = padded_size(trace.image)
    size = height // stride, width // stride
    token = int(place[1] // stride), int(place[0] // stride)
    shift = window // 2 if block % 2 else 0
    rows, columns = (window_places(t, length, window, shift) for t, length in zip(token, size, strict=True))
    together = np.array([[a and b for _, b in columns] for _, a in rows])
    beyond = np.array([[r >= size[0] or c >= size[1] for c, _ in columns] for r, _ in rows])
    per_row = -(-size[1] // window)
    rolled = [(t - shift) % (-(-length // window) * window) for t, length in zip(token, size, strict=True)]
    return Partners(
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
        place=rolled[0] % window * window + rolled[1] % window,
    )


def tokens_of(spotter: Spotter, trace: Trace) -> list[np.ndarray]:
    """What goes into each block, in the order of `blocks`, (rows, columns, C) float16. They are kept when a
    photo is traced; for a stored trace the backbone runs, once.
    """
    return once(trace, "tokens", lambda: run_backbone(spotter, trace))


def run_backbone(spotter: Spotter, trace: Trace) -> list[np.ndarray]:
    import torch

    from spotter.tracing.trace import TAPS, tapped

    model, taps = spotter.model, [tap for tap in TAPS if tap.name == "tokens"]
    with tapped(model, taps) as seen, torch.inference_mode(), autocast(spotter):
        model.backbone(model.pad([network_image(spotter, trace.image)])[0])
    return seen["tokens"]


def autocast(spotter: Spotter):
    """The precision the spotter reads with."""
    import torch

    return torch.autocast(spotter.device.type, torch.bfloat16, enabled=spotter.bfloat16)


def attention(spotter: Spotter, trace: Trace, at: Partners) -> np.ndarray:
    """(heads, P) float32, the token's attention to the places of its window; the block runs again."""
    key = ("attention", at.stage, at.block, at.window)
    return once(trace, key, lambda: window_attention(spotter, trace, at))[:, at.place].astype(np.float32)


def window_attention(spotter: Spotter, trace: Trace, at: Partners) -> np.ndarray:
    """(heads, P, P) float16, all of the window."""
    import torch

    from spotter.tracing.trace import Tap, half, tapped

    path = f"backbone.stages.{at.stage}.{at.block}"
    index = blocks(trace.config.depths).index((at.stage, at.block))
    tokens = torch.from_numpy(tokens_of(spotter, trace)[index].astype(np.float32))
    tap = Tap("weights", f"{path}.attn.softmax", lambda i, o: half(o[at.window]))
    with tapped(spotter.model, [tap]) as seen, torch.inference_mode(), autocast(spotter):
        spotter.model.get_submodule(path)(tokens[None].to(spotter.device))
    return seen["weights"][0]


def reach(trace: Trace, at: Partners) -> np.ndarray:
    """(4,) xyxy, pixels of the trace's image that can have reached the token after this block."""
    return photo_rectangle(
        trace,
        *(
            token_reach(trace.config, at.stage, at.block + 1, (t, t), pixels)
            for t, pixels in zip(at.token, padded_size(trace.image), strict=True)
        ),
    )


def photo_rectangle(trace: Trace, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    """(4,) xyxy of intervals of pixels, without the padding."""
    height, width = trace.image.shape[:2]
    return np.array(
        [columns[0], rows[0], min(columns[1] + 1, width), min(rows[1] + 1, height)], dtype=np.float64
    )


def draw_photo(trace: Trace, at: Partners, weights: np.ndarray) -> tuple[Image.Image, str]:
    """The photo with all tokens and windows, the partners coloured by the mean of the heads, and the token's
    reach.
    """
    picture, scale = photo_canvas(trace.image, PICTURE_WIDTH, dim=0.25)
    draw = ImageDraw.Draw(picture, "RGBA")
    token = at.stride * scale
    if token >= LEAST_TOKEN:
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
    outline(draw, corners_of(reach(trace, at) * scale), GREEN, 3)
    row, column = at.token
    box = np.array([column, row, column + 1, row + 1]) * at.stride * scale
    outline(draw, corners_of(box + np.array([-2, -2, 2, 2])), ORANGE, 2)
    kind = f"shifted by {at.shift}" if at.shift else "plain"
    side = trace.config.window
    shape = f"{at.size[0]} × {at.size[1]} tokens in windows of {side} × {side}, {kind}"
    legend(draw, f"{shape}\norange: token · green: what can have reached it", box)
    link_window(linked(picture, "photo", token_share(trace, at)), at, scale)
    return picture, (
        f"The photo with the windows of {at.name}, {kind}; the token at row {row}, column {column} and its "
        f"{len(at.masked)} partners are marked, "
        f"{int((at.masked & ~at.padding).sum())} of them masked."
    )


def draw_grid(draw: ImageDraw.ImageDraw, first: float, step: float, colour: tuple[int, ...]) -> None:
    """Lines over the whole picture, `step` pixels apart, from `first` on."""
    width, height = draw.im.size
    for x in np.arange(first, width, step):
        draw.line([(x, 0), (x, height)], fill=colour, width=1)
    for y in np.arange(first, height, step):
        draw.line([(0, y), (width, y)], fill=colour, width=1)


def token_share(trace: Trace, at: Partners) -> tuple[float, float]:
    """Width and height of a token as parts of the photo's."""
    height, width = trace.image.shape[:2]
    return at.stride / width, at.stride / height


def link_window(picture: Image.Image, at: Partners, scale: float) -> None:
    """Panels where the window lies on the photo: in one piece, or in up to four when the map was rolled."""
    side, unit = len(at.rows), at.stride * scale
    for top, bottom in pieces(at.rows):
        for left, right in pieces(at.columns):
            x, y = at.columns[left] * unit, at.rows[top] * unit
            box = (x, y, x + (right - left) * unit, y + (bottom - top) * unit)
            part = np.array([left, top, right, bottom]) / side
            linked(picture, "window", (1 / side, 1 / side), box, part)


def pieces(indices: np.ndarray) -> list[tuple[int, int]]:
    """Where an ascending run of whole numbers starts and ends (the end is not part of it), for each run."""
    ends = [0, *(np.flatnonzero(np.diff(indices) != 1) + 1).tolist(), len(indices)]
    return list(pairwise(ends))


def draw_heads(trace: Trace, at: Partners, weights: np.ndarray) -> tuple[Image.Image, str]:
    """The window cut out of the photo, and the token's attention in it, a map a head; one scale for all."""
    high, side = float(weights.max()), len(at.rows)
    cell = max(1, MAP_WIDTHS[len(weights) > FEW] // side)
    maps = [titled(ringed(window_photo(trace, at), at, cell), "the window", "as the block sees it")]
    for head, values in enumerate(weights):
        colours = colourise(values, 0, high)
        colours[at.masked] = GREY
        colours[at.padding] = DARK
        own = ringed(colours.reshape(side, side, 3), at, cell)
        maps.append(titled(own, f"head {head + 1}", f"{effective(values):.0f} partners in effect"))
    bar = colour_bar("0", f"{high:.2g}", "attention (grey: masked, dark: padding)", 420)
    picture = tiles([tiles(maps, 3 if len(weights) <= FEW else 5), bar], 1)
    return picture, (
        f"Attention of the token in each of {len(weights)} heads over its window of {side} by {side} tokens; "
        f"the largest weight is {high:.2g}."
    )


def window_photo(trace: Trace, at: Partners) -> np.ndarray:
    """(h, w, 3): the photo under the window's tokens in their order in the window; black beyond the photo."""
    height, width = trace.image.shape[:2]
    inner = np.arange(at.stride)
    ys = (at.rows[:, None] * at.stride + inner).ravel()
    xs = (at.columns[:, None] * at.stride + inner).ravel()
    found = trace.image[np.ix_(ys.clip(0, height - 1), xs.clip(0, width - 1))].copy()
    found[(ys[:, None] >= height) | (xs[None] >= width)] = 0
    return found


def ringed(image: np.ndarray, at: Partners, cell: int) -> Image.Image:
    """A picture of the window enlarged, the token in it ringed in orange; its cells are linked."""
    side = len(at.rows)
    picture = grow(image, cell * side)
    row, column = divmod(at.place, side)
    ImageDraw.Draw(picture).rectangle(
        (column * cell, row * cell, (column + 1) * cell - 1, (row + 1) * cell - 1), outline=ORANGE, width=2
    )
    return linked(picture, "window", (1 / side, 1 / side))


def effective(weights: np.ndarray) -> float:
    """How many partners share the attention: the exponential of its entropy."""
    p = weights / max(weights.sum(), 1e-9)
    return float(np.exp(-(p * np.log(p.clip(min=1e-12))).sum()))


def describe(trace: Trace, at: Partners, weights: np.ndarray) -> str:
    """The formula with its numbers and a table of the heads, Markdown with LaTeX."""
    config, side = trace.config, len(at.rows)
    width = config.embed_dim * 2**at.stage // config.heads[at.stage]
    masked, padding = int((at.masked & ~at.padding).sum()), int(at.padding.sum())
    seen, open_padding = int((~at.masked & ~at.padding).sum()), int((~at.masked & at.padding).sum())
    also = f", {open_padding} of which it looks at too, since padding as such is not masked"
    x1, y1, x2, y2 = reach(trace, at)
    height, total_width = trace.image.shape[:2]
    area = (x2 - x1) * (y2 - y1) / (height * total_width)
    published = "" if side == 7 else " (the published network: 7 × 7 = 49)"
    kind = f"rolled by {at.shift} tokens before it is cut" if at.shift else "cut into windows as it is"
    share = float(np.mean([effective(values) for values in weights])) / (seen + open_padding)
    spread = "nearly evenly over all of them" if share > 0.9 else f"over {share:.0%} of them in effect"
    rows = ["| head | largest weight | on | own | partners in effect |", "|--:|--:|---|--:|--:|"]
    for head, values in enumerate(weights):
        best = int(values.argmax())
        place = f"row {at.rows[best // side]}, column {at.columns[best % side]}"
        place = "padding" if at.padding[best] else place
        largest, own = values[best], values[at.place]
        rows.append(f"| {head + 1} | {largest:.3f} | {place} | {own:.3f} | {effective(values):.1f} |")
    return (
        f"$$A = \\mathrm{{softmax}}\\Big(\\tfrac{{QK^\\top}}{{\\sqrt{{{width}}}}} + B + M\\Big),\\qquad "
        f"A \\in \\mathbb{{R}}^{{{side * side} \\times {side * side}}}\\ \\text{{in each of "
        f"{len(weights)} heads}}$$\n\n"
        f"{at.name.capitalize()} of {config.depths[at.stage]}: the map of {at.size[0]} × {at.size[1]} tokens "
        f"({at.stride} pixels each) is {kind}. The token in row {at.token[0]}, column {at.token[1]} has "
        f"{side} × {side} = {side * side} partners, itself among them{published}: {seen} it can see, "
        f"**{masked} masked** ($M = -100$: they came from another side of the map), {padding} padding"
        f"{also if open_padding else ''}. "
        f"On average its heads spread their attention {spread}.\n\n"
        f"**Exact reach so far** (green frame): {x2 - x1:.0f} × {y2 - y1:.0f} pixels, {area:.1%} of the "
        f"photo (x {x1:.0f} to {x2:.0f}, y {y1:.0f} to {y2:.0f}).\n\n" + "\n".join(rows)
    )
