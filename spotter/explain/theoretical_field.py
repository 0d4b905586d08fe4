"""Theoretical receptive fields of tokens and cells, by interval arithmetic on the structure of the network.

Windows, patch merging and convolutions are separable, so a receptive field is a rectangle and each axis can
be treated alone. An interval is (first, last), both included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotter.config import SpotterConfig

Interval = tuple[int, int]
FINEST_STRIDE = 4


def window_places(token: int, length: int, window: int, shift: int) -> list[tuple[int, bool]]:
    """The tokens in the window of `token`, along one axis of a map `length` tokens long.

    Each is (token, whether the mask of shifted windows lets `token` attend to it). Tokens from `length` on
    are padding. With a shift the map is rolled, so the last window holds tokens of both ends.
    """
    padded = -(-length // window) * window

    def band(rolled: int) -> int:
        return 0 if shift == 0 else (rolled >= padded - window) + (rolled >= padded - shift)

    mine = (token - shift) % padded
    start = mine // window * window
    return [((place + shift) % padded, band(place) == band(mine)) for place in range(start, start + window)]


def seen_in_block(interval: Interval, length: int, window: int, shift: int) -> Interval:
    """The tokens that the tokens of an interval attend to in one block."""
    ends = [
        token
        for end in interval
        for token, together in window_places(end, length, window, shift)
        if together and token < length
    ]
    return min(ends), max(ends)


def token_reach(config: SpotterConfig, stage: int, blocks: int, tokens: Interval, pixels: int) -> Interval:
    """Receptive field, in pixels along one axis, of tokens of Swin stage 0..3 after its first `blocks`
    blocks.

    `pixels`: size of the padded image along that axis.
    """
    first, last = tokens
    for s in range(stage, -1, -1):
        length = pixels // (FINEST_STRIDE * 2**s)
        for block in reversed(range(blocks if s == stage else config.depths[s])):
            shift = config.window // 2 if block % 2 else 0
            first, last = seen_in_block((first, last), length, config.window, shift)
        if s:
            first, last = 2 * first, 2 * last + 1
    overlap = 3 if config.stem == "conv" else 0  # two 3x3 convolutions of stride 2 cover 7 pixels, a patch 4
    return max(0, FINEST_STRIDE * first - overlap), min(pixels - 1, FINEST_STRIDE * last + 3)


def dilated_cells(dilations: Sequence[int]) -> set[int]:
    """Offsets, along one axis, of the cells in the receptive field of successive 3x3 convolutions."""
    cells = {0}
    for dilation in dilations:
        cells = {cell + step for cell in cells for step in (-dilation, 0, dilation)}
    return cells


def cell_reach(
    config: SpotterConfig, level: int, cell: int, pixels: int, dilations: Sequence[int] = ()
) -> Interval:
    """Receptive field, in pixels along one axis, of a cell of P2..P5 (level 0..3), after a dilated block if
    any.

    The top-down path of the pyramid adds the receptive fields of the coarser stages.
    """
    length = pixels // (FINEST_STRIDE * 2**level)
    with_block = 1 + sum(dilations)  # 1: the 3x3 convolution at the pyramid's output
    first, last = max(0, cell - with_block), min(length - 1, cell + with_block)
    reached = [
        token_reach(config, j, config.depths[j], (first >> (j - level), last >> (j - level)), pixels)
        for j in range(level, len(config.depths))
    ]
    return min(a for a, _ in reached), max(b for _, b in reached)
