"""What a token or a cell can have seen of the image, exactly: interval arithmetic on the network's structure.

Windows, merging and convolutions treat rows and columns alike and apart, so what reaches a token is a
rectangle, and one axis at a time is enough. An interval is (first, last), both included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotter.config import SpotterConfig

Interval = tuple[int, int]
FINEST_STRIDE = 4


def window_places(token: int, length: int, window: int, shift: int) -> list[tuple[int, bool]]:
    """The places of the window a token is in, along one axis of a map `length` tokens long.

    Each is (token there, whether the mask of shifted windows lets the two see each other). Tokens of
    `length` and beyond are padding. In a shifted window the map is rolled: its last window holds tokens of
    both ends.
    """
    padded = -(-length // window) * window

    def band(rolled: int) -> int:
        return 0 if shift == 0 else (rolled >= padded - window) + (rolled >= padded - shift)

    mine = (token - shift) % padded
    start = mine // window * window
    return [((place + shift) % padded, band(place) == band(mine)) for place in range(start, start + window)]


def seen_in_block(interval: Interval, length: int, window: int, shift: int) -> Interval:
    """The tokens that one block lets the tokens of an interval see."""
    ends = [
        token
        for end in interval
        for token, together in window_places(end, length, window, shift)
        if together and token < length
    ]
    return min(ends), max(ends)


def token_reach(config: SpotterConfig, stage: int, blocks: int, tokens: Interval, pixels: int) -> Interval:
    """Pixels along one axis that reach tokens of Swin stage 0..3 after its first `blocks` blocks.

    `pixels`: the padded image along that axis.
    """
    first, last = tokens
    for s in range(stage, -1, -1):
        length = pixels // (FINEST_STRIDE * 2**s)
        for block in reversed(range(blocks if s == stage else config.depths[s])):
            shift = config.window // 2 if block % 2 else 0
            first, last = seen_in_block((first, last), length, config.window, shift)
        if s:
            first, last = 2 * first, 2 * last + 1
    overlap = 3 if config.stem == "conv" else 0  # two 3x3 convolutions of stride 2 see 7 pixels, a patch 4
    return max(0, FINEST_STRIDE * first - overlap), min(pixels - 1, FINEST_STRIDE * last + 3)


def dilated_cells(dilations: Sequence[int]) -> set[int]:
    """Offsets of the cells that 3x3 convolutions of these dilations, one after the other, see on an axis."""
    cells = {0}
    for dilation in dilations:
        cells = {cell + step for cell in cells for step in (-dilation, 0, dilation)}
    return cells


def cell_reach(
    config: SpotterConfig, level: int, cell: int, pixels: int, dilations: Sequence[int] = ()
) -> Interval:
    """Pixels along one axis that reach a cell of P2..P5 (level 0..3), after a dilated block if there is one.

    The way down through the pyramid brings in what the coarser stages have seen.
    """
    length = pixels // (FINEST_STRIDE * 2**level)
    widened = 1 + sum(dilations)  # 1: the 3x3 convolution at the pyramid's output
    first, last = max(0, cell - widened), min(length - 1, cell + widened)
    reached = [
        token_reach(config, j, config.depths[j], (first >> (j - level), last >> (j - level)), pixels)
        for j in range(level, len(config.depths))
    ]
    return min(a for a, _ in reached), max(b for _, b in reached)
