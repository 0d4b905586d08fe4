"""The same photo read in two stages, by CRAFT and a CRNN, and by this network.

Heat maps, strips and texts of the two stages come from `spotter.evaluation.two_stage`, which runs
easyocr's own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from spotter.evaluation.two_stage import (
    MISSING,
    Strip,
    TwoStage,
    installed,
    spot_in_two_stages,
)
from spotter.explain.canvas import (
    BLUE,
    ORANGE,
    PINK,
    SKY,
    blend_map,
    colour_bar,
    label,
    outline,
    photo_canvas,
    tiles,
    titled,
)
from spotter.explain.charts import curve
from spotter.explain.crop_looseness import FACTORS, Looseness, measure_looseness
from spotter.explain.topics.conversion import draw_map
from spotter.explain.word_crop import crop_roi, turn_note, word_size
from spotter.ops.roi_affine import points_in_roi
from spotter.ops.shapes import overlaps
from spotter.tracing.trace_cache import cached, get

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

LOOSE = 1.6  # the factor shown first: neighbours are inside the crop
CACHE_KEY = "two stages"
WIDTH = 316  # pixels of a photo; two fit a column, one a phone
STRIP_WIDTH = 520  # pixels
CROP_WIDTH = 360  # pixels of a crop; two fit a column
CONTENT_SIZE = (200, 100)  # samples of a crop, across and down


def missing_packages() -> str:
    """What to install, in one sentence; empty if everything is installed."""
    return "" if installed() else MISSING


def run_two_stage(trace: Trace, progress: Callable[..., Any]) -> TwoStage:
    """CRAFT and the CRNN on our network's input; takes 5 to 25 seconds of one processor, once per trace."""
    return cached(trace, CACHE_KEY, lambda: spot_in_two_stages(trace.image, progress))


def cached_result(trace: Trace) -> TwoStage | None:
    """The result of `run_two_stage` if it has run."""
    return get(trace, CACHE_KEY)


def looseness(
    spotter: Spotter, trace: Trace, lines: str, progress: Callable[[float], Any] = lambda _: None
) -> Looseness | None:
    """`measure_looseness` with these true words, once per trace."""
    return cached(trace, (CACHE_KEY, lines), lambda: measure_looseness(spotter, trace, lines, progress))


def overlapping_strip(trace: Trace, result: TwoStage, word: int) -> Strip | None:
    """CRAFT's word that overlaps one of ours most; None if none does."""
    if not result.strips:
        return None
    iou = overlaps([trace.polygon(word)], [strip.quad for strip in result.strips]).iou[0]
    return result.strips[int(iou.argmax())] if iou.max() > 0 else None


def draw_heat(trace: Trace, result: TwoStage | None) -> tuple[Image.Image, str] | None:
    """CRAFT's maps over the photo, the boxes derived from them, and our outlines; None before it has run."""
    if result is None:
        return None
    photo, scale = photo_canvas(trace.image, WIDTH)
    ours = photo.copy()
    draw = ImageDraw.Draw(ours, "RGBA")
    for i, word in enumerate(trace.words):
        if word.score >= trace.config.score_threshold or i == 0:
            outline(draw, trace.polygon(i) * scale, ORANGE, 2)
    pictures = []
    for values, name in (
        (result.region, "region: centres of characters"),
        (result.affinity, "affinity: between them"),
    ):
        note = f"{values.shape[0]} × {values.shape[1]}, 0 to {values.max():.2f}"
        pictures.append(titled(blend_map(photo, values, 1.0, 0.75), f"CRAFT {name}", note))
    boxes = photo.copy()
    draw = ImageDraw.Draw(boxes, "RGBA")
    for strip in result.strips:
        quad = strip.quad * scale
        outline(draw, quad, SKY, 2)
        label(draw, (quad[:, 0].min(), quad[:, 1].min() - 18), strip.text, 12)
    pictures += [
        titled(boxes, "CRAFT's boxes, the CRNN's texts", f"{len(result.strips)} words"),
        titled(ours, "ours: outlines in one pass", f"{len(trace.words)} words, confident ones drawn"),
        colour_bar("0", "1", "score of CRAFT's maps", 300),
    ]
    read = ", ".join(strip.text for strip in result.strips[:8]) or "nothing"
    alt = f"CRAFT's heat maps over the photo and {len(result.strips)} boxes, read as {read}."
    return tiles(pictures, 2), alt


@dataclass(frozen=True)
class CropContent:
    """What lies in the crop of a word, as shares of its pixels that add up to 1."""

    word: float
    others: float  # other words
    background: float


def crop_masks(
    trace: Trace, word: int, roi: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) bool, inside an RoI drawn at a size (w, h): the word, and the other words outside of it."""
    own, others = (np.zeros(size[::-1], np.uint8) for _ in range(2))
    for i in range(len(trace.words)):
        points = (points_in_roi(trace.polygon(i), roi) * size).round().astype(np.int32)
        cv2.fillPoly(own if i == word else others, [points], 1)
    return own.astype(bool), others.astype(bool) & ~own.astype(bool)


def crop_content(trace: Trace, word: int, factor: float) -> CropContent:
    """Of the word's RoI with its sides times `factor`; which pixels are a word is what the network found."""
    own, others = crop_masks(trace, word, loosened(trace, word, factor), CONTENT_SIZE)
    return CropContent(float(own.mean()), float(others.mean()), float(1 - own.mean() - others.mean()))


def loosened(trace: Trace, word: int, factor: float) -> np.ndarray:
    """The word's RoI (5,) with its sides times `factor`."""
    return trace.rois[word] * np.array([1, 1, factor, factor, 1], np.float32)


