"""The pyramid's levels as maps, what each costs, and which one a word is cut out of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotter.explain.canvas import (
    GREEN,
    ORANGE,
    PAPER,
    PINK,
    SKY,
    colour_bar,
    colourise,
    corners_of,
    legend,
    linked,
    outline,
    photo_canvas,
    tiles,
    titled,
)
from spotter.explain.picked_points import PICTURE_WIDTH
from spotter.explain.topics.proposals import plain
from spotter.tracing.trace_cache import once

if TYPE_CHECKING:
    from spotter.explain.layer_table import Step
    from spotter.tracing.trace import Trace

MAP_WIDTH = 440
SAMPLES = 8192  # cells from which principal components are found
COLOURS = (ORANGE, SKY, GREEN, PINK)  # of P2..P5
ROLES = "stages", "reader"  # who cuts a word out of a level
CANONICAL_SIZE, CANONICAL_LEVEL = 224, 4  # the level rule: a box of 224 x 224 pixels belongs to P4


def stride_of(level: int) -> int:
    """Pixels per cell of P2..P5 (level 0..3)."""
    return 4 * 2**level


def features_of(trace: Trace, level: int, widened: bool) -> np.ndarray:
    """(C, h, w) float32 of P2..P5 (level 0..3) over the photo, without its padding."""
    maps = trace.levels if widened else trace.plain_levels
    height, width = (-(-side // stride_of(level)) for side in trace.image.shape[:2])
    return maps[level][:, :height, :width].astype(np.float32)


def principal_components(features: np.ndarray, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """(C, h, w) -> (h, w, count) coordinates along the directions in which cells differ most, and their
    shares of the variance, (count,).
    """
    channels, height, width = features.shape
    cells = features.reshape(channels, -1).T
    chosen = cells[:: max(1, len(cells) // SAMPLES)]
    mean = chosen.mean(0)
    spread = np.cov(chosen - mean, rowvar=False) if len(chosen) > 1 else np.zeros((channels, channels))
    values, vectors = np.linalg.eigh(np.atleast_2d(spread))
    vectors = vectors[:, ::-1][:, :count]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(count)])  # a sign that stays
    shares = values[::-1][:count].clip(min=0) / max(float(values.clip(min=0).sum()), 1e-12)
    return ((cells - mean) @ vectors.astype(np.float32)).reshape(height, width, count), shares


def map_of(trace: Trace, level: int, widened: bool, kind: str) -> tuple[np.ndarray, str]:
    """(h, w, 3) uint8 of a level, and one line on it. `kind`: "energy" or "pca"."""
    return once(trace, ("map", level, widened, kind), lambda: make_map(trace, level, widened, kind))


def make_map(trace: Trace, level: int, widened: bool, kind: str) -> tuple[np.ndarray, str]:
    if kind == "energy":
        values = energy_of(trace, level, widened)
        told = f"energy {values.min():.2f} to {values.max():.2f}"
        return colourise(values, 0, highest_energy(trace, widened)), told
    parts, shares = principal_components(features_of(trace, level, widened))
    low, high = np.percentile(parts, [1, 99], axis=(0, 1))
    colours = ((parts - low) / np.maximum(high - low, 1e-9)).clip(0, 1) * 255
    return colours.astype(np.uint8), f"3 components: {shares.sum():.0%} of the variance"


def energy_of(trace: Trace, level: int, widened: bool) -> np.ndarray:
    """(h, w) float32, root mean square of the channels of P2..P5 (level 0..3)."""
    key = ("energy", level, widened)
    return once(trace, key, lambda: np.sqrt(np.square(features_of(trace, level, widened)).mean(0)))


def highest_energy(trace: Trace, widened: bool) -> float:
    """Of all levels: their maps share one scale."""
    return max(float(energy_of(trace, level, widened).max()) for level in range(4))


def draw_photo(trace: Trace, place: np.ndarray, word: int | None) -> tuple[Image.Image, str]:
    """The photo with the cell over a place (x, y) on each level, and the word's box."""
    picture, scale = photo_canvas(trace.image, PICTURE_WIDTH, dim=0.2)
    draw = ImageDraw.Draw(picture, "RGBA")
    if word is not None:
        outline(draw, corners_of(trace.box(word) * scale), PAPER, 2)
    for level in reversed(range(4)):
        outline(draw, corners_of(cell_box(level, place) * scale), COLOURS[level], 2)
    legend(draw, "one cell of P5, P4, P3 and P2", cell_box(3, place) * scale)
    linked(picture, "photo")
    return picture, (
        f"The photo with one cell of each level outlined over x {place[0]:.0f}, y {place[1]:.0f}: 32, 16, 8 "
        "and 4 pixels a side."
    )


