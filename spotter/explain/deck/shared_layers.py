"""Slides about what both detection and recognition use: the Swin backbone, the pyramid, RoIAlign."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from spotter.explain import roi_sampling
from spotter.explain.canvas import tiles
from spotter.explain.deck.lesson import Lesson
from spotter.explain.deck.slide import Slide, in_halves
from spotter.explain.equations import agreeing
from spotter.explain.topics import levels, roi_align, windows
from spotter.language import tr

LINE_LENGTH = 28  # characters of shapes, in a row of the table

if TYPE_CHECKING:
    from spotter.explain.layer_table import Layer


def windows_slide(lesson: Lesson) -> Slide:
    trace, pictures, spread = lesson.trace, [], []
    for stage, block in windows.block_list(trace.config.depths)[:2]:
        at = windows.token_window(trace, stage, block, lesson.point)
        weights = windows.attention(lesson.spotter, trace, at)
        pictures.append(windows.draw_photo(trace, at, weights))
        spread.append(windows.effective_count(weights.mean(0)))
    tokens, window = at.size[0] * at.size[1], len(at.masked)
    width = trace.config.embed_dim // trace.config.heads[0]
    photos = tiles([picture for picture, _ in pictures], 2)
    return Slide(
        tr("Swin: attention within windows"),
        tr("Paper, section {section}", section="3.1"),
        [
            tr(
                "A token attends only to the {side} × {side} tokens of its own window. The next block shifts "
                "the windows, so that neighbours meet.",
                side=trace.config.window,
            ),
            tr(
                "Left: a plain block, right: the shifted one after it. The marked token spreads its "
                "attention as if over {plain:.0f} and {shifted:.0f} tokens.",
                plain=spread[0],
                shifted=spread[1],
            ),
            tr(
                "Pairs of tokens on this photo: {all:,} if each attended to every other, {windows:,} in "
                "windows, {times:,.0f} times fewer.",
                all=tokens**2,
                windows=tokens * window,
                times=tokens / window,
            ),
        ],
        [
            rf"$A = \mathrm{{softmax}}\left(\frac{{QK^\top}}{{\sqrt{{{width}}}}} + B + M\right)$",
            rf"${number(tokens)}^2 = {number(tokens**2)}$",
            rf"${number(tokens)} \cdot {window} = {number(tokens * window)}$",
        ],
        [(photos, " ".join(alt for _, alt in pictures)), windows.draw_heads(trace, at, weights)],
    )


def number(value: int) -> str:
    """A number for mathtext, whose commas would be followed by spaces."""
    return f"{value:,}".replace(",", "{,}")


def pyramid_slide(lesson: Lesson) -> Slide:
    from spotter.explain.layer_table import layers_of

    trace = lesson.trace
    layers = layers_of(lesson.spotter, trace)
    formulas = [r"$T_l = \mathrm{lateral}(C_l) + \mathrm{up}(T_{l+1}), \quad P_l = \mathrm{conv}(T_l)$"]
    if lesson.word is not None:
        x1, y1, x2, y2 = box = trace.box(lesson.word)
        value, _ = levels.level_rule(box)
        digits = 2
        while math.floor(float(f"{value:.{digits}f}")) != math.floor(value) and digits < 5:
            digits += 1
        root = math.sqrt((x2 - x1) * (y2 - y1))
        (shown,), result = agreeing(
            lambda side: levels.CANONICAL_LEVEL + math.log2(side / levels.CANONICAL_SIZE), [root], [0], digits
        )
        formulas.append(
            rf"$k = \left\lfloor 4 + \log_2\frac{{{shown}}}{{224}} \right\rfloor = "
            rf"\left\lfloor {result} \right\rfloor = {math.floor(value)}$"
        )
    return Slide(
        tr("The feature pyramid, with the shapes of this photo"),
        tr("Paper, section {section}", section="3.1"),
        [
            tr(
                "Four maps of one photo, each with half the resolution of the one before. On the way down, a "
                "coarse map is enlarged and added to the finer one."
            ),
            tr(
                "All layers together: {count} multiply-adds.",
                count=levels.count_text(sum(layer.multiply_adds for layer in layers)),
            ),
        ],
        formulas,
        [levels.draw_levels(trace, lesson.point, lesson.word, True, "energy", layers)],
        in_halves((tr("layer"), tr("output")), shape_rows(layers)),
    )


def shape_rows(layers: Sequence[Layer]) -> list[tuple[str, str]]:
    """Layers and their shapes; a run of layers with the same ones in one row."""
    from spotter.explain.layer_table import layer_title

    rows = []
    for shapes, group in groupby(layers, key=lambda layer: [shape for _, shape in layer.outputs]):
        run = list(group)
        names = dict.fromkeys(layer_title(layer.name) for layer in (run[0], run[-1]))
        lines = lines_of([levels.shape_text(shape) for shape in shapes])
        rows += [("" if i else " – ".join(names), line) for i, line in enumerate(lines)]
    return rows


def lines_of(shapes: Sequence[str]) -> list[str]:
    """Joins shapes to lines of at most LINE_LENGTH characters without breaking one."""
    lines = [""]
    for shape in shapes:
        if lines[-1] and len(lines[-1]) + 1 + len(shape) > LINE_LENGTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {shape}".strip()
    return lines


def roi_slide(lesson: Lesson) -> Slide:
    trace = lesson.trace
    box = roi_sampling.box_of(trace, lesson.word)
    still = roi_sampling.pool_box(trace, box)
    channel, middle = roi_sampling.strongest_channel(still), trace.config.roi_size // 2
    align, pool = roi_sampling.cached_step_changes(trace, box, 0)
    stride = levels.stride_of(still.level)
    (shown,), divided = agreeing(lambda x: x / stride, [float(still.box[0])], [2], 3)
    rounded = roi_sampling.rounded_box(still)[0]
    return Slide(
        tr("RoIAlign: features of a box"),
        tr("Paper, section {section}", section="3.2"),
        [
            tr(
                "Every box becomes {side} × {side} bins, so that one head fits all boxes. RoIAlign samples "
                "between the cells (bilinear interpolation) and takes the mean.",
                side=trace.config.roi_size,
            ),
            tr(
                "RoIPool rounds the box to whole cells first (quantisation). Of {count} nudges by {step} "
                "pixels, {idle} change nothing with it, and the largest changes {pool:.1%}; with RoIAlign, "
                "no nudge changes more than {align:.1%}.",
                count=len(pool),
                step=roi_sampling.STEP,
                idle=int((pool == 0).sum()),
                pool=float(pool.max()),
                align=float(align.max()),
            ),
        ],
        [
            rf"$\mathrm{{RoIAlign:}}\ \frac{{{shown}}}{{{stride}}} = {divided}$",
            rf"$\mathrm{{RoIPool:}}\ \mathrm{{round}}\left(\frac{{{shown}}}{{{stride}}}\right) = "
            rf"{rounded:.0f}$",
        ],
        [
            roi_align.draw_map(trace, still, channel, middle, middle),
            roi_align.draw_changes(trace, box, 0.0, 0),
        ],
    )