def draw_inputs(
    trace: Trace, result: TwoStage | None, word: int, factor: float = 1.0
) -> tuple[Image.Image, str]:
    """The input of each reader for a word: a crop with all that lies in it, and masked features."""
    roi, size = loosened(trace, word, factor), word_size(trace, word, CROP_WIDTH)
    crop, content = crop_roi(trace.image, roi, *size), crop_content(trace, word, factor)
    own, others = crop_masks(trace, word, roi, size)
    pixels = np.asarray(crop).astype(np.float32)
    grey = pixels.mean(2, keepdims=True) * 0.35 + 20
    parts = np.where(
        own[..., None], pixels, np.where(others[..., None], grey * 0.5 + np.array(PINK) * 0.6, grey)
    )
    text, (height, width) = trace.words[word].text or "(no text)", trace.masked_energy.shape[1:]
    mine = draw_map(trace, word, "masked_energy").resize(size, Image.Resampling.BILINEAR)
    pictures = [
        titled(crop, "a crop: what a second network gets", f"{factor:g} times the sides of the word"),
        titled(
            Image.fromarray(parts.clip(0, 255).astype(np.uint8)),
            "what of it is the word",
            f"word {content.word:.0%}, other words {content.others:.0%} (pink)",
        ),
        titled(
            mine,
            f"our reader: {trace.roi_features.shape[1]} × {height} × {width} features",
            f'cut by its own mask; reads "{text}"',
        ),
    ]
    if note := turn_note(trace, word):
        pictures[-1] = titled(pictures[-1], "", note)
    strip = None if result is None else overlapping_strip(trace, result, word)
    if strip is not None:
        pictures.append(
            titled(
                draw_strip(strip),
                f"the CRNN: {strip.pixels.shape[0]} × {strip.pixels.shape[1]} grey pixels",
                f'reads "{strip.text}" ({strip.score:.2f})',
            )
        )
    theirs = "" if result is None else f" the CRNN reads {strip.text if strip else 'nothing'},"
    alt = (
        f"Word {word + 1} cropped {factor:g} times as large: {content.word:.0%} of the crop is the word, "
        f"{content.others:.0%} other words;{theirs} ours reads {text}."
    )
    return tiles(pictures, 2), alt


def draw_strip(strip: Strip) -> Image.Image:
    pixels = Image.fromarray(strip.pixels)
    scale = min(STRIP_WIDTH / pixels.width, 3.0)
    size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
    return pixels.resize(size, Image.Resampling.BILINEAR).convert("RGB")


def factor_index(factor: float) -> int:
    """Index of the nearest of FACTORS."""
    return int(np.abs(FACTORS - factor).argmin())


def draw_loose_crop(
    trace: Trace, measured: Looseness | None, word: int, factor: float
) -> tuple[Image.Image, str] | None:
    """The input of both readers for a word cropped at one looseness; None if the word was not measured."""
    if measured is None or word not in measured.words:
        return None
    index, step = measured.words.index(word), factor_index(factor)
    crop, mine = measured.crops[step][index], measured.ours[step][index]
    across, down = np.maximum(crop.roi[2:4], 1)
    height = round(np.clip(STRIP_WIDTH * down / across, STRIP_WIDTH * 0.15, STRIP_WIDTH * 0.6))
    high = max(float(row[index].masked.max()) for row in measured.crops)
    photo = crop_roi(trace.image, crop.roi, STRIP_WIDTH, height)
    pictures = [
        titled(
            blend_map(photo, crop.masked.astype(np.float32), high, 0.8),
            f"our reader gets the same crop masked, {crop.masked.shape[0]} × {crop.masked.shape[1]}",
            f'reads "{mine}"; true is "{measured.texts[index]}"',
        ),
        colour_bar("0", f"{high:.2f}", "energy, the same scale for every crop", 400),
    ]
    alt = f"Word {word + 1} cropped {FACTORS[step]:g} times as large: ours reads {mine}"
    if measured.theirs is not None:
        theirs = measured.theirs[step][index]
        alt += f", the CRNN {theirs}"
        if crop.strip is not None:
            size = f"{crop.strip.pixels.shape[0]} × {crop.strip.pixels.shape[1]}"
            title = f"cropped {FACTORS[step]:g} times as large: the CRNN gets {size} grey pixels"
            pictures.insert(0, titled(draw_strip(crop.strip), title, f'reads "{theirs}"'))
    return tiles(pictures, 1), alt + "."


def draw_looseness(measured: Looseness | None, factor: float = 1.0) -> tuple[Image.Image, str] | None:
    """Similarity to the truth against the looseness, one factor marked; None if nothing was measured."""
    axis = "sides of the crop / sides of the true rectangle"
    if measured is None:
        return None
    ours = measured.similarity(measured.ours)
    lines, who = [(measured.exact(measured.ours), ORANGE, 1), (ours, ORANGE, 4)], "ours orange"
    numbers = [f"{f:g}: {value:.2f}" for f, value in zip(FACTORS, ours, strict=True)]
    names = "of ours"
    if measured.theirs is not None:
        theirs = measured.similarity(measured.theirs)
        lines = [(measured.exact(measured.theirs), BLUE, 1), (theirs, BLUE, 4), *lines]
        numbers = [f"{text} and {value:.2f}" for text, value in zip(numbers, theirs, strict=True)]
        who, names = "ours orange, CRNN blue", "of ours and of the CRNN"
    title = f"{len(measured.texts)} words: {who}; thin: exact matches"
    picture = curve(lines, FACTORS, title, axis, marker=float(FACTORS[factor_index(factor)]))
    return picture, f"Similarity to the truth {names} at each looseness: {'; '.join(numbers)}."
