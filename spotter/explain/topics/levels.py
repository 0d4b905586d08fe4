"""The levels of the pyramid as maps, what each costs, and which one a word is pooled from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

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
from spotter.explain.layers import Drawing
from spotter.explain.picked_points import PICTURE_WIDTH
from spotter.language import current_language, tr
from spotter.tracing.trace_cache import cached

if TYPE_CHECKING:
    from spotter.explain.layer_table import Layer
    from spotter.tracing.trace import Trace

MAP_WIDTH = 440
MAX_SAMPLES = 8192  # cells that principal components are computed from
COLOURS = (ORANGE, SKY, GREEN, PINK)  # of P2..P5
CANONICAL_SIZE, CANONICAL_LEVEL = 224, 4  # the level rule: a box of 224 x 224 pixels belongs to P4


def stride_of(level: int) -> int:
    """Pixels per cell of P2..P5 (level 0..3)."""
    return 4 * 2**level


def features_of(trace: Trace, level: int, dilated: bool) -> np.ndarray:
    """(C, h, w) float32 of P2..P5 (level 0..3) without the padding; `dilated`: after the dilated blocks."""
    maps = trace.levels if dilated else trace.fpn_levels
    height, width = (-(-side // stride_of(level)) for side in trace.image.shape[:2])
    return maps[level][:, :height, :width].astype(np.float32)


def principal_components(features: np.ndarray, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """(C, h, w) -> (h, w, count) coordinates along the directions of largest variance, and the share of the
    variance of each, (count,).
    """
    channels, height, width = features.shape
    cells = features.reshape(channels, -1).T
    samples = cells[:: max(1, len(cells) // MAX_SAMPLES)]
    mean = samples.mean(0)
    spread = np.cov(samples - mean, rowvar=False) if len(samples) > 1 else np.zeros((channels, channels))
    values, vectors = np.linalg.eigh(np.atleast_2d(spread))
    vectors = vectors[:, ::-1][:, :count]
    vectors = vectors * np.sign(
        vectors[np.abs(vectors).argmax(0), np.arange(count)]
    )  # eigenvectors have no sign of their own
    shares = values[::-1][:count].clip(min=0) / max(float(values.clip(min=0).sum()), 1e-12)
    return ((cells - mean) @ vectors.astype(np.float32)).reshape(height, width, count), shares


def map_of(trace: Trace, level: int, dilated: bool, kind: str) -> tuple[np.ndarray, str]:
    """(h, w, 3) uint8 of a level, and a one-line note. `kind`: "energy" or "pca"."""
    key = ("map", level, dilated, kind, current_language())  # of the note
    return cached(trace, key, lambda: make_map(trace, level, dilated, kind))


def make_map(trace: Trace, level: int, dilated: bool, kind: str) -> tuple[np.ndarray, str]:
    if kind == "energy":
        values = energy_of(trace, level, dilated)
        note = tr("energy {low:.2f} to {high:.2f}", low=values.min(), high=values.max())
        return colourise(values, 0, max_energy(trace, dilated)), note
    parts, shares = principal_components(features_of(trace, level, dilated))
    low, high = np.percentile(parts, [1, 99], axis=(0, 1))
    colours = ((parts - low) / np.maximum(high - low, 1e-9)).clip(0, 1) * 255
    return colours.astype(np.uint8), tr("3 components: {share:.0%} of the variance", share=shares.sum())


def energy_of(trace: Trace, level: int, dilated: bool) -> np.ndarray:
    """(h, w) float32, root mean square of the channels of P2..P5 (level 0..3)."""
    key = ("energy", level, dilated)
    return cached(trace, key, lambda: np.sqrt(np.square(features_of(trace, level, dilated)).mean(0)))


def max_energy(trace: Trace, dilated: bool) -> float:
    """The maximum over all levels, whose maps share one scale."""
    return max(float(energy_of(trace, level, dilated).max()) for level in range(4))


def draw_photo(trace: Trace, point: np.ndarray, word: int | None) -> tuple[Image.Image, str]:
    """The photo with the cell over a point (x, y) on each level, and the word's box."""
    picture, scale = photo_canvas(trace.image, PICTURE_WIDTH, dim=0.2)
    draw = Drawing(picture, "RGBA")
    if word is not None:
        outline(draw, corners_of(trace.box(word) * scale), PAPER, 2)
    for level in reversed(range(4)):
        outline(draw, corners_of(cell_box(level, point) * scale), COLOURS[level], 2)
    legend(draw, tr("one cell of P5, P4, P3 and P2"), cell_box(3, point) * scale)
    linked(picture, "photo")
    return picture, tr(
        "The photo with one cell of each level outlined over x {x:.0f}, y {y:.0f}: 32, 16, 8 "
        "and 4 pixels a side.",
        x=point[0],
        y=point[1],
    )


def cell_box(level: int, point: np.ndarray) -> np.ndarray:
    """(4,) xyxy pixels of the level's cell over a point (x, y)."""
    corner = point // stride_of(level) * stride_of(level)
    return np.concatenate([corner, corner + stride_of(level)])