def cell_box(level: int, place: np.ndarray) -> np.ndarray:
    """(4,) xyxy pixels of the level's cell over a place (x, y)."""
    corner = place // stride_of(level) * stride_of(level)
    return np.concatenate([corner, corner + stride_of(level)])


def draw_levels(
    trace: Trace, place: np.ndarray, word: int | None, widened: bool, kind: str, steps: Sequence[Step]
) -> tuple[Image.Image, str]:
    """P2..P5 at one size, the same place outlined on each, with shape, stride, bytes and multiply-adds."""
    pictures, told = [], []
    for level in range(4):
        colours, note = map_of(trace, level, widened, kind)
        picture = Image.fromarray(colours)
        # The last row and column of cells may reach beyond the photo: scaled like the photo, and cut like it.
        zoom = MAP_WIDTH / trace.image.shape[1]
        size = [round(side * stride_of(level) * zoom) for side in picture.size]
        height = round(trace.image.shape[0] * zoom)
        picture = picture.resize(size, Image.NEAREST).crop((0, 0, MAP_WIDTH, height))
        draw = ImageDraw.Draw(picture, "RGBA")
        if word is not None:
            outline(draw, corners_of(trace.box(word) * zoom), PAPER, 2)
        box = cell_box(level, place) * zoom
        grown = max(0.0, 4 - (box[2] - box[0]) / 2)  # a cell of P2 alone would hardly be seen
        outline(draw, corners_of(box + np.array([-grown, -grown, grown, grown])), COLOURS[level], 2)
        height, width = trace.image.shape[:2]
        linked(picture, "photo", (stride_of(level) / width, stride_of(level) / height))
        shape = trace.levels[level].shape
        title = f"P{level + 2}: {shape[0]} × {shape[1]} × {shape[2]}, stride {stride_of(level)}"
        title += "" if word is None else cut_from(trace, word, level)
        cost = f"{size_text(level_bytes(level, steps))}, {count_text(level_multiply_adds(level, steps))}"
        pictures.append(titled(picture, title, f"{cost} multiply-adds; {note}"))
        told.append(f"P{level + 2} {shape[1]} by {shape[2]}")
    if kind == "energy":
        high = f"{highest_energy(trace, widened):.2f}"
        pictures.append(colour_bar("0", high, "energy, one scale for all four", 360))
    what = "energy" if kind == "energy" else "first three principal components"
    return tiles(pictures, 2), f"The levels of the pyramid, {what}: {', '.join(told)}; the place is outlined."


def cut_from(trace: Trace, word: int, level: int) -> str:
    """What a level says beside its title when a word is cut out of it: by the stages, by the reader."""
    canonical = trace.config.recognition_canonical
    at = rule(trace.box(word))[1], rule(as_box(trace.rois[word]), canonical)[1]
    if level not in at:
        return ""
    return "  ← the word's level" if at[0] == at[1] else f"  ← the word's, for the {ROLES[at.index(level)]}"


def own_steps(level: int, steps: Sequence[Step]) -> list[Step]:
    """The steps that make one level: lateral, output and dilated block."""
    return [step for step in steps if step.name.startswith(f"P{level + 2}:")]


def level_bytes(level: int, steps: Sequence[Step]) -> int:
    """Of the level once, as it was computed."""
    return next(step.nbytes for step in own_steps(level, steps) if "output" in step.name)


def level_multiply_adds(level: int, steps: Sequence[Step]) -> int:
    return sum(step.multiply_adds for step in own_steps(level, steps))


def as_box(roi: np.ndarray) -> np.ndarray:
    """A level box (4,) xyxy of the size of an RoI (5,)."""
    return np.array([0, 0, roi[2], roi[3]])


def rule(box: np.ndarray, canonical: float = CANONICAL_SIZE) -> tuple[float, int]:
    """The level rule of a box (4,) xyxy: its value before it is rounded down, and the level 0..3."""
    from torch import from_numpy

    from spotter.ops.roi_align import assign_levels

    size = math.sqrt(max(float((box[2] - box[0]) * (box[3] - box[1])), 0.0))
    value = CANONICAL_LEVEL + math.log2(size / canonical + 1e-8)
    return value, int(assign_levels(from_numpy(box[None].astype(np.float32)), 4, canonical)[0])