def draw_levels(
    trace: Trace, point: np.ndarray, word: int | None, dilated: bool, kind: str, layers: Sequence[Layer]
) -> tuple[Image.Image, str]:
    """P2..P5 at one size with the point outlined, each with its shape, stride, bytes and multiply-adds."""
    pictures, shapes = [], []
    for level in range(4):
        colours, note = map_of(trace, level, dilated, kind)
        picture = Image.fromarray(colours)
        # The last row and column of cells may extend beyond the photo: scale the map like it, and crop it.
        zoom = MAP_WIDTH / trace.image.shape[1]
        size = [round(side * stride_of(level) * zoom) for side in picture.size]
        height = round(trace.image.shape[0] * zoom)
        picture = picture.resize(size, Image.Resampling.NEAREST).crop((0, 0, MAP_WIDTH, height))
        draw = Drawing(picture, "RGBA")
        if word is not None:
            outline(draw, corners_of(trace.box(word) * zoom), PAPER, 2)
        box = cell_box(level, point) * zoom
        margin = max(0.0, 4 - (box[2] - box[0]) / 2)  # a cell of P2 alone would hardly be visible
        outline(draw, corners_of(box + np.array([-margin, -margin, margin, margin])), COLOURS[level], 2)
        height, width = trace.image.shape[:2]
        rows, columns = energy_of(trace, level, dilated).shape
        # Of the whole map, which may be larger than the photo.
        part = (0.0, 0.0, columns * stride_of(level) / width, rows * stride_of(level) / height)
        values = energy_of(trace, level, dilated)
        linked(
            picture,
            "photo",
            (stride_of(level) / width, stride_of(level) / height),
            (0, 0, part[2] * picture.width, part[3] * picture.height),
            part,
            values,
        )
        shape = trace.levels[level].shape
        stride = tr("stride {stride}", stride=stride_of(level))
        title = f"P{level + 2}: {shape[0]} × {shape[1]} × {shape[2]}, {stride}"
        title += "" if word is None else pooling_note(trace, word, level)
        cost = tr(
            "{size}, {count} multiply-adds",
            size=size_text(level_bytes(level, layers)),
            count=count_text(level_multiply_adds(level, layers)),
        )
        pictures.append(titled(picture, title, f"{cost}; {note}"))
        shapes.append(tr("P{level} {rows} by {columns}", level=level + 2, rows=shape[1], columns=shape[2]))
    sizes = ", ".join(shapes)
    if kind == "energy":
        high = f"{max_energy(trace, dilated):.2f}"
        pictures.append(colour_bar("0", high, tr("energy, one scale for all four"), 360))
        alt = tr("The levels of the pyramid, energy: {sizes}; the point is outlined.", sizes=sizes)
    else:
        alt = tr(
            "The levels of the pyramid, first three principal components: {sizes}; the point is outlined.",
            sizes=sizes,
        )
    return tiles(pictures, 2), alt


def pooling_note(trace: Trace, word: int, level: int) -> str:
    """Added to a level's title if the word is pooled from it, by the stages or by the reader."""
    canonical = trace.config.recognition_canonical
    levels = level_rule(trace.box(word))[1], level_rule(roi_box(trace.rois[word]), canonical)[1]
    if level not in levels:
        return ""
    if levels[0] == levels[1]:
        return tr("  ← the word's level")
    if levels[0] == level:
        return tr("  ← the word's, for the stages")
    return tr("  ← the word's, for the reader")


def own_layers(level: int, layers: Sequence[Layer]) -> list[Layer]:
    """The layers that compute one level: lateral, output and dilated block."""
    return [layer for layer in layers if layer.name.startswith(f"P{level + 2}:")]


def level_bytes(level: int, layers: Sequence[Layer]) -> int:
    """Size of the level as it was computed."""
    return next(layer.nbytes for layer in own_layers(level, layers) if "output" in layer.name)


def level_multiply_adds(level: int, layers: Sequence[Layer]) -> int:
    return sum(layer.multiply_adds for layer in own_layers(level, layers))


def roi_box(roi: np.ndarray) -> np.ndarray:
    """An axis-aligned box (4,) xyxy of the size of an RoI (5,)."""
    return np.array([0, 0, roi[2], roi[3]])


def level_rule(box: np.ndarray, canonical: float = CANONICAL_SIZE) -> tuple[float, int]:
    """The level rule for a box (4,) xyxy: its value before rounding down, and the level 0..3."""
    from torch import from_numpy

    from spotter.ops.roi_align import assign_levels

    size = math.sqrt(max(float((box[2] - box[0]) * (box[3] - box[1])), 0.0))
    value = CANONICAL_LEVEL + math.log2(size / canonical + 1e-8)
    return value, int(assign_levels(from_numpy(box[None].astype(np.float32)), 4, canonical)[0])


def variation(trace: Trace, level: int, dilated: bool) -> float:
    """How much the cells of a level differ: standard deviation / mean of their energy, without the border."""
    energy = energy_of(trace, level, dilated)
    inner = energy[1:-1, 1:-1] if min(energy.shape) > 2 else energy
    return float(inner.std() / max(float(inner.mean()), 1e-9))


def shape_text(shape: Sequence[int]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"


def size_text(count: int) -> str:
    """A number of bytes with its unit."""
    for unit, one in (("MB", 1e6), ("kB", 1e3)):
        if count >= one:
            return f"{count / one:.3g} {unit}" if count < 1000 * one else f"{count / one:,.0f} {unit}"
    return f"{count} B"


def count_text(count: int) -> str:
    """A number of multiply-adds with its unit."""
    for unit, one in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= one:
            return f"{count / one:.3g} {unit}"
    return str(count)