def variation(trace: Trace, level: int, widened: bool) -> float:
    """How much a level's cells differ: standard deviation of their energy by its mean, without the border."""
    energy = energy_of(trace, level, widened)
    inner = energy[1:-1, 1:-1] if min(energy.shape) > 2 else energy
    return float(inner.std() / max(float(inner.mean()), 1e-9))


def describe_variation(trace: Trace, widened: bool) -> str:
    values = [
        once(trace, ("variation", i, widened), lambda i=i: variation(trace, i, widened)) for i in range(4)
    ]
    told = ", ".join(f"P{i + 2} {value:.0%}" for i, value in enumerate(values))
    return (
        f"\n\n**How much the cells of a level differ** (standard deviation of the energy by its mean): "
        f"{told}. A level whose cells hardly differ tells little apart on this photo."
    )


def describe_rule(trace: Trace, word: int | None) -> str:
    """The level rule with the word's numbers, Markdown with LaTeX."""
    general = (
        "$$k = \\Big\\lfloor 4 + \\log_2 \\tfrac{\\sqrt{w\\,h}}{224} \\Big\\rfloor,"
        "\\quad 2 \\le k \\le 5$$\n\n"
    )
    if word is None:
        return general + "There is no word on this photo to evaluate the rule for."
    x1, y1, x2, y2 = box = trace.box(word)
    value, level = rule(box)
    w, h = x2 - x1, y2 - y1
    whole = math.floor(value)
    clamped = "" if whole == level + 2 else f"Kept within 2 to 5 that is {level + 2}. "
    stride = stride_of(level)
    canonical = trace.config.recognition_canonical
    roi = trace.rois[word]
    told = f"**P{rule(as_box(roi), canonical)[1] + 2}**"
    if roi[4]:
        told += f", in a rectangle along the word, {roi[2]:.0f} × {roi[3]:.0f} pixels"
    if canonical != CANONICAL_SIZE:
        told += f": its rule has {canonical:.0f} in place of 224, as long words have large boxes and small"
        told += " letters"
    return general + (
        f"Word {word + 1}, **{plain(trace.words[word].text)}**, has a box of {w:.0f} × {h:.0f} pixels:\n\n"
        f"$$4 + \\log_2 \\tfrac{{\\sqrt{{{w:.0f} \\cdot {h:.0f}}}}}{{224}} = 4 + \\log_2 "
        f"\\tfrac{{{math.sqrt(max(w * h, 0)):.0f}}}{{224}} = {value:.2f} \\;\\to\\; k = {whole}$$\n\n"
        f"{clamped}The stages cut it out of **P{level + 2}**, where its box covers {w / stride:.1f} × "
        f"{h / stride:.1f} cells. The reader cuts it out of {told}."
    )


def describe_steps(steps: Sequence[Step]) -> str:
    """The table of all steps with their real shapes, Markdown."""
    rows = ["| step | output | bytes | multiply-adds |", "|---|---|--:|--:|"]
    for step in steps:
        shapes = ", ".join(
            f"{what.replace('_', ' ')} {shape_text(shape)}".strip() for what, shape in step.outputs
        )
        rows.append(
            f"| {step.name} | {shapes} | {size_text(step.nbytes)} | "
            f"{count_text(step.multiply_adds) if step.multiply_adds else '–'} |"
        )
    total = sum(step.multiply_adds for step in steps)
    regions = next(step.outputs[0][1][0] for step in steps if step.name == "Kept regions")
    return (
        f"**Every step for this photo**, {regions} regions read: {count_text(total)} multiply-adds in all, "
        "counted while the network ran (matrix products and convolutions).\n\n" + "\n".join(rows)
    )


def shape_text(shape: Sequence[int]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"


def size_text(count: int) -> str:
    """Bytes, readable."""
    for unit, one in (("MB", 1e6), ("kB", 1e3)):
        if count >= one:
            return f"{count / one:.3g} {unit}" if count < 1000 * one else f"{count / one:,.0f} {unit}"
    return f"{count} B"


def count_text(count: int) -> str:
    """A number of multiply-adds, readable."""
    for unit, one in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= one:
            return f"{count / one:.3g} {unit}"
    return str(count)
